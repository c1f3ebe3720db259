// Package registry asks registries for images: manifests whole, blobs by parts, each verified by its digest.
package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
	"boxlite/internal/source"
)

const (
	// Parallel is how many layers come at once.
	Parallel = 4
	// Documents are small.
	documentTimeout = 2 * time.Minute
)

var accepted = strings.Join([]string{
	string(types.OCIImageIndex), string(types.DockerManifestList), string(types.OCIManifestSchema1), string(types.DockerManifestSchema2),
}, ", ")

// Client talks to one repository of a registry. It connects when first asked for something.
type Client struct {
	ref      name.Reference
	auth     authn.Authenticator
	insecure bool

	mu     sync.Mutex
	client *http.Client
}

// NewClient does no I/O.
func NewClient(ref name.Reference, auth authn.Authenticator, insecure bool) *Client {
	return &Client{ref: ref, auth: auth, insecure: insecure}
}

func (c *Client) registry() name.Registry { return c.ref.Context().Registry }

// connect finds out how the registry wants to be asked, once.
func (c *Client) connect(ctx context.Context) (*http.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil {
		return c.client, nil
	}
	scope := c.ref.Context().Scope(transport.PullScope)
	authenticated, err := transport.NewWithContext(ctx, c.registry(), c.auth, transport.NewUserAgent(baseTransport(c.insecure), "boxlite"), []string{scope})
	if err != nil {
		return nil, err
	}
	c.client = &http.Client{Transport: authenticated}
	return c.client, nil
}

// Resolve asks what the reference names now. A descriptor without a media type is of something whose content says it.
func (c *Client) Resolve(ctx context.Context) (v1.Descriptor, error) {
	if digest, err := v1.NewHash(c.ref.Identifier()); err == nil {
		return v1.Descriptor{Digest: digest}, nil
	}
	var found v1.Descriptor
	err := c.ask(ctx, http.MethodHead, "manifests", c.ref.Identifier(), func(response *http.Response) (err error) {
		found, err = describe(response)
		return err
	})
	if err == nil && found.Digest.Hex != "" {
		return found, nil
	}
	var answer *transport.Error
	if err != nil && !errors.As(err, &answer) {
		return found, explain(err, c.registry(), c.what())
	}
	// Some registries do not take HEAD, or leave the digest out; and only GET says why there is none.
	content := []byte{}
	err = c.ask(ctx, http.MethodGet, "manifests", c.ref.Identifier(), func(response *http.Response) (err error) {
		found.MediaType = types.MediaType(mediaType(response))
		content, err = readDocument(response, c.ref.String())
		return err
	})
	sum := sha256.Sum256(content)
	found.Digest = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
	return found, explain(err, c.registry(), c.what())
}

// what is asked for, in messages.
func (c *Client) what() string {
	return "image " + c.ref.Identifier() + " in " + c.ref.Context().RepositoryStr()
}

func describe(response *http.Response) (v1.Descriptor, error) {
	found := v1.Descriptor{MediaType: types.MediaType(mediaType(response))}
	if text := response.Header.Get("Docker-Content-Digest"); text != "" {
		digest, err := v1.NewHash(text)
		if err != nil {
			return found, failure.Invalid("The registry answered with the digest %q", limits.Shorten(text))
		}
		found.Digest = digest
	}
	return found, nil
}

func mediaType(response *http.Response) string {
	text, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(text)
}

// Document brings a manifest, an index or a config whole. The caller verifies it.
func (c *Client) Document(ctx context.Context, d v1.Descriptor) (content []byte, err error) {
	kind := "manifests"
	if d.MediaType.IsConfig() {
		kind = "blobs"
	}
	err = c.ask(ctx, http.MethodGet, kind, d.Digest.String(), func(response *http.Response) (err error) {
		content, err = readDocument(response, d.Digest.String())
		return err
	})
	return content, explain(err, c.registry(), fmt.Sprintf("manifest %s of %s", d.Digest, c.ref.Context().RepositoryStr()))
}

func readDocument(response *http.Response, what string) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(response.Body, source.MaxDocument+1))
	if err == nil && len(content) > source.MaxDocument {
		return nil, limits.Exceeded("The document "+what+" is too large", int64(len(content)), source.MaxDocument, "bytes or more")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCut, err)
	}
	return content, nil
}

// ask makes one request until it was answered and used, or failed for good.
func (c *Client) ask(ctx context.Context, method, kind, id string, use func(*http.Response) error) error {
	var pauses backoff
	for {
		watched, cancel := context.WithTimeoutCause(ctx, documentTimeout, errIdle)
		err := c.once(watched, method, kind, id, nil, &pauses, use)
		if err != nil && context.Cause(watched) == errIdle {
			err = errIdle
		}
		cancel()
		if err == nil || !mayPass(err) || !pauses.again(ctx) {
			return firstOf(ctx.Err(), err)
		}
	}
}

// once makes one request; an answer other than of success is an error.
func (c *Client) once(ctx context.Context, method, kind, id string, header http.Header, pauses *backoff, use func(*http.Response) error) error {
	client, err := c.connect(ctx)
	if err != nil {
		return err
	}
	target := url.URL{Scheme: c.registry().Scheme(), Host: c.registry().RegistryStr(), Path: fmt.Sprintf("/v2/%s/%s/%s", c.ref.Context().RepositoryStr(), kind, id)}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return err
	}
	if header != nil {
		request.Header = header.Clone()
	}
	if kind == "manifests" {
		request.Header.Set("Accept", accepted)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	pauses.listen(response)
	if err := transport.CheckError(response, http.StatusOK, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable); err != nil {
		return err
	}
	return use(response)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
