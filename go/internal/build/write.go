package build

import (
	"io"

	"boxlite/internal/disk"
	"boxlite/internal/emit"
	"boxlite/internal/failure"
	"boxlite/internal/result"
)

// write makes the disk in a temporary file and publishes it whole. The tar goes to copyTo as well, which check may judge
// before the disk is published.
func (b *Builder) write(plan *emit.Plan, res result.Result, hex string, contents emit.Contents, copyTo io.Writer, check func() error) (result.Result, error) {
	if err := b.checkSpace(plan); err != nil {
		return res, err
	}
	temp, err := b.store.Temp()
	if err != nil {
		return res, err
	}
	defer temp.Discard()
	err = disk.Write(temp.File, disk.MaxBytes(b.limits), plan.LostFound(), func(out io.Writer) error {
		return plan.Write(io.MultiWriter(out, copyTo), contents)
	})
	if err == nil {
		err = check()
	}
	if err == nil {
		res, err = b.store.Publish(temp, res, hex)
	}
	if failure.IsFull(err) {
		return res, b.noSpace(plan)
	}
	return res, err
}

// checkSpace refuses before the disk of the host is full: the boxes that run need what is left of it.
func (b *Builder) checkSpace(plan *emit.Plan) error {
	free, err := b.store.FreeBytes()
	if err == nil && free < plan.DiskBytes() {
		err = b.noSpace(plan)
	}
	return err
}

func (b *Builder) noSpace(plan *emit.Plan) error {
	free, _ := b.store.FreeBytes()
	return failure.New(failure.NoSpace, "Free some disk space, remove unused images with prune(), or set home to a larger disk.",
		"The image's disk needs up to %d bytes, but only %d bytes are free.", plan.DiskBytes(), free)
}
