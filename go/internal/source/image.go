// Package source finds one image in a layout directory or an archive and reads its description.
package source

import (
	"bufio"
	"bytes"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/result"
)

// Image is one image for one platform, its manifest and config verified; layers are verified as they are read.
type Image struct {
	// Digest names the image: that of its manifest, or of its config where an archive has no manifest.
	Digest    v1.Hash
	Platform  string
	Config    result.Config
	SizeBytes int64
	Layers    []Layer

	close func()
}

// Layer is one layer as stored.
type Layer struct {
	// Name is for messages.
	Name string
	// Digest is that of the stored blob; empty where an archive gives none, then DiffID alone vouches.
	Digest v1.Hash
	// DiffID is that of the tar inside.
	DiffID v1.Hash
	Size   int64
	Open   func() (io.ReadCloser, error)
}

// Compressed tells whether the stored blob has to be unpacked.
func (l Layer) Compressed() bool {
	file, err := l.Open()
	if err != nil {
		return false
	}
	defer file.Close()
	return Compression(bufio.NewReader(file)) != ""
}

// Close lets go of the files that layers are read from.
func (i *Image) Close() {
	if i.close != nil {
		i.close()
	}
}

// Compression looks at the first bytes of a stream: "gzip", "zstd" or "".
func Compression(r *bufio.Reader) string {
	head, _ := r.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return "gzip"
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return "zstd"
	// A skippable frame may come first: its magic is 0x184D2A5? (RFC 8878, 3.1.2).
	case len(head) == 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18}):
		return "zstd"
	}
	return ""
}
