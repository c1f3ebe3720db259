// Package build makes an image disk of a source: find the image, look for its disk, flatten, write, publish.
package build

import (
	"context"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/confine"
	"boxlite/internal/limits"
	"boxlite/internal/progress"
	"boxlite/internal/result"
	"boxlite/internal/store"
)

// Builder is one run of the command.
type Builder struct {
	platform v1.Platform
	limits   limits.Limits
	store    *store.Store
	progress *progress.Reporter
}

// Run does what the request asks for.
func Run(ctx context.Context, request *Request, report *progress.Reporter) (result.Result, error) {
	report.Phase("resolve", "Looking at "+request.Source.path())
	images, err := store.Open(request.Images)
	if err != nil {
		return result.Result{}, err
	}
	b := &Builder{platform: request.platform, limits: request.limits, store: images, progress: report}
	if request.Source.Rootfs != "" {
		return b.fromDirectory(ctx, request.Source.Rootfs)
	}
	image, err := b.open(ctx, request.Source)
	if err != nil {
		return result.Result{}, err
	}
	defer image.Close()
	return b.fromImage(ctx, image)
}

// Needs is what a build has to be allowed: to write the store, and to read its source. It has no network.
func (r *Request) Needs() confine.Rules {
	rules := confine.Rules{Write: []string{r.Images}, Read: []string{"/proc/self"}, ReadAll: r.Source.Stored == ""}
	for _, path := range []string{r.Source.Layout, r.Source.Archive, r.Source.Rootfs} {
		if path != "" {
			rules.Read = append(rules.Read, path)
		}
	}
	return rules
}

// locked runs work for a digest that has no disk yet, in one process at a time.
func (b *Builder) locked(ctx context.Context, hex string, work func() (result.Result, error)) (result.Result, error) {
	if found, ok := b.store.Cached(hex); ok {
		return found, nil
	}
	unlock, err := b.store.Lock(ctx, hex, func() {
		b.progress.Phase("build", "Waiting for another process that builds this image")
	})
	if err != nil {
		return result.Result{}, err
	}
	defer unlock()
	if found, ok := b.store.Cached(hex); ok {
		return found, nil
	}
	return work()
}
