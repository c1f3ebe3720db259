package build

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"

	"boxlite/internal/blob"
	"boxlite/internal/emit"
	"boxlite/internal/failure"
	"boxlite/internal/limits"
	"boxlite/internal/result"
	"boxlite/internal/source"
	"boxlite/internal/tree"
)

func (b *Builder) open(ctx context.Context, from Source) (*source.Image, error) {
	if from.Stored != "" {
		return source.OpenStored(b.store.Root(), from.Stored, b.platform)
	}
	if from.Layout != "" {
		return source.OpenLayout(from.Layout, from.Ref, b.platform)
	}
	return source.OpenArchive(ctx, from.Archive, from.Ref, b.platform, b.limits, b.spool)
}

func (b *Builder) spool() (*os.File, func(), error) {
	temp, err := b.store.Temp()
	if err != nil {
		return nil, nil, err
	}
	return temp.File, temp.Discard, nil
}

// fromImage reads every layer twice: once for the names, which decides what of each layer is in the image, and once
// for the contents, which go straight to the disk. Memory holds names only.
func (b *Builder) fromImage(ctx context.Context, image *source.Image) (result.Result, error) {
	return b.locked(ctx, image.Digest.Hex, func() (result.Result, error) {
		packed := int64(0)
		for _, layer := range image.Layers {
			packed += layer.Size
		}
		b.progress.Total(2 * packed)
		kept := newSpools(b.store, b.limits)
		defer kept.close()
		root, err := b.flatten(ctx, image.Layers, kept)
		if err != nil {
			return result.Result{}, err
		}
		plan, err := emit.NewPlan(root, b.limits)
		if err != nil {
			return result.Result{}, err
		}
		res := result.Result{Digest: image.Digest.String(), SizeBytes: image.SizeBytes, Platform: image.Platform, Config: image.Config}
		contents := b.layerContents(ctx, image.Layers, plan, kept)
		return b.write(plan, res, image.Digest.Hex, contents, io.Discard, func() error { return nil })
	})
}

// flatten is the first reading, which verifies every layer.
func (b *Builder) flatten(ctx context.Context, layers []source.Layer, kept *spools) (*tree.Node, error) {
	flat := tree.New(b.limits)
	for i, layer := range layers {
		b.progress.Phase("build", fmt.Sprintf("Reading layer %d of %d", i+1, len(layers)))
		flat.BeginLayer()
		err := b.eachEntry(ctx, layer, kept.begin(i, layer), func(_ int32, header *tar.Header, _ io.Reader) error {
			return flat.Add(header)
		})
		if err != nil {
			return nil, err
		}
	}
	return flat.Root, nil
}

// layerContents is the second reading: of each layer, the entries that are in the image.
func (b *Builder) layerContents(ctx context.Context, layers []source.Layer, plan *emit.Plan, kept *spools) emit.Contents {
	wanted := make([]map[int32]*tree.Node, len(layers))
	for i := range wanted {
		wanted[i] = map[int32]*tree.Node{}
	}
	_ = plan.Regular(func(_ string, node *tree.Node) error {
		if node.Size > 0 {
			wanted[node.Content.Layer][node.Content.Entry] = node
		}
		return nil
	})
	return func(visit func(*tree.Node, io.Reader) error) error {
		for i, layer := range layers {
			b.progress.Phase("build", fmt.Sprintf("Writing layer %d of %d", i+1, len(layers)))
			pick := func(entry int32, header *tar.Header, data io.Reader) error {
				node := wanted[i][entry]
				if node == nil {
					return ctx.Err()
				}
				if header.Size != node.Size {
					return failure.Invalid("Layer %s changed while it was read", layer.Name)
				}
				return visit(node, data)
			}
			if err := b.reread(ctx, i, layer, kept, len(wanted[i]) > 0, pick); err != nil {
				return err
			}
			kept.drop(i)
		}
		return nil
	}
}

type visitEntry func(entry int32, header *tar.Header, data io.Reader) error

// reread takes the cheapest way: none, the spool, or the layer once more.
func (b *Builder) reread(ctx context.Context, index int, layer source.Layer, kept *spools, needed bool, pick visitEntry) error {
	if !needed {
		b.progress.Add(layer.Size)
		return nil
	}
	if spooled, size := kept.reopen(index); spooled != nil {
		share := float64(layer.Size) / float64(max(size, 1))
		done := func(n int64) { b.progress.Add(int64(float64(n) * share)) }
		return b.entries(layer, progressed{ctx, spooled, done}, pick)
	}
	return b.eachEntry(ctx, layer, io.Discard, pick)
}

// eachEntry reads a layer's tar to its end and verifies it; what was read goes to copyTo as well.
func (b *Builder) eachEntry(ctx context.Context, layer source.Layer, copyTo io.Writer, visit visitEntry) error {
	stream, err := blob.Open(ctx, layer, b.limits, b.progress.Add)
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := b.entries(layer, io.TeeReader(stream, copyTo), visit); err != nil {
		return stream.Blame(err)
	}
	return stream.Finish()
}

func (b *Builder) entries(layer source.Layer, from io.Reader, visit visitEntry) error {
	reader := tar.NewReader(from)
	for entry := int32(0); ; entry++ {
		header, err := reader.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return unreadable(layer, err)
		}
		if int64(entry) >= b.limits.Entries {
			return limits.Exceeded("Layer "+layer.Name+" has too many files", int64(entry)+1, b.limits.Entries, "entries or more")
		}
		if err := visit(entry, header, reader); err != nil {
			return err
		}
	}
}

func unreadable(layer source.Layer, err error) error {
	if known := failure.From(err); known.Code != failure.Store {
		return known
	}
	return failure.Invalid("Layer %s is not a whole tar: %v", layer.Name, err)
}
