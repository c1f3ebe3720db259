// Package emit puts a tree out as one clean tar: parents first, then contents, links after their targets.
package emit

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"boxlite/internal/disk"
	"boxlite/internal/failure"
	"boxlite/internal/limits"
	"boxlite/internal/tree"
)

// Contents hands out every non-empty regular file of the tree once, in an order of its own, with its bytes.
type Contents func(visit func(node *tree.Node, data io.Reader) error) error

// Plan is a tree in the order it is written.
type Plan struct {
	directories []named
	rest        []named // everything else, under its first name in sorted order
	links       []link
	paths       map[*tree.Node]string
	bytes       int64
	lostFound   string
}

type named struct {
	path string
	node *tree.Node
}

type link struct{ path, target string }

// NewPlan sorts a tree and checks what can be checked before anything is written.
func NewPlan(root *tree.Node, bounds limits.Limits) (*Plan, error) {
	p := &Plan{paths: map[*tree.Node]string{}, directories: []named{{"./", root}}}
	names := map[*tree.Node]int{}
	p.lostFound = lostFoundName(root)
	if err := p.add("", root, names); err != nil {
		return nil, err
	}
	if p.bytes > bounds.ImageBytes {
		return nil, limits.Exceeded("The files of the image are too large", p.bytes, bounds.ImageBytes, "bytes")
	}
	return p, nil
}

func (p *Plan) add(prefix string, dir *tree.Node, names map[*tree.Node]int) error {
	bases := make([]string, 0, dir.Len())
	children := make(map[string]*tree.Node, dir.Len())
	subdirectories := 0
	dir.Children(func(base string, child *tree.Node) {
		bases = append(bases, base)
		children[base] = child
		if child.Kind == tree.Directory {
			subdirectories++
		}
	})
	if subdirectories > limits.MaxSubdirectories {
		return limits.Exceeded("/"+prefix+" has too many directories in it", int64(subdirectories), limits.MaxSubdirectories, "directories")
	}
	slices.Sort(bases)
	for _, base := range bases {
		child, path := children[base], prefix+base
		if path == disk.LostFound {
			path = p.lostFound
		}
		if err := tree.CheckXattrs(path, child.Xattrs); err != nil {
			return err
		}
		if child.Kind == tree.Directory {
			p.directories = append(p.directories, named{path + "/", child})
			if err := p.add(path+"/", child, names); err != nil {
				return err
			}
			continue
		}
		if names[child]++; names[child] > limits.MaxHardLinks {
			return limits.Exceeded("/"+path+" has too many hard links", int64(names[child]), limits.MaxHardLinks, "links or more")
		}
		if first, seen := p.paths[child]; seen {
			p.links = append(p.links, link{path, first})
			continue
		}
		p.paths[child] = path
		p.rest = append(p.rest, named{path, child})
		if child.Kind == tree.Regular {
			p.bytes += child.Size
		}
	}
	return nil
}

// LostFound is what "/lost+found" is called in the tar; "" where the image has none.
func (p *Plan) LostFound() string { return p.lostFound }

// lostFoundName finds a stand-in for a file of that name: the writer of the disk has a directory there.
func lostFoundName(root *tree.Node) string {
	taken, found := map[string]bool{}, ""
	root.Children(func(base string, child *tree.Node) {
		taken[base] = true
		if base == disk.LostFound {
			found = base
			if child.Kind != tree.Directory {
				found = disk.StandIn
			}
		}
	})
	for number := 0; found != "" && found != disk.LostFound && taken[found]; number++ {
		found = fmt.Sprintf("%0*d", len(disk.LostFound), number)
	}
	return found
}

// DiskBytes is an upper bound of the disk's size: whole blocks of contents, inodes, names and bitmaps.
func (p *Plan) DiskBytes() int64 {
	const block, inode, entry = 4096, 256, 12 + limits.MaxComponent
	total := int64(64 * block)
	for _, each := range p.rest {
		total += inode + entry + (each.node.Size+block-1)/block*block
		if len(each.node.Xattrs) > 0 || each.node.Kind == tree.Symlink {
			total += 2 * block
		}
	}
	total += int64(len(p.links)) * entry
	total += int64(len(p.directories)) * (inode + entry + 2*block)
	// Inodes are in whole groups, and a group that is begun brings its two bitmaps.
	return total + total/8
}

