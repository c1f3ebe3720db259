package disk

import (
	"bytes"
	"slices"
)

const (
	xattrMagic       = 0xea020000
	xattrBlockHeader = 32
	xattrEntry       = 16
)

// tidyInodes goes through all inodes, many at once.
func (t *tidier) tidyInodes(inodes uint32) {
	const many = 4096
	for first := uint32(1); first <= inodes && t.err == nil; first += many {
		count := min(many, inodes-first+1)
		table := t.read(t.inodeOffset(first), int(count)*inodeSize)
		changed := false
		for i := range count {
			inode := table[i*inodeSize : (i+1)*inodeSize]
			changed = fixTimes(inode) || changed
			if at := le.Uint32(inode[inodeXattrBlock:]); at != 0 {
				t.sortXattrBlock(int64(at) * block)
			}
		}
		if changed {
			t.write(t.inodeOffset(first), table)
		}
	}
}

// sortXattrBlock puts the entries of an attribute block in the order that the kernel's search relies on: by namespace,
// length, then name (ext4_xattr_cmp, xattr_find_entry). Values stay where they are.
func (t *tidier) sortXattrBlock(offset int64) {
	data := t.read(offset, block)
	if t.err != nil || le.Uint32(data) != xattrMagic {
		t.fail()
		return
	}
	entries, end := [][]byte{}, xattrBlockHeader
	for end+xattrEntry <= block && le.Uint32(data[end:]) != 0 {
		size := (xattrEntry + int(data[end]) + 3) &^ 3
		if end+size > block {
			t.fail()
			return
		}
		entries = append(entries, bytes.Clone(data[end:end+size]))
		end += size
	}
	slices.SortFunc(entries, func(a, b []byte) int {
		if a[1] != b[1] {
			return int(a[1]) - int(b[1])
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		return bytes.Compare(a[xattrEntry:], b[xattrEntry:])
	})
	copy(data[xattrBlockHeader:], bytes.Join(entries, nil))
	t.write(offset, data)
}
