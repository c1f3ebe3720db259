package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/failure"
	"boxlite/internal/store"
)

var (
	errCut    = errors.New("the connection was cut")
	errHostFS = errors.New("writing the blob failed")
)

const pieceBytes = 256 << 10

// blob is one download: what of it is here, and the digest of that.
type blob struct {
	client *Client
	want   v1.Descriptor
	into   *store.Partial
	done   func(int64)
	sum    hash.Hash
	have   int64
}

// Download brings a blob whole, going on after what is in the partial file. On success its digest is right.
func (c *Client) Download(ctx context.Context, want v1.Descriptor, into *store.Partial, done func(bytes int64)) error {
	b := &blob{client: c, want: want, into: into, done: done, sum: sha256.New()}
	resumed, err := b.takeUp(ctx)
	if err != nil {
		return err
	}
	if err := b.finish(ctx); err != nil {
		return err
	}
	if b.isRight() {
		return nil
	}
	// What an earlier process left may have been damaged since, by a power cut for one.
	if resumed {
		if err := b.restart(); err != nil {
			return err
		}
		if err := b.finish(ctx); err != nil || b.isRight() {
			return err
		}
	}
	return failure.Invalid("%s gave a layer with the digest sha256:%s for %s", Host(c.registry()), hex.EncodeToString(b.sum.Sum(nil)), want.Digest)
}

func (b *blob) isRight() bool { return hex.EncodeToString(b.sum.Sum(nil)) == b.want.Digest.Hex }

// takeUp reads what an earlier process left.
func (b *blob) takeUp(ctx context.Context) (resumed bool, err error) {
	if _, err := b.into.File.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	buffer := make([]byte, pieceBytes)
	for ctx.Err() == nil {
		n, err := b.into.File.Read(buffer)
		b.sum.Write(buffer[:n])
		b.have += int64(n)
		b.done(int64(n))
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, fmt.Errorf("%w: %w", errHostFS, err)
		}
	}
	if b.have > b.want.Size {
		return false, firstOf(ctx.Err(), b.restart())
	}
	return b.have > 0, ctx.Err()
}

func (b *blob) restart() error {
	b.done(-b.have)
	b.sum.Reset()
	b.have = 0
	return b.into.Restart()
}

// finish asks for what is missing until it is there. Every byte that comes makes the patience begin anew.
func (b *blob) finish(ctx context.Context) error {
	var pauses backoff
	for b.have < b.want.Size {
		before := b.have
		err := b.more(ctx, &pauses)
		if b.have > before {
			pauses.heard()
		}
		if err == nil && b.have < b.want.Size {
			err = errCut
		}
		if err == nil {
			break
		}
		if !mayPass(err) || !pauses.again(ctx) {
			what := fmt.Sprintf("layer %s of %s", b.want.Digest, b.client.ref.Context().RepositoryStr())
			return explain(firstOf(ctx.Err(), err), b.client.registry(), what)
		}
	}
	return ctx.Err()
}

func (b *blob) more(ctx context.Context, pauses *backoff) error {
	watched, beat, stop := idle(ctx)
	defer stop()
	header := http.Header{}
	if b.have > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", b.have))
	}
	err := b.client.once(watched, http.MethodGet, "blobs", b.want.Digest.String(), header, pauses, func(response *http.Response) error {
		return b.receive(response, beat)
	})
	if errors.Is(context.Cause(watched), errIdle) {
		return errIdle
	}
	return err
}

func (b *blob) receive(response *http.Response, beat func()) error {
	body, err := b.aligned(response)
	if err != nil {
		return err
	}
	buffer := make([]byte, pieceBytes)
	for b.have < b.want.Size {
		n, err := body.Read(buffer[:min(int64(len(buffer)), b.want.Size-b.have)])
		beat()
		if _, failed := b.into.File.Write(buffer[:n]); failed != nil {
			return fmt.Errorf("%w: %w", errHostFS, failed)
		}
		b.sum.Write(buffer[:n])
		b.have += int64(n)
		b.done(int64(n))
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errCut, err)
		}
	}
	return nil
}

// aligned is the body from the first byte that is missing; a registry may ignore the range (RFC 9110, 14.2).
func (b *blob) aligned(response *http.Response) (io.Reader, error) {
	first, total := int64(0), response.ContentLength
	switch response.StatusCode {
	case http.StatusRequestedRangeNotSatisfiable:
		if err := b.restart(); err != nil {
			return nil, err
		}
		return nil, errCut
	case http.StatusPartialContent:
		var last int64
		if _, err := fmt.Sscanf(response.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total); err != nil {
			total = -1
		}
		if first > b.have {
			return nil, failure.Invalid("%s answered with bytes from %d on when asked for those from %d on", Host(b.client.registry()), first, b.have)
		}
	}
	if total >= 0 && total != b.want.Size {
		return nil, failure.Invalid("%s has %d bytes for the layer %s, but the image says %d", Host(b.client.registry()), total, b.want.Digest, b.want.Size)
	}
	if _, err := io.CopyN(io.Discard, response.Body, b.have-first); err != nil {
		return nil, fmt.Errorf("%w: %w", errCut, err)
	}
	return response.Body, nil
}
