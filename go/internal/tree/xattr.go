package tree

import (
	"encoding/binary"
	"slices"
	"strings"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
)

const (
	aclAccess  = "system.posix_acl_access"
	aclDefault = "system.posix_acl_default"
	// What an ext4 inode of 256 bytes and its one attribute block hold.
	xattrInodeRoom = 96
	xattrBlockRoom = 4060
)

// KeepXattr tells whether an attribute goes on the disk. Those that ext4 has no place for are left out, as lsetxattr(2)
// answers ENOTSUP for them; user attributes are for files and directories (xattr(7)); those of overlayfs would be orders
// to the guest's own overlay, of which the image disk is the lower layer.
func KeepXattr(key string, fileOrDirectory bool) bool {
	switch {
	case key == aclAccess || key == aclDefault:
		return true
	case strings.HasPrefix(key, "trusted.overlay."):
		return false
	case strings.HasPrefix(key, "user."):
		return fileOrDirectory
	}
	return strings.HasPrefix(key, "trusted.") || strings.HasPrefix(key, "security.")
}

// CheckXattrs refuses what does not fit beside one inode.
func CheckXattrs(path string, xattrs map[string]string) error {
	if len(xattrs) == 0 {
		return nil
	}
	inode, block := xattrInodeRoom, xattrBlockRoom
	keys := make([]string, 0, len(xattrs))
	for key := range xattrs {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		_, short, _ := strings.Cut(key, ".")
		if short == "" || len(short) > limits.MaxComponent {
			return failure.Invalid("%s has an extended attribute with the impossible name %s", limits.Shorten(path), limits.Shorten(key))
		}
		size := 16 + (len(short)+3)&^3 + (len(xattrs[key])+3)&^3
		if size <= inode {
			inode -= size
		} else if size <= block {
			block -= size
		} else {
			return limits.Exceeded("The extended attributes of "+limits.Shorten(path)+" do not fit on its disk, at "+limits.Shorten(key), int64(size), int64(block), "bytes")
		}
		if key == aclAccess || key == aclDefault {
			if _, err := DiskACL(xattrs[key]); err != nil {
				return failure.Invalid("%s has a damaged access control list", limits.Shorten(path))
			}
		}
	}
	return nil
}

// DiskXattr is an attribute's value as ext4 keeps it on disk.
func DiskXattr(key, value string) (string, error) {
	if key == aclAccess || key == aclDefault {
		return DiskACL(value)
	}
	return value, nil
}

// DiskACL turns an access control list from the form of getxattr(2) (version 2, 8 bytes an entry) to that of ext4 on
// disk (version 1, with an id only where the entry names a user or group; fs/ext4/acl.h).
func DiskACL(value string) (string, error) {
	const userTag, groupTag = 0x02, 0x08
	raw := []byte(value)
	if len(raw) < 4 || (len(raw)-4)%8 != 0 || binary.LittleEndian.Uint32(raw) != 2 {
		return "", failure.Invalid("an access control list is damaged")
	}
	disk := binary.LittleEndian.AppendUint32(nil, 1)
	for raw = raw[4:]; len(raw) > 0; raw = raw[8:] {
		tag := binary.LittleEndian.Uint16(raw)
		disk = append(disk, raw[:4]...)
		if tag == userTag || tag == groupTag {
			disk = append(disk, raw[4:8]...)
		}
	}
	return string(disk), nil
}
