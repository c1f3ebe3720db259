// Package tree flattens layers into one tree of names in memory. No name of an image is ever a path of the host.
package tree

import (
	"time"
)

// Kind is a file's type.
type Kind uint8

const (
	Regular Kind = iota
	Directory
	Symlink
	CharDevice
	BlockDevice
	Fifo
)

// Meta is what an inode carries beside its contents.
type Meta struct {
	Mode         uint16 // permission bits with setuid, setgid and sticky
	UID, GID     uint32
	Mtime, Atime Timestamp
	Xattrs       map[string]string
}

// Timestamp is a point in time in 12 bytes; a tree holds two for every file.
type Timestamp struct {
	Seconds     int64
	Nanoseconds int32
}

// At makes a Timestamp. Times before 1970 become 1970, as containerd's boundTime has it.
func At(t time.Time) Timestamp {
	if t.Unix() < 0 {
		return Timestamp{}
	}
	return Timestamp{Seconds: t.Unix(), Nanoseconds: int32(t.Nanosecond())}
}

// Time converts back.
func (t Timestamp) Time() time.Time { return time.Unix(t.Seconds, int64(t.Nanoseconds)).UTC() }

// Content says where a regular file's bytes are: which layer, and which of its entries.
type Content struct {
	Layer int32
	Entry int32
}

// Node is an inode. Several names of the tree may share one: those are its hard links.
type Node struct {
	Meta
	Kind         Kind
	Size         int64
	Target       string // of a symlink
	Major, Minor uint32
	Content      Content

	children map[string]name
}

// name is a directory entry. layer is the last one that wrote it or, for a directory, something below it.
type name struct {
	node  *Node
	layer int32
}

// Children calls visit for each name in the directory, in no order.
func (n *Node) Children(visit func(base string, child *Node)) {
	for base, entry := range n.children {
		visit(base, entry.node)
	}
}

// Len is the number of names in the directory.
func (n *Node) Len() int { return len(n.children) }

// NewDirectory makes an empty directory.
func NewDirectory(meta Meta) *Node {
	return &Node{Kind: Directory, Meta: meta, children: map[string]name{}}
}

// Put sets a name in the directory, for trees that are not made from layers.
func (n *Node) Put(base string, child *Node) { n.children[base] = name{node: child} }