// Bytes is the size of all files.
func (p *Plan) Bytes() int64 { return p.bytes }

// Regular calls visit for each regular file, sorted by path.
func (p *Plan) Regular(visit func(path string, node *tree.Node) error) error {
	for _, each := range p.rest {
		if each.node.Kind != tree.Regular {
			continue
		}
		if err := visit(each.path, each.node); err != nil {
			return err
		}
	}
	return nil
}

// Write writes the tar.
func (p *Plan) Write(out io.Writer, contents Contents) error {
	w := tar.NewWriter(out)
	for _, each := range p.directories {
		if err := writeHeader(w, each.path, each.node); err != nil {
			return err
		}
	}
	written := int64(0)
	buffer := make([]byte, 256<<10)
	err := contents(func(node *tree.Node, data io.Reader) error {
		path, known := p.paths[node]
		if !known {
			return failure.New(failure.Store, "Report this.", "A file is to be written that is not in the image.")
		}
		if err := writeHeader(w, path, node); err != nil {
			return err
		}
		written += node.Size
		return copyExactly(w, data, path, node.Size, buffer)
	})
	if err != nil {
		return err
	}
	if written != p.bytes {
		return failure.New(failure.Store, "Report this.", "The image has %d bytes of files, but %d were found.", p.bytes, written)
	}
	if err := p.writeRest(w); err != nil {
		return err
	}
	return w.Close()
}

func (p *Plan) writeRest(w *tar.Writer) error {
	for _, each := range p.rest {
		if each.node.Kind == tree.Regular && each.node.Size > 0 {
			continue
		}
		if err := writeHeader(w, each.path, each.node); err != nil {
			return err
		}
	}
	for _, each := range p.links {
		header := tar.Header{Typeflag: tar.TypeLink, Name: each.path, Linkname: each.target, Format: tar.FormatPAX}
		if err := w.WriteHeader(&header); err != nil {
			return err
		}
	}
	return nil
}

func copyExactly(w io.Writer, data io.Reader, path string, size int64, buffer []byte) error {
	// The wrapping keeps io.CopyBuffer from ways around the buffer that would read past size.
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(data, size), buffer)
	if err == nil && n != size {
		err = failure.New(failure.ImageInvalid, "Leave the source alone while it is read.", "/%s ended after %d of %d bytes.", path, n, size)
	}
	return err
}

var types = map[tree.Kind]byte{
	tree.Regular: tar.TypeReg, tree.Directory: tar.TypeDir, tree.Symlink: tar.TypeSymlink,
	tree.CharDevice: tar.TypeChar, tree.BlockDevice: tar.TypeBlock, tree.Fifo: tar.TypeFifo,
}

func writeHeader(w *tar.Writer, path string, node *tree.Node) error {
	// PAX is the only form of tar that keeps times below the second, attributes and long names.
	header := tar.Header{
		Typeflag: types[node.Kind], Name: path, Linkname: node.Target, Size: node.Size, Format: tar.FormatPAX,
		Mode: int64(node.Mode), Uid: int(node.UID), Gid: int(node.GID), Devmajor: int64(node.Major), Devminor: int64(node.Minor),
		ModTime: node.Mtime.Time(), AccessTime: node.Atime.Time(), ChangeTime: node.Mtime.Time(),
	}
	if len(node.Xattrs) > 0 {
		header.PAXRecords = make(map[string]string, len(node.Xattrs))
		for key, value := range node.Xattrs {
			onDisk, err := tree.DiskXattr(key, value)
			if err != nil {
				return err
			}
			header.PAXRecords["SCHILY.xattr."+key] = onDisk
		}
	}
	err := w.WriteHeader(&header)
	if err != nil && !errors.Is(err, disk.ErrStopped) {
		return failure.Invalid("%s has a name or attribute that cannot be kept: %v", strings.TrimSuffix("/"+path, "/"), err)
	}
	return err
}
