package build

import (
	"bufio"
	"io"

	"boxlite/internal/limits"
	"boxlite/internal/source"
	"boxlite/internal/store"
)

// spoolShare: a quarter of the free space at most; the rest is for the disk itself and for the boxes that run.
const spoolShare = 4

// spools keep unpacked layers in temporary files for the second reading, as unpacking is what takes longest. They are a
// help, not a need: past the budget, or where the host's disk fails, a layer is simply unpacked again.
type spools struct {
	store  *store.Store
	budget int64
	files  map[int]*spool
}

type spool struct {
	temp   *store.Temp
	buffer *bufio.Writer
	size   int64
	owner  *spools
	failed bool
}

func newSpools(in *store.Store, bounds limits.Limits) *spools {
	free, _ := in.FreeBytes()
	return &spools{store: in, budget: min(bounds.SpoolBytes, free/spoolShare), files: map[int]*spool{}}
}

// begin gives a writer for a layer's tar; one that keeps nothing where reading the layer again is as cheap.
func (s *spools) begin(index int, layer source.Layer) io.Writer {
	if !layer.Compressed() || s.budget < layer.Size {
		return io.Discard
	}
	temp, err := s.store.Temp()
	if err != nil {
		return io.Discard
	}
	made := &spool{temp: temp, owner: s, buffer: bufio.NewWriterSize(temp.File, 256<<10)}
	s.files[index] = made
	return made
}

// Write never fails: a spool that cannot go on is given up.
func (s *spool) Write(p []byte) (int, error) {
	s.owner.budget -= int64(len(p))
	if !s.failed {
		_, err := s.buffer.Write(p)
		s.size += int64(len(p))
		if err != nil || s.owner.budget < 0 {
			s.giveUp()
		}
	}
	return len(p), nil
}

func (s *spool) giveUp() {
	s.owner.budget += s.size
	s.failed = true
	s.temp.Discard()
}

// reopen gives the layer's tar from its start; nil where it was not kept.
func (s *spools) reopen(index int) (*bufio.Reader, int64) {
	kept := s.files[index]
	if kept == nil || kept.failed {
		return nil, 0
	}
	if kept.buffer.Flush() != nil {
		kept.giveUp()
		return nil, 0
	}
	return bufio.NewReaderSize(io.NewSectionReader(kept.temp.File, 0, kept.size), 256<<10), kept.size
}

// drop removes a layer's spool once it was read.
func (s *spools) drop(index int) {
	if kept := s.files[index]; kept != nil && !kept.failed {
		kept.giveUp()
	}
}

func (s *spools) close() {
	for index := range s.files {
		s.drop(index)
	}
}
