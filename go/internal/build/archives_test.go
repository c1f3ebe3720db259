package build

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func tarOf(t *testing.T, dir string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(content)
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t *testing.T, content []byte) []byte {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return encoder.EncodeAll(content, nil)
}

// rewritten passes every member of a tar through change.
func rewritten(t *testing.T, content []byte, change func(w *tar.Writer, header *tar.Header, data []byte) error) []byte {
	t.Helper()
	var out bytes.Buffer
	r, w := tar.NewReader(bytes.NewReader(content)), tar.NewWriter(&out)
	for {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(w, header, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func put(w *tar.Writer, header tar.Header, data []byte) error {
	if err := w.WriteHeader(&header); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

func prefixed(t *testing.T, content []byte, prefix string) []byte {
	return rewritten(t, content, func(w *tar.Writer, header *tar.Header, data []byte) error {
		header.Name = prefix + header.Name
		return put(w, *header, data)
	})
}

// withLinks moves layers away and leaves links, as older versions of docker save do for layers that occur twice.
func withLinks(t *testing.T, content []byte) []byte {
	return rewritten(t, content, func(w *tar.Writer, header *tar.Header, data []byte) error {
		if !strings.HasSuffix(header.Name, ".tar.gz") {
			return put(w, *header, data)
		}
		moved := *header
		moved.Name = "elsewhere/" + path.Base(header.Name)
		if err := put(w, moved, data); err != nil {
			return err
		}
		return put(w, tar.Header{Typeflag: tar.TypeSymlink, Name: header.Name, Linkname: "../" + path.Dir(header.Name) + "/" + moved.Name}, nil)
	})
}
