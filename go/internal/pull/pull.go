// Package pull brings an image's blobs from a registry into the store, those that are not there yet. It builds nothing.
package pull

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/confine"
	"boxlite/internal/failure"
	"boxlite/internal/progress"
	"boxlite/internal/registry"
	"boxlite/internal/result"
	"boxlite/internal/source"
	"boxlite/internal/store"
)

// Result of a pull. Where the disk was there already, it is the whole result of its build.
type Result struct {
	result.Result
	// Target is what the reference named: the digest of an index, or of the manifest itself.
	Target string `json:"target"`
	// FetchedBytes is what came over the network in layers.
	FetchedBytes int64 `json:"fetchedBytes"`
}

type puller struct {
	*Request
	client   *registry.Client
	store    *store.Store
	progress *progress.Reporter
	fetched  atomic.Int64
}

// Needs is what a pull has to be allowed: the network, and to write the store.
func (r *Request) Needs() confine.Rules {
	return confine.Rules{Write: []string{r.Images}, Network: true}
}

// Identify finds the credentials, for which other programs may have to be run.
func (r *Request) Identify(ctx context.Context) (authn.Authenticator, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	return registry.Credentials(ctx, r.Auth, r.reference.Context())
}

// Run does what the request asks for.
func Run(ctx context.Context, request *Request, auth authn.Authenticator, report *progress.Reporter) (Result, error) {
	report.Phase("resolve", "Asking "+registry.Host(request.reference.Context().Registry)+" for "+request.reference.Identifier())
	images, err := store.Open(request.Images)
	if err != nil {
		return Result{}, err
	}
	p := &puller{Request: request, store: images, progress: report, client: registry.NewClient(request.reference, auth, request.Insecure)}
	res, err := p.run(ctx)
	if failure.IsFull(err) {
		err = failure.New(failure.NoSpace, "Free some disk space, remove unused images with prune(), or set home to a larger disk.", "The host's disk is full: %s was not downloaded whole.", request.Reference)
	}
	return res, err
}

func (p *puller) run(ctx context.Context) (Result, error) {
	top, err := p.client.Resolve(ctx)
	if err != nil {
		return Result{}, err
	}
	chosen, err := source.Choose(p.store.Root(), p.reference.Name(), top, p.platform, func(d v1.Descriptor) error {
		return p.document(ctx, d)
	})
	if err != nil {
		return Result{}, err
	}
	res := Result{Target: top.Digest.String()}
	if built, ok := p.store.Cached(chosen.Digest.Hex); ok {
		res.Result = built
		return res, nil
	}
	if err := p.layers(ctx, chosen.Layers); err != nil {
		return Result{}, err
	}
	res.Digest, res.FetchedBytes = chosen.Digest.String(), p.fetched.Load()
	return res, nil
}

// document keeps a manifest, an index or a config; one that is not what its digest says is not kept.
func (p *puller) document(ctx context.Context, d v1.Descriptor) error {
	if d.Digest.Algorithm != "sha256" || d.Size > source.MaxDocument {
		// The reader of the document says what is wrong with it.
		return nil
	}
	if p.store.HasBlob(d.Digest.Hex) {
		if right, err := p.isRight(d.Digest.Hex); right || err != nil {
			return err
		}
		if err := p.store.DropBlob(d.Digest.Hex); err != nil {
			return err
		}
	}
	content, err := p.client.Document(ctx, d)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	if found := hex.EncodeToString(sum[:]); found != d.Digest.Hex {
		return failure.Invalid("%s gave a document with the digest sha256:%s for %s", registry.Host(p.reference.Context().Registry), found, d.Digest)
	}
	return p.store.Keep(d.Digest.Hex, content)
}

func (p *puller) isRight(hexDigest string) (bool, error) {
	content, err := os.ReadFile(p.store.BlobPath(hexDigest))
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]) == hexDigest, err
}
