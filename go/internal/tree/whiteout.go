package tree

import (
	"strings"

	"boxlite/internal/failure"
)

const (
	whiteoutPrefix = ".wh."
	opaqueMarker   = ".wh..wh..opq"
)

// whiteout takes names of lower layers out of dir. Names that this layer itself has written stay, whatever the order of
// entries: "files that are present in the same layer as a whiteout file can only be hidden by whiteout files in
// subsequent layers" (OCI image-spec, layer.md, Whiteouts).
func (t *Tree) whiteout(dir *Node, base string) error {
	if base == opaqueMarker {
		return t.removeLower(dir)
	}
	hidden := strings.TrimPrefix(base, whiteoutPrefix)
	// As containerd's validateWhiteout: what it hides has to be a name in the directory.
	if hidden == "" || hidden == "." || hidden == ".." {
		return failure.Invalid("%q is not a valid whiteout", base)
	}
	entry, found := dir.children[hidden]
	if !found {
		return nil
	}
	if entry.layer != t.layer {
		delete(dir.children, hidden)
		return nil
	}
	if entry.node.Kind == Directory {
		return t.removeLower(entry.node)
	}
	return nil
}

// removeLower keeps of a directory's tree only what this layer has written.
func (t *Tree) removeLower(dir *Node) error {
	if err := t.spend(int64(len(dir.children))); err != nil {
		return err
	}
	for base, entry := range dir.children {
		if entry.layer != t.layer {
			delete(dir.children, base)
		} else if entry.node.Kind == Directory {
			if err := t.removeLower(entry.node); err != nil {
				return err
			}
		}
	}
	return nil
}
