package pull

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
	"boxlite/internal/registry"
)

const maxLayers = 1000

// layers brings those that are missing, some at once.
func (p *puller) layers(ctx context.Context, all []v1.Descriptor) error {
	if err := p.check(all); err != nil {
		return err
	}
	missing, bytes, err := p.missing(all)
	if err != nil || len(missing) == 0 {
		return err
	}
	if free, err := p.store.FreeBytes(); err == nil && free < bytes {
		return failure.New(failure.NoSpace, "Free some disk space, remove unused images with prune(), or set home to a larger disk.",
			"The layers to download have %d bytes, but only %d bytes are free.", bytes, free)
	}
	p.progress.Total(bytes)
	p.progress.Phase("download", fmt.Sprintf("Downloading %d of %d layers", len(missing), len(all)))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(registry.Parallel)
	for _, layer := range missing {
		group.Go(func() error {
			return failure.Guard(func() error { return p.layer(within, layer) })
		})
	}
	return group.Wait()
}

// check bounds what is about to be downloaded, by what the manifest says; a registry that sends more is cut off.
func (p *puller) check(all []v1.Descriptor) error {
	total := int64(0)
	for _, layer := range all {
		if layer.Digest.Algorithm != "sha256" {
			return failure.New(failure.ImageInvalid, "Build the image with sha256 digests.", "%s uses the digest %q, only sha256 is supported.", p.reference.Name(), layer.Digest)
		}
		if layer.Size < 0 {
			return failure.Invalid("%s has a layer of %d bytes", p.reference.Name(), layer.Size)
		}
		if layer.Size > p.limits.LayerBytes {
			return limits.Exceeded("Layer "+layer.Digest.String()+" is too large", layer.Size, p.limits.LayerBytes, "bytes")
		}
		if total += layer.Size; total > p.limits.ImageBytes {
			return limits.Exceeded("The layers of "+p.reference.Name()+" are too large", total, p.limits.ImageBytes, "bytes or more")
		}
	}
	if len(all) > maxLayers {
		return limits.Exceeded(p.reference.Name()+" has too many layers", int64(len(all)), maxLayers, "layers")
	}
	return nil
}

// missing are the layers that are not in the store, each once.
func (p *puller) missing(all []v1.Descriptor) (missing []v1.Descriptor, bytes int64, err error) {
	seen := map[string]bool{}
	for _, layer := range all {
		if seen[layer.Digest.Hex] {
			continue
		}
		seen[layer.Digest.Hex] = true
		if p.Verify && p.store.HasBlob(layer.Digest.Hex) {
			if err := p.verify(layer.Digest.Hex); err != nil {
				return nil, 0, err
			}
		}
		if !p.store.HasBlob(layer.Digest.Hex) {
			missing = append(missing, layer)
			bytes += layer.Size
		}
	}
	return missing, bytes, nil
}

// verify drops a blob that is not what its name says.
func (p *puller) verify(hexDigest string) error {
	file, err := os.Open(p.store.BlobPath(hexDigest))
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) == hexDigest {
		return nil
	}
	return p.store.DropBlob(hexDigest)
}

func (p *puller) layer(ctx context.Context, layer v1.Descriptor) error {
	partial, err := p.store.Partial(ctx, layer.Digest.Hex, func() {
		p.progress.Phase("download", "Waiting for another process that downloads the same layers")
	})
	if err != nil {
		return err
	}
	if partial == nil {
		p.progress.Add(layer.Size)
		return nil
	}
	err = p.client.Download(ctx, layer, partial, p.progress.Add)
	if err != nil {
		if isWorthKeeping(err, context.Cause(ctx)) {
			partial.Keep()
		} else {
			partial.Discard()
		}
		return err
	}
	p.fetched.Add(layer.Size)
	return partial.Commit()
}

// isWorthKeeping: what was cut off is gone on with. A blob that is wrong is of no use, and on a full disk the boxes that
// run need the space more, also that of the layers which stopped because another found it full.
func isWorthKeeping(err, stoppedBy error) bool {
	return failure.From(err).Code != failure.ImageInvalid && !failure.IsFull(err) && !failure.IsFull(stoppedBy)
}
