package disk

import "testing"

// decode as the kernel does it: ext4_decode_extra_time.
func decode(low, extra uint32) int64 {
	return int64(int32(low)) + int64(extra&3)<<32
}

func TestTimesOfEveryEpochAreReadBackAsTheyWere(t *testing.T) {
	for _, seconds := range []int64{0, 1, 1_600_000_000, 1<<31 - 1, 1 << 31, 4_102_444_800, 1<<32 - 1, 1 << 32, 1<<32 + 1<<31, 1<<33 + 1<<31 + 5, 0x37fffffff} {
		low, extra := uint32(seconds), uint32(seconds>>32)|7<<2
		right := epoch(low, extra)
		if found := decode(low, right); found != seconds || right>>2 != 7 {
			t.Errorf("%d became %d, nanoseconds %d", seconds, found, right>>2)
		}
	}
}
