package tree

import (
	"archive/tar"
	"path"
	"strings"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
)

// Tree is the flattened image while layers are put on it, lowest first. The rules are containerd's (pkg/archive,
// applyNaive), and the OCI image spec's where containerd's two ways of unpacking differ.
type Tree struct {
	Root *Node

	limits   limits.Limits
	layer    int32
	entry    int32
	entries  int64
	metadata int64
	steps    int64
	bytes    int64 // of files in this layer
}

// New makes a tree with an empty root, which is always 0755 and root's: containerd ignores entries for the root itself.
func New(bounds limits.Limits) *Tree {
	return &Tree{Root: NewDirectory(Meta{Mode: 0o755}), limits: bounds, layer: -1}
}

// BeginLayer starts the next layer.
func (t *Tree) BeginLayer() {
	t.layer++
	t.entry = -1
	t.bytes = 0
}

// Add puts one tar entry of the current layer on the tree.
func (t *Tree) Add(header *tar.Header) error {
	t.entry++
	if header.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	// As filepath.Clean in applyNaive; the leading slash also bounds '..' to the root.
	cleaned := path.Clean("/" + header.Name)
	if int64(len(cleaned)) > t.limits.PathBytes {
		return limits.Exceeded("A path of the image is too long: "+limits.Shorten(cleaned), int64(len(cleaned)), t.limits.PathBytes, "bytes")
	}
	if cleaned == "/" {
		return nil
	}
	parent, base := path.Split(cleaned)
	if err := t.checkName(base); err != nil {
		return err
	}
	names, err := t.resolve(parent)
	if err != nil {
		return err
	}
	dir, err := t.directory(names, At(header.ModTime))
	if err != nil {
		return err
	}
	if strings.HasPrefix(base, whiteoutPrefix) {
		return t.whiteout(dir, base)
	}
	if err := t.checkLength(names, base); err != nil {
		return err
	}
	return t.put(dir, base, header)
}

// put makes or replaces a name: two directories are merged, anything else makes way (applyNaive).
func (t *Tree) put(dir *Node, base string, header *tar.Header) error {
	existing, found := dir.children[base]
	if found && existing.node.Kind == Directory && header.Typeflag == tar.TypeDir {
		meta, err := metaOf(header)
		if err != nil {
			return err
		}
		if err := t.count("", "", meta.Xattrs); err != nil {
			return err
		}
		existing.node.Meta = merged(existing.node.Meta, meta)
		dir.children[base] = name{existing.node, t.layer}
		return nil
	}
	// Before a hard link's target is looked up, as applyNaive does: a link to its own name finds nothing.
	delete(dir.children, base)
	node, err := t.nodeOf(header)
	if err != nil {
		return err
	}
	if err := t.count(base, node.Target, node.Xattrs); err != nil {
		return err
	}
	dir.children[base] = name{node, t.layer}
	return nil
}

func (t *Tree) nodeOf(header *tar.Header) (*Node, error) {
	meta, err := metaOf(header)
	if err != nil {
		return nil, err
	}
	node := &Node{Meta: meta}
	switch header.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		node.Kind, node.Size = Regular, header.Size
		node.Content = Content{Layer: t.layer, Entry: t.entry}
		return node, t.countFile(header)
	case tar.TypeDir:
		return NewDirectory(meta), nil
	case tar.TypeSymlink:
		node.Kind, node.Target = Symlink, header.Linkname
		return node, CheckTarget(header.Name, header.Linkname)
	case tar.TypeChar, tar.TypeBlock:
		node.Kind = CharDevice
		if header.Typeflag == tar.TypeBlock {
			node.Kind = BlockDevice
		}
		node.Major, node.Minor = uint32(header.Devmajor), uint32(header.Devminor)
		return node, CheckDevice(header.Name, header.Devmajor, header.Devminor)
	case tar.TypeFifo:
		node.Kind = Fifo
		return node, nil
	case tar.TypeLink:
		return t.hardLink(header, meta)
	}
	return nil, failure.Invalid("%s is a tar entry of the unknown type %q", limits.Shorten(header.Name), header.Typeflag)
}

// hardLink finds the target as containerd's hardlinkRootPath does: links are followed in its directory, not at its end.
func (t *Tree) hardLink(header *tar.Header, meta Meta) (*Node, error) {
	parent, base := path.Split(strings.TrimRight(header.Linkname, "/"))
	names, err := t.resolve(parent)
	if err != nil {
		return nil, err
	}
	dir := t.Root
	for _, each := range names {
		if dir = dir.children[each].node; dir == nil {
			break
		}
	}
	var target *Node
	if dir != nil {
		target = dir.children[base].node
	}
	if target == nil {
		return nil, failure.Invalid("%s is a hard link to %s, which is not there", limits.Shorten(header.Name), limits.Shorten(header.Linkname))
	}
	if target.Kind == Directory {
		return nil, failure.Invalid("%s is a hard link to %s, which is a directory", limits.Shorten(header.Name), limits.Shorten(header.Linkname))
	}
	// createTarFile sets owner, mode and times through the new name; attributes already there are kept.
	target.Meta = merged(target.Meta, meta)
	return target, nil
}

func (t *Tree) checkLength(names []string, base string) error {
	length := int64(len(base) + 1)
	for _, each := range names {
		length += int64(len(each) + 1)
	}
	if length > t.limits.PathBytes {
		return limits.Exceeded("A path of the image is too long: …/"+limits.Shorten(base), length, t.limits.PathBytes, "bytes")
	}
	return nil
}

func (t *Tree) countFile(header *tar.Header) error {
	if header.Size > limits.MaxFile {
		return limits.Exceeded("The file "+limits.Shorten(header.Name)+" is too large", header.Size, limits.MaxFile, "bytes")
	}
	// A sparse entry may claim far more than its layer holds.
	if t.bytes += header.Size; t.bytes > t.limits.LayerBytes {
		return limits.Exceeded("The files of a layer are too large", t.bytes, t.limits.LayerBytes, "bytes or more")
	}
	return nil
}

func (t *Tree) count(base, target string, xattrs map[string]string) error {
	if t.entries++; t.entries > t.limits.Entries {
		return limits.Exceeded("The image has too many files", t.entries, t.limits.Entries, "entries or more")
	}
	t.metadata += int64(len(base) + len(target))
	for key, value := range xattrs {
		t.metadata += int64(len(key) + len(value))
	}
	if t.metadata > t.limits.MetadataBytes {
		return limits.Exceeded("The image's names, links and attributes are too large", t.metadata, t.limits.MetadataBytes, "bytes or more")
	}
	return nil
}
