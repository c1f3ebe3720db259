package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/failure"
)

// MaxDocument bounds manifests, indexes and configs; registries allow 4 MiB.
const MaxDocument = 8 << 20

// files is what a layout directory and an archive have in common: names with contents.
type files interface {
	// open fails with fs.ErrNotExist where there is no such file.
	open(name string) (io.ReadCloser, int64, error)
	// where names the whole in messages.
	where() string
	close()
}

type directory struct{ root string }

func (d directory) where() string { return d.root }
func (d directory) close()        {}

func (d directory) open(name string) (io.ReadCloser, int64, error) {
	return openRegular(filepath.Join(d.root, name))
}

// openRegular opens without waiting, so that a FIFO put in a blob's place cannot hold the program.
func openRegular(path string) (*os.File, int64, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = failure.Invalid("%s is not a regular file", path)
	}
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// document reads a small file whole.
func document(from files, name string) ([]byte, error) {
	file, size, err := from.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if size > MaxDocument {
		return nil, failure.New(failure.Limit, "This is not a usable image.", "%s in %s: %d bytes, the limit is %d.", name, from.where(), size, MaxDocument)
	}
	content, err := io.ReadAll(io.LimitReader(file, MaxDocument+1))
	if err == nil && int64(len(content)) != size {
		err = failure.Invalid("%s in %s is cut short", name, from.where())
	}
	return content, err
}

func blobName(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }

// blobDocument reads a small blob whole and verifies it.
func blobDocument(from files, d v1.Descriptor) ([]byte, error) {
	if err := checkDigest(from, d.Digest); err != nil {
		return nil, err
	}
	if remote, ok := from.(stored); ok && remote.fetch != nil {
		if err := remote.fetch(d); err != nil {
			return nil, err
		}
	}
	content, err := document(from, blobName(d.Digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure.Invalid("%s has no blob %s, which its index names", from.where(), d.Digest)
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	if found := hex.EncodeToString(sum[:]); found != d.Digest.Hex {
		return nil, failure.Invalid("The blob %s in %s has the digest sha256:%s", d.Digest, from.where(), found)
	}
	if d.Size > 0 && d.Size != int64(len(content)) {
		return nil, failure.Invalid("The blob %s in %s has %d bytes, but its descriptor says %d", d.Digest, from.where(), len(content), d.Size)
	}
	return content, nil
}

func checkDigest(from files, digest v1.Hash) error {
	if digest.Algorithm != "sha256" {
		return failure.New(failure.ImageInvalid, "Build the image with sha256 digests.", "%s uses the digest %q, only sha256 is supported.", from.where(), digest)
	}
	return nil
}

func sniffs(content []byte, key string) bool { return bytes.Contains(content, []byte(`"`+key+`"`)) }
