package disk

// Where an inode has its times: the low 32 bits, and the extra field with nanoseconds and two more bits.
var inodeTimes = []struct{ low, extra int }{{0x08, 0x8c}, {0x0c, 0x84}, {0x10, 0x88}, {0x90, 0x94}}

// fixTimes mends the times of one inode; true when there was one to mend.
func fixTimes(inode []byte) (changed bool) {
	for _, at := range inodeTimes {
		low, extra := le.Uint32(inode[at.low:]), le.Uint32(inode[at.extra:])
		if right := epoch(low, extra); right != extra {
			le.PutUint32(inode[at.extra:], right)
			changed = true
		}
	}
	return changed
}

// epoch is the extra field as ext4 has it: it takes the low half for a signed number (ext4_decode_extra_time), so a time
// from 2038 on, whose top bit is set there, counts one more. The writer leaves that out; it has no time before 1970.
func epoch(low, extra uint32) uint32 {
	if low < 1<<31 {
		return extra
	}
	return extra&^3 | (extra+1)&3
}
