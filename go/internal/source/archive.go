package source

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
)

const (
	maxArchiveFiles = 100_000
	maxArchiveLinks = 8
)

// Spool makes a temporary file that is gone once closed.
type Spool func() (*os.File, func(), error)

// archive is a tar whose files are read where they lie.
type archive struct {
	path    string
	file    *os.File
	members map[string]member
	discard func()
}

type member struct {
	offset, size int64
	link         string
}

// OpenArchive finds an image in an OCI or docker-save archive. A compressed one is first unpacked into a spool file:
// its layers are read twice and in their own order.
func OpenArchive(ctx context.Context, name, ref string, platform v1.Platform, bounds limits.Limits, spool Spool) (*Image, error) {
	a, err := openTar(ctx, name, bounds, spool)
	if err != nil {
		return nil, err
	}
	image, err := a.image(ref, platform)
	if err != nil {
		a.close()
		return nil, err
	}
	return image, nil
}

// Listed is an image that a layout or an archive holds.
type Listed struct {
	// Ref picks it: a digest.
	Ref string `json:"ref"`
	// Names are those that say where it came from: of registries, in full.
	Names []string `json:"names"`
}

// ListArchive lists what an archive holds.
func ListArchive(ctx context.Context, name string, bounds limits.Limits, spool Spool) ([]Listed, error) {
	a, err := openTar(ctx, name, bounds, spool)
	if err != nil {
		return nil, err
	}
	defer a.close()
	if _, found := a.members["oci-layout"]; found {
		return listOCI(a)
	}
	return listSaved(a)
}

func (a *archive) image(ref string, platform v1.Platform) (*Image, error) {
	// Docker 25 and later write both; the OCI part has the manifest's digest.
	if _, found := a.members["oci-layout"]; found {
		return openOCI(a, ref, platform)
	}
	if _, found := a.members["manifest.json"]; found {
		return openDocker(a, ref, platform)
	}
	return nil, failure.New(failure.ImageInvalid, "Make one with `docker save`, `podman save` or `skopeo copy … oci-archive:FILE`.",
		"%s is neither an OCI archive nor one of docker save: there is no oci-layout and no manifest.json in it.", a.path)
}

func openTar(ctx context.Context, name string, bounds limits.Limits, spool Spool) (*archive, error) {
	file, size, err := openRegular(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure.New(failure.ImageNotFound, "Check the path of the archive.", "There is no file %s.", name)
	}
	if err != nil {
		return nil, err
	}
	a := &archive{path: name, file: file, members: map[string]member{}, discard: func() { file.Close() }}
	if kind := Compression(bufio.NewReader(file)); kind != "" {
		err = a.unpack(ctx, kind, size, bounds, spool)
	}
	if err == nil {
		err = a.index(ctx)
	}
	if err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// unpack replaces the file by a spool of its uncompressed contents.
func (a *archive) unpack(ctx context.Context, kind string, size int64, bounds limits.Limits, spool Spool) error {
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	unpacked, err := decompressor(kind, a.file)
	if err != nil {
		return failure.Invalid("%s cannot be unpacked: %v", a.path, err)
	}
	defer unpacked.Close()
	packed := a.file
	defer packed.Close()
	a.discard = func() {}
	target, discard, err := spool()
	if err != nil {
		return err
	}
	a.file, a.discard = target, discard
	bounds.LayerBytes += bounds.ImageBytes
	buffer := make([]byte, 256<<10)
	for total := int64(0); ; {
		n, err := unpacked.Read(buffer)
		if _, failed := target.Write(buffer[:n]); failed != nil {
			return failed
		}
		total += int64(n)
		if failed := errors.Join(ctx.Err(), bounds.CheckLayer(a.path, size, total)); failed != nil {
			return failed
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return failure.Invalid("%s cannot be unpacked: %v", a.path, err)
		}
	}
}

func decompressor(kind string, from io.Reader) (io.ReadCloser, error) {
	if kind == "gzip" {
		return gzip.NewReader(from)
	}
	decoder, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
	if err != nil {
		return nil, err
	}
	return decoder.IOReadCloser(), nil
}

// index notes where each file's bytes lie: after Next, a tar reader stands at the first of them.
func (a *archive) index(ctx context.Context) error {
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	reader := tar.NewReader(a.file)
	for count := 0; ; count++ {
		header, err := reader.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return failure.New(failure.ImageInvalid, "Make one with `docker save`, `podman save` or `skopeo copy … oci-archive:FILE`.", "%s is not a whole tar archive: %v.", a.path, err)
		}
		if count >= maxArchiveFiles {
			return limits.Exceeded(a.path+" has too many files", int64(count)+1, maxArchiveFiles, "files or more")
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name := clean(header.Name)
		switch header.Typeflag {
		case tar.TypeReg:
			if header.PAXRecords["GNU.sparse.major"] != "" || header.PAXRecords["GNU.sparse.map"] != "" {
				return failure.Invalid("%s holds %q as a sparse file", a.path, header.Name)
			}
			offset, err := a.file.Seek(0, io.SeekCurrent)
			if err != nil {
				return err
			}
			a.members[name] = member{offset: offset, size: header.Size}
		case tar.TypeLink:
			a.members[name] = member{link: clean(header.Linkname)}
		// Older versions of docker save write a layer that occurs twice as a link to the first.
		case tar.TypeSymlink:
			a.members[name] = member{link: clean(path.Join(path.Dir(name), header.Linkname))}
		}
	}
}

func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

func (a *archive) where() string { return a.path }
func (a *archive) close()        { a.discard() }

func (a *archive) open(name string) (io.ReadCloser, int64, error) {
	name = clean(name)
	for range maxArchiveLinks {
		found, there := a.members[name]
		if !there {
			return nil, 0, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		if found.link == "" {
			return io.NopCloser(io.NewSectionReader(a.file, found.offset, found.size)), found.size, nil
		}
		name = found.link
	}
	return nil, 0, failure.Invalid("%s has a link %q that leads nowhere", a.path, name)
}
