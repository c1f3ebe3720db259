package build

import (
	"io"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/failure"
	"boxlite/internal/input"
	"boxlite/internal/limits"
)

// Source is where the image comes from: exactly one of layout, archive, rootfs and stored.
type Source struct {
	// Stored is the digest of a manifest that a pull brought.
	Stored  string `json:"stored,omitempty"`
	Layout  string `json:"layout,omitempty"`
	Archive string `json:"archive,omitempty"`
	Rootfs  string `json:"rootfs,omitempty"`
	Ref     string `json:"ref,omitempty"`
}

func (s Source) path() string { return s.Stored + s.Layout + s.Archive + s.Rootfs }

// Request is the document on standard input.
type Request struct {
	Source   Source        `json:"source"`
	Images   string        `json:"images"`
	Platform string        `json:"platform"`
	Limits   limits.Limits `json:"limits"`

	platform v1.Platform
	limits   limits.Limits
}

// ReadRequest reads and checks one request until the input's end.
func ReadRequest(in io.Reader) (*Request, error) {
	read := &Request{}
	if err := input.Read(in, read); err != nil {
		return nil, err
	}
	return read, read.check()
}

func (r *Request) check() error {
	given := 0
	for _, each := range []string{r.Source.Stored, r.Source.Layout, r.Source.Archive, r.Source.Rootfs} {
		if each != "" {
			given++
		}
		if strings.ContainsRune(each, 0) {
			return badRequest("Expected a path without NUL for source but received %q.", each)
		}
	}
	if given != 1 {
		return badRequest("Expected exactly one of layout, archive, rootfs and stored for source but received %d.", given)
	}
	if r.Source.Rootfs != "" && r.Source.Ref != "" {
		return badRequest("Expected no ref with a rootfs but received %q.", r.Source.Ref)
	}
	if !filepath.IsAbs(r.Images) || strings.ContainsRune(r.Images, 0) {
		return badRequest("Expected an absolute path for images but received %q.", r.Images)
	}
	parts := strings.Split(r.Platform, "/")
	platform, err := v1.ParsePlatform(r.Platform)
	if err != nil || len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return badRequest("Expected a platform like linux/amd64 but received %q.", r.Platform)
	}
	r.platform = *platform
	r.limits, err = r.Limits.WithDefaults()
	return err
}

func badRequest(format string, args ...any) error {
	return failure.New(failure.InvalidArgument, "See the documentation of createBox's image option.", format, args...)
}
