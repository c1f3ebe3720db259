package build

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
	"boxlite/internal/progress"
	"boxlite/internal/result"
)

// home is an images directory; whatever the test does, nothing temporary may be left in it.
func home(t *testing.T) string {
	t.Helper()
	images := filepath.Join(t.TempDir(), "images")
	t.Cleanup(func() {
		if left := files(filepath.Join(images, "tmp")); len(left) > 0 {
			t.Errorf("temporary files are left: %q", left)
		}
	})
	return images
}

func files(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, each := range entries {
		names = append(names, each.Name())
	}
	return names
}

func request(t *testing.T, images string, from Source, bounds limits.Limits) *Request {
	t.Helper()
	text, err := json.Marshal(Request{Source: from, Images: images, Platform: "linux/amd64", Limits: bounds})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ReadRequest(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func run(t *testing.T, images string, from Source, bounds limits.Limits) (result.Result, error) {
	t.Helper()
	return Run(context.Background(), request(t, images, from, bounds), progress.New(io.Discard))
}

func built(t *testing.T, images string, from Source) result.Result {
	t.Helper()
	res, err := run(t, images, from, limits.Limits{})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return res
}

// refused checks the code, and that nothing was published.
func refused(t *testing.T, images string, from Source, bounds limits.Limits, code string) *failure.Failure {
	t.Helper()
	_, err := run(t, images, from, bounds)
	if err == nil {
		t.Fatalf("it was built, want %s", code)
	}
	found := failure.From(err)
	if found.Code != code || found.Hint == "" {
		t.Errorf("got %s: %s (hint %q), want %s", found.Code, found.Message, found.Hint, code)
	}
	if left := files(filepath.Join(images, "disks")); len(left) > 0 {
		t.Errorf("published after a failure: %q", left)
	}
	return found
}

func save(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive.tar")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func fifo(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
