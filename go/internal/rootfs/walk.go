package rootfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
	"boxlite/internal/tree"
)

// Root is a directory that was walked. Sockets are left out, and what is mounted in it is an empty directory.
type Root struct {
	Tree *tree.Node

	dir     *os.File
	limits  limits.Limits
	entries int64
	links   map[inode]*tree.Node
	inodes  map[*tree.Node]inode
}

type inode struct{ device, number uint64 }

// Open walks the directory and notes every name in it.
func Open(ctx context.Context, path string, bounds limits.Limits) (*Root, error) {
	dir, err := openRoot(path)
	if err != nil {
		return nil, err
	}
	// The root is 0755 and root's, as it is for images made of layers.
	r := &Root{Tree: tree.NewDirectory(tree.Meta{Mode: 0o755}), dir: dir, limits: bounds, links: map[inode]*tree.Node{}, inodes: map[*tree.Node]inode{}}
	if err := r.walk(ctx, "", r.Tree); err != nil {
		dir.Close()
		return nil, err
	}
	return r, nil
}

// Close lets go of the directory.
func (r *Root) Close() { r.dir.Close() }

func (r *Root) walk(ctx context.Context, path string, node *tree.Node) error {
	bases, err := r.list(path)
	if err != nil {
		return err
	}
	for _, base := range bases {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if r.entries++; r.entries > r.limits.Entries {
			return limits.Exceeded(r.dir.Name()+" has too many files", r.entries, r.limits.Entries, "entries or more")
		}
		below := path + base
		if int64(len(below))+1 > r.limits.PathBytes {
			return limits.Exceeded("A path in "+r.dir.Name()+" is too long", int64(len(below)+1), r.limits.PathBytes, "bytes")
		}
		child, mounted, err := r.read(below)
		if err != nil {
			return err
		}
		if child == nil {
			continue
		}
		node.Put(base, child)
		if child.Kind == tree.Directory && !mounted {
			if err := r.walk(ctx, below+"/", child); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Root) list(path string) ([]string, error) {
	dir, err := openBelow(r.dir, "./"+path, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, changed(err)
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}

// read makes the node of one name; nil for a socket or one that has just gone.
func (r *Root) read(path string) (node *tree.Node, mounted bool, err error) {
	file, err := openBelow(r.dir, path, unix.O_PATH)
	if errors.Is(err, unix.EXDEV) {
		node, err = r.mountPoint(path)
		return node, true, err
	}
	if errors.Is(err, unix.ENOENT) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer file.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		return nil, false, err
	}
	id := inode{stat.Dev, stat.Ino}
	if known := r.links[id]; known != nil {
		return known, false, nil
	}
	node, err = r.nodeOf(file, path, stat)
	if err != nil || node == nil {
		return nil, false, err
	}
	if node.Kind != tree.Directory && stat.Nlink > 1 {
		r.links[id] = node
	}
	if node.Kind == tree.Regular {
		r.inodes[node] = id
	}
	return node, false, nil
}

// mountPoint stands in for what is mounted over a name: an empty directory, or an empty file for a file.
func (r *Root) mountPoint(path string) (*tree.Node, error) {
	var stat unix.Stat_t
	if err := unix.Fstatat(int(r.dir.Fd()), path, &stat, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT); err != nil {
		return nil, changed(err)
	}
	if stat.Mode&unix.S_IFMT == unix.S_IFDIR {
		return tree.NewDirectory(tree.Meta{Mode: 0o755}), nil
	}
	return &tree.Node{Kind: tree.Regular, Meta: tree.Meta{Mode: 0o644}}, nil
}

func (r *Root) nodeOf(file *os.File, path string, stat unix.Stat_t) (*tree.Node, error) {
	mtime := tree.At(time.Unix(stat.Mtim.Unix()))
	meta := tree.Meta{Mode: uint16(stat.Mode & 0o7777), UID: stat.Uid, GID: stat.Gid, Mtime: mtime, Atime: mtime}
	node := &tree.Node{Major: unix.Major(stat.Rdev), Minor: unix.Minor(stat.Rdev)}
	var err error
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		node.Kind, node.Size, node.Major, node.Minor = tree.Regular, stat.Size, 0, 0
		if stat.Size > limits.MaxFile {
			return nil, limits.Exceeded("The file "+file.Name()+" is too large", stat.Size, limits.MaxFile, "bytes")
		}
	case unix.S_IFDIR:
		node = tree.NewDirectory(meta)
	case unix.S_IFLNK:
		node.Kind = tree.Symlink
		if node.Target, err = readLink(file); err != nil {
			return nil, err
		}
	case unix.S_IFCHR, unix.S_IFBLK:
		node.Kind = tree.CharDevice
		if stat.Mode&unix.S_IFMT == unix.S_IFBLK {
			node.Kind = tree.BlockDevice
		}
		err = tree.CheckDevice(path, int64(node.Major), int64(node.Minor))
	case unix.S_IFIFO:
		node.Kind = tree.Fifo
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	node.Meta = meta
	node.Xattrs, err = xattrsOf(file, node.Kind == tree.Regular || node.Kind == tree.Directory)
	return node, err
}

func readLink(file *os.File) (string, error) {
	buffer := make([]byte, limits.MaxSymlink+1)
	n, err := unix.Readlinkat(int(file.Fd()), "", buffer)
	if err != nil {
		return "", fmt.Errorf("reading the link %s: %w", file.Name(), err)
	}
	return string(buffer[:n]), tree.CheckTarget(file.Name(), string(buffer[:n]))
}

// OpenFile opens a file that was walked, and refuses another one in its place.
func (r *Root) OpenFile(path string, node *tree.Node) (*os.File, error) {
	// O_NONBLOCK: a FIFO may have taken the place.
	file, err := openBelow(r.dir, path, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nil, changed(err)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		file.Close()
		return nil, err
	}
	if (inode{stat.Dev, stat.Ino}) != r.inodes[node] || stat.Size != node.Size || tree.At(time.Unix(stat.Mtim.Unix())) != node.Mtime {
		file.Close()
		return nil, changed(fmt.Errorf("%s is not what it was", strings.TrimSuffix(file.Name(), "/")))
	}
	return file, nil
}

// changed tells a directory that is being written to from a host that refuses.
func changed(err error) error {
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		return err
	}
	var known *failure.Failure
	if errors.As(err, &known) {
		return err
	}
	return failure.New(failure.ImageInvalid, "Leave the directory alone while it is read.", "The directory changed while it was read: %v.", err)
}
