package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"boxlite/internal/emit"
	"boxlite/internal/failure"
	"boxlite/internal/result"
	"boxlite/internal/rootfs"
	"boxlite/internal/tree"
)

// fromDirectory names the image by the sha256 of the tar that the directory comes out as, so that an unchanged one is
// found again. It is read once for that name and, if there is no disk, once more for the disk.
func (b *Builder) fromDirectory(ctx context.Context, path string) (result.Result, error) {
	root, err := rootfs.Open(ctx, path, b.limits)
	if err != nil {
		return result.Result{}, err
	}
	defer root.Close()
	plan, err := emit.NewPlan(root.Tree, b.limits)
	if err != nil {
		return result.Result{}, err
	}
	b.progress.Total(2 * plan.Bytes())
	b.progress.Phase("resolve", "Reading "+path)
	contents := b.directoryContents(ctx, root, plan)
	name := sha256.New()
	if err := plan.Write(name, contents); err != nil {
		return result.Result{}, err
	}
	digest := hex.EncodeToString(name.Sum(nil))
	return b.locked(ctx, digest, func() (result.Result, error) {
		b.progress.Phase("build", "Writing the disk of "+path)
		res := result.Result{Digest: "sha256:" + digest, SizeBytes: plan.Bytes(), Platform: b.platform.String(), Config: result.EmptyConfig()}
		again := sha256.New()
		return b.write(plan, res, digest, contents, again, func() error {
			if hex.EncodeToString(again.Sum(nil)) != digest {
				return failure.New(failure.ImageInvalid, "Leave the directory alone while it is read.", "%s changed while it was read.", path)
			}
			return nil
		})
	})
}

// directoryContents reads the files again by their paths, each through the directory that was opened.
func (b *Builder) directoryContents(ctx context.Context, root *rootfs.Root, plan *emit.Plan) emit.Contents {
	return func(visit func(*tree.Node, io.Reader) error) error {
		return plan.Regular(func(path string, node *tree.Node) error {
			if node.Size == 0 {
				return ctx.Err()
			}
			file, err := root.OpenFile(path, node)
			if err != nil {
				return err
			}
			defer file.Close()
			if err := visit(node, progressed{ctx, file, b.progress.Add}); err != nil {
				return fmt.Errorf("reading %s: %w", file.Name(), err)
			}
			return nil
		})
	}
}

// progressed counts what is read and stops at an abort.
type progressed struct {
	ctx  context.Context
	from io.Reader
	done func(int64)
}

func (p progressed) Read(buffer []byte) (int, error) {
	n, err := p.from.Read(buffer)
	p.done(int64(n))
	if p.ctx.Err() != nil {
		return n, p.ctx.Err()
	}
	return n, err
}
