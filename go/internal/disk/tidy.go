package disk

import (
	"bytes"
	"encoding/binary"
	"os"

	"boxlite/internal/failure"
)

// Numbers and offsets of ext4's structures (kernel documentation, filesystems/ext4).
const (
	superOffset  = 1024
	groupOffset  = block // the descriptors follow the superblock's block
	groupSize    = 32
	groupBlocks  = block * 8
	inodeSize    = 256
	rootInode    = 2
	lostInode    = 11
	entryHeader  = 8
	extentsMagic = 0xf30a

	superFreeBlocks, superFreeInodes, superLostInode      = 0x0c, 0x10, 0x268
	superInodes, superInodesPerGroup                      = 0x00, 0x28
	groupBlockBitmap, groupInodeBitmap, groupTable        = 0x00, 0x04, 0x08
	groupFreeBlocks, groupFreeInodes, groupUsedDirs       = 0x0c, 0x0e, 0x10
	inodeLinks, inodeExtents, inodeXattrBlock, extentLeaf = 0x1a, 0x28, 0x68, 0x0c
)

var le = binary.LittleEndian

// tidy makes the file system exact. The writer always adds a lost+found, which no image has, orders attributes in a way
// that the kernel's search does not expect, leaves times after 2038 without their epoch, and leaves unset the bits of
// inode bitmaps that stand for no inode.
func tidy(file *os.File, lostFound string) error {
	t := &tidier{file: file}
	super, group := t.read(superOffset, 1024), t.read(groupOffset, groupSize)
	if t.err != nil {
		return t.err
	}
	t.table = int64(le.Uint32(group[groupTable:])) * block
	if lostFound != LostFound {
		t.removeLostFound(super, group, lostFound)
	}
	t.tidyInodes(le.Uint32(super[superInodes:]))
	t.padInodeBitmaps(le.Uint32(super[superInodes:]), le.Uint32(super[superInodesPerGroup:]))
	return t.err
}

// tidier keeps the first error; after it, reads give zeroes and writes do nothing.
type tidier struct {
	file  *os.File
	table int64
	err   error
}

func (t *tidier) read(offset int64, size int) []byte {
	buffer := make([]byte, size)
	if t.err == nil {
		_, t.err = t.file.ReadAt(buffer, offset)
	}
	return buffer
}

func (t *tidier) write(offset int64, data []byte) {
	if t.err == nil {
		_, t.err = t.file.WriteAt(data, offset)
	}
}

func (t *tidier) inodeOffset(number uint32) int64 { return t.table + int64(number-1)*inodeSize }

// removeLostFound frees the directory, its inode and its block, and gives its name to the image's own file.
func (t *tidier) removeLostFound(super, group []byte, lostFound string) {
	lost := t.read(t.inodeOffset(lostInode), inodeSize)
	root := t.read(t.inodeOffset(rootInode), inodeSize)
	lostBlock, lostOK := firstBlock(lost)
	rootBlock, rootOK := firstBlock(root)
	if t.err != nil || !lostOK || !rootOK {
		t.fail()
		return
	}
	t.dropName(int64(rootBlock)*block, lostInode)
	t.rename(root, int64(rootBlock)*block, lostFound)

	add16(root[inodeLinks:], -1)
	t.write(t.inodeOffset(rootInode), root)
	t.write(t.inodeOffset(lostInode), zeroBlock[:inodeSize])
	t.write(int64(lostBlock)*block, zeroBlock[:])
	t.clearBit(le.Uint32(group[groupInodeBitmap:]), lostInode-1)
	add16(group[groupFreeInodes:], 1)
	add16(group[groupUsedDirs:], -1)
	t.write(groupOffset, group)
	t.freeBlock(lostBlock)
	add32(super[superFreeBlocks:], 1)
	add32(super[superFreeInodes:], 1)
	le.PutUint32(super[superLostInode:], 0)
	t.write(superOffset, super)
}

func (t *tidier) fail() {
	if t.err == nil {
		t.err = failure.New(failure.Store, "Report this.", "The new file system is not laid out as expected.")
	}
}

// firstBlock of a directory: its tree of extents has no depth, as its blocks are written in one go.
func firstBlock(inode []byte) (uint32, bool) {
	tree := inode[inodeExtents:]
	leaf := tree[extentLeaf:]
	return le.Uint32(leaf[8:]), le.Uint16(tree) == extentsMagic && le.Uint16(tree[2:]) > 0 && le.Uint16(tree[6:]) == 0
}

// dropName gives a name's room to the entry before it. Entries are sorted by inode, so lost+found is in the first block.
func (t *tidier) dropName(offset int64, number uint32) {
	data := t.read(offset, block)
	previous := 0
	for at := 0; at+entryHeader <= block; {
		length := int(le.Uint16(data[at+4:]))
		if length < entryHeader || at+length > block {
			break
		}
		if le.Uint32(data[at:]) == number && at > 0 {
			add16(data[previous+4:], length)
			clear(data[at : at+length])
			t.write(offset, data)
			return
		}
		previous, at = at, at+length
	}
	t.fail()
}

// rename puts "lost+found" in place of a stand-in of the same length, in whichever block of the root that is.
func (t *tidier) rename(root []byte, offset int64, standIn string) {
	if standIn == "" {
		return
	}
	size := int64(le.Uint32(root[4:]))
	for end := offset + size; offset < end; offset += block {
		data := t.read(offset, block)
		for at := 0; at+entryHeader <= block; {
			length := int(le.Uint16(data[at+4:]))
			if length < entryHeader || at+length > block {
				break
			}
			name := data[at+entryHeader : at+entryHeader+min(int(data[at+6]), length-entryHeader)]
			if le.Uint32(data[at:]) != 0 && string(name) == standIn {
				copy(name, LostFound)
				t.write(offset, data)
				return
			}
			at += length
		}
	}
	t.fail()
}

func (t *tidier) padInodeBitmaps(inodes, perGroup uint32) {
	for group := int64(0); group < int64(inodes/perGroup); group++ {
		descriptor := t.read(groupOffset+group*groupSize, groupSize)
		padding := bytes.Repeat([]byte{0xff}, int(groupBlocks-perGroup)/8)
		t.write(int64(le.Uint32(descriptor[groupInodeBitmap:]))*block+int64(perGroup/8), padding)
	}
}

func (t *tidier) freeBlock(number uint32) {
	offset := groupOffset + int64(number/groupBlocks)*groupSize
	group := t.read(offset, groupSize)
	t.clearBit(le.Uint32(group[groupBlockBitmap:]), number%groupBlocks)
	add16(group[groupFreeBlocks:], 1)
	t.write(offset, group)
}

func (t *tidier) clearBit(bitmap uint32, bit uint32) {
	offset := int64(bitmap)*block + int64(bit/8)
	data := t.read(offset, 1)
	data[0] &^= 1 << (bit % 8)
	t.write(offset, data)
}

func add16(field []byte, n int) { le.PutUint16(field, uint16(int(le.Uint16(field))+n)) }
func add32(field []byte, n int) { le.PutUint32(field, uint32(int(le.Uint32(field))+n)) }
