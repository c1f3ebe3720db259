package tree

import (
	"archive/tar"
	"maps"
	"strings"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
)

const (
	xattrRecord = "SCHILY.xattr."
	maxID       = 1<<32 - 2 // the last one means "unchanged" to chown(2)
	maxMajor    = 1<<12 - 1
	maxMinor    = 1<<20 - 1
	// Neither files nor directories, nor links to what may be one.
	specialTypes = string(tar.TypeSymlink) + string(tar.TypeChar) + string(tar.TypeBlock) + string(tar.TypeFifo)
)

func metaOf(header *tar.Header) (Meta, error) {
	if header.Uid < 0 || header.Uid > maxID || header.Gid < 0 || header.Gid > maxID {
		return Meta{}, failure.Invalid("%s has the impossible owner %d:%d", limits.Shorten(header.Name), header.Uid, header.Gid)
	}
	mtime, atime := At(header.ModTime), At(header.AccessTime)
	// As applyNaive: the later of both is the access time.
	if atime.Seconds < mtime.Seconds || atime.Seconds == mtime.Seconds && atime.Nanoseconds < mtime.Nanoseconds {
		atime = mtime
	}
	xattrs, err := xattrsOf(header)
	if err != nil {
		return Meta{}, err
	}
	return Meta{Mode: uint16(header.Mode & 0o7777), UID: uint32(header.Uid), GID: uint32(header.Gid), Mtime: mtime, Atime: atime, Xattrs: xattrs}, nil
}

func xattrsOf(header *tar.Header) (map[string]string, error) {
	var xattrs map[string]string
	special := strings.ContainsRune(specialTypes, rune(header.Typeflag))
	for record, value := range header.PAXRecords {
		key, isXattr := strings.CutPrefix(record, xattrRecord)
		if !isXattr || !KeepXattr(key, !special) {
			continue
		}
		if xattrs == nil {
			xattrs = map[string]string{}
		}
		xattrs[key] = value
	}
	return xattrs, CheckXattrs(header.Name, xattrs)
}

// merged is what is there after new metadata is set on an existing inode: setxattr(2) leaves other attributes alone.
func merged(old, new Meta) Meta {
	if len(old.Xattrs) > 0 {
		xattrs := maps.Clone(old.Xattrs)
		maps.Copy(xattrs, new.Xattrs)
		new.Xattrs = xattrs
	}
	return new
}

// CheckTarget refuses symlinks that symlink(2) would refuse.
func CheckTarget(path, target string) error {
	if target == "" || strings.ContainsRune(target, 0) {
		return failure.Invalid("%s is a symbolic link to nothing", limits.Shorten(path))
	}
	if len(target) > limits.MaxSymlink {
		return limits.Exceeded("The target of the link "+limits.Shorten(path)+" is too long", int64(len(target)), limits.MaxSymlink, "bytes")
	}
	return nil
}

// CheckDevice refuses numbers that do not fit in Linux's dev_t.
func CheckDevice(path string, major, minor int64) error {
	if major < 0 || major > maxMajor || minor < 0 || minor > maxMinor {
		return failure.Invalid("%s is a device with the impossible number %d:%d", limits.Shorten(path), major, minor)
	}
	return nil
}
