package pull

import (
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
	"boxlite/internal/registry"
)

// Request is the document on standard input.
type Request struct {
	Reference string         `json:"reference"`
	Images    string         `json:"images"`
	Platform  string         `json:"platform"`
	Auth      *registry.Auth `json:"auth,omitempty"`
	// Insecure allows plain http to any host.
	Insecure bool `json:"insecure,omitempty"`
	// Verify reads the blobs that are here already, and brings damaged ones anew.
	Verify bool          `json:"verify,omitempty"`
	Limits limits.Limits `json:"limits"`

	reference name.Reference
	platform  v1.Platform
	limits    limits.Limits
}

// Check reads the parts of a request, before anything is done.
func (r *Request) Check() error {
	var options []name.Option
	if r.Insecure {
		options = append(options, name.Insecure)
	}
	reference, err := name.ParseReference(r.Reference, options...)
	if err != nil {
		return failure.New(failure.InvalidArgument, "Write it as in docker pull: alpine:3.20, registry.example:5000/team/app@sha256:…", "Expected an image reference but received %q: %v", r.Reference, err)
	}
	if !filepath.IsAbs(r.Images) || strings.ContainsRune(r.Images, 0) {
		return failure.New(failure.InvalidArgument, "Pass an absolute path.", "Expected an absolute path for images but received %q.", r.Images)
	}
	platform, err := v1.ParsePlatform(r.Platform)
	if err != nil || platform.OS == "" || platform.Architecture == "" {
		return failure.New(failure.InvalidArgument, "Pass a platform like linux/amd64.", "Expected a platform like linux/amd64 but received %q.", r.Platform)
	}
	r.reference, r.platform = reference, *platform
	r.limits, err = r.Limits.WithDefaults()
	return err
}
