package build

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"boxlite/internal/limits"
	"boxlite/internal/testimage"
)

// blobs of a layout, the largest first: with incompressible contents that is the layer.
func largestBlob(t *testing.T, root string) string {
	t.Helper()
	best, size := "", int64(0)
	for _, each := range files(filepath.Join(root, "blobs/sha256")) {
		path := filepath.Join(root, "blobs/sha256", each)
		if info, err := os.Stat(path); err == nil && info.Size() > size {
			best, size = path, info.Size()
		}
	}
	return best
}

func damage(t *testing.T, path string, change func(content []byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedLayoutIsRefusedAndNothingIsKept(t *testing.T) {
	flip := func(content []byte) []byte {
		content[len(content)/2] ^= 0x40
		return content
	}
	noise := strings.Repeat("0123456789abcdef", 4096)
	for name, test := range map[string]struct {
		change func(root string)
		words  string
	}{
		"a layer with a wrong bit":  {func(root string) { damage(t, largestBlob(t, root), flip) }, "has the digest"},
		"a layer that is cut short": {func(root string) { damage(t, largestBlob(t, root), func(c []byte) []byte { return c[:len(c)-9] }) }, "descriptor says"},
		"a layer that is missing":   {func(root string) { _ = os.Remove(largestBlob(t, root)) }, "has no blob"},
		"a layer that is a FIFO":    {func(root string) { fifo(t, largestBlob(t, root)) }, "not a regular file"},
		"an index that is not JSON": {func(root string) { damage(t, root+"/index.json", func([]byte) []byte { return []byte("{") }) }, "cannot be read"},
		"an index that is missing":  {func(root string) { _ = os.Remove(root + "/index.json") }, "no file index.json"},
		"no oci-layout":             {func(root string) { _ = os.Remove(root + "/oci-layout") }, "no file oci-layout"},
		"a layout of the future": {func(root string) {
			damage(t, root+"/oci-layout", func([]byte) []byte { return []byte(`{"imageLayoutVersion":"2.0"}`) })
		}, "2.0"},
		"a manifest with a wrong bit": {func(root string) { damage(t, manifestOf(t, root), flip) }, "has the digest"},
	} {
		t.Run(name, func(t *testing.T) {
			image := testimage.Image(t, v1.Config{}, testimage.Layer(t, testimage.Tar(t, testimage.File("f", 0o600, noise))))
			root := testimage.Layout(t, image)
			test.change(root)
			if found := refused(t, home(t), Source{Layout: root}, limits.Limits{}, "image-invalid"); !strings.Contains(found.Message, test.words) {
				t.Errorf("message: %s", found.Message)
			}
		})
	}
}

func manifestOf(t *testing.T, root string) string {
	t.Helper()
	index, err := layout.ImageIndexFromPath(root)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "blobs/sha256", manifest.Manifests[0].Digest.Hex)
}

// lying is a layer whose DiffID is that of other contents.
type lying struct{ v1.Layer }

func (lying) DiffID() (v1.Hash, error) {
	return v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}, nil
}

func TestHostileLayersAreRefused(t *testing.T) {
	big := testimage.Tar(t, testimage.File("f", 0o600, strings.Repeat("x", 100_000)))
	for name, test := range map[string]struct {
		layer v1.Layer
		code  string
		words string
	}{
		"a layer that unpacks to something else": {lying{testimage.Layer(t, big)}, "image-invalid", "but the image says"},
		"a tar that is cut short":                {testimage.Layer(t, big[:50_000]), "image-invalid", "not a whole tar"},
		"a layer that is no tar":                 {testimage.Layer(t, bytes.Repeat([]byte("no tar "), 1000)), "image-invalid", "not a whole tar"},
		"a bomb":                                 {bomb(t, nil), "limit", "expands like a bomb"},
		"bytes without end after the tar":        {bomb(t, big), "limit", "expands like a bomb"},
		"a hard link out of the image":           {testimage.Layer(t, testimage.Tar(t, testimage.Link("x", "../../../../etc/passwd", 0o600))), "image-invalid", "not there"},
		"a sparse file of 8 EiB":                 {testimage.Layer(t, sparseTar(t)), "limit", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			image := testimage.Image(t, v1.Config{}, test.layer)
			if found := refused(t, home(t), Source{Layout: testimage.Layout(t, image)}, limits.Limits{}, test.code); !strings.Contains(found.Message, test.words) {
				t.Errorf("message: %s", found.Message)
			}
		})
	}
}

// bomb follows some content by 1.1 GiB of zeroes, as one gzip stream of many members.
func bomb(t *testing.T, content []byte) v1.Layer {
	zeroes := gzipped(t, make([]byte, 11<<20))
	return static.NewLayer(append(gzipped(t, content), bytes.Repeat(zeroes, 100)...), types.OCILayer)
}

func sparseTar(t *testing.T) []byte {
	entry := testimage.File("huge", 0o600, "0\n")
	entry.PAXRecords = map[string]string{"GNU.sparsf.major": "0", "GNU.sparsf.minor": "1", "GNU.sparsf.size": "9223372036854775807",
		"GNU.sparsf.numblocks": "0", "GNU.sparsf.map": ""}
	// The writer of archive/tar refuses these records by name.
	return bytes.ReplaceAll(testimage.Tar(t, entry), []byte("GNU.sparsf"), []byte("GNU.sparse"))
}

func TestLinksOutOfTheImageTouchNothing(t *testing.T) {
	canary := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(canary, []byte("alive"), 0o600); err != nil {
		t.Fatal(err)
	}
	climb := strings.Repeat("../", 30) + canary[1:]
	content := testimage.Tar(t,
		testimage.File(climb, 0o600, "dead"), testimage.File(canary, 0o600, "dead"), testimage.Symlink("out", filepath.Dir(canary)),
		testimage.File("out/canary", 0o600, "dead"), testimage.Symlink("up", strings.Repeat("../", 30)), testimage.File("up"+canary, 0o600, "dead"),
		testimage.File("up"+filepath.Dir(canary)+"/.wh.canary", 0, ""))
	res := built(t, home(t), Source{Layout: testimage.Layout(t, testimage.Image(t, v1.Config{}, testimage.Layer(t, content)))})
	if text, err := os.ReadFile(canary); err != nil || string(text) != "alive" {
		t.Errorf("the canary: %q, %v", text, err)
	}
	if text := testimage.ReadFile(t, res.Disk, canary); text != "dead" {
		t.Errorf("in the image: %q", text)
	}
}

func TestSourcesThatAreNotThereAreNamed(t *testing.T) {
	empties := t.TempDir()
	text := save(t, []byte(strings.Repeat("this is a text\n", 100)))
	other := save(t, testimage.Tar(t, testimage.File("readme", 0o600, "hello")))
	for name, test := range map[string]struct {
		from  Source
		code  string
		words string
	}{
		"no layout":                          {Source{Layout: "/nowhere/at/all"}, "image-not-found", "/nowhere/at/all"},
		"no archive":                         {Source{Archive: "/nowhere/at/all"}, "image-not-found", "/nowhere/at/all"},
		"no directory":                       {Source{Rootfs: "/nowhere/at/all"}, "image-not-found", "/nowhere/at/all"},
		"an empty directory as a layout":     {Source{Layout: empties}, "image-invalid", "no file oci-layout"},
		"a file as a layout":                 {Source{Layout: text}, "image-invalid", "not a directory"},
		"a file as a directory":              {Source{Rootfs: text}, "image-invalid", "not a directory"},
		"a directory as an archive":          {Source{Archive: empties}, "image-invalid", "not a regular file"},
		"a text as an archive":               {Source{Archive: text}, "image-invalid", "not a whole tar"},
		"a tar without an image":             {Source{Archive: other}, "image-invalid", "no oci-layout and no manifest.json"},
		"a layout without images":            {Source{Layout: emptyLayout(t)}, "image-not-found", "holds no image"},
		"an archive cut short within a gzip": {Source{Archive: save(t, gzipped(t, testimage.Tar(t, testimage.File("a", 0, "b")))[:60])}, "image-invalid", "cannot be unpacked"},
	} {
		t.Run(name, func(t *testing.T) {
			if found := refused(t, home(t), test.from, limits.Limits{}, test.code); !strings.Contains(found.Message, test.words) {
				t.Errorf("message: %s", found.Message)
			}
		})
	}
}

func emptyLayout(t *testing.T) string {
	root, err := layout.Write(t.TempDir(), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	return string(root)
}

func platformed(t *testing.T, image v1.Image, os, arch string) mutate.IndexAddendum {
	t.Helper()
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = os, arch
	changed, err := mutate.ConfigFile(image, file)
	if err != nil {
		t.Fatal(err)
	}
	return mutate.IndexAddendum{Add: changed, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: os, Architecture: arch}}}
}

func TestTheImageIsPickedByPlatformAndName(t *testing.T) {
	amd := testimage.Image(t, v1.Config{}, testimage.Layer(t, testimage.Tar(t, testimage.File("amd", 0o600, "x"))))
	fits, arm := platformed(t, amd, "linux", "amd64"), platformed(t, amd, "linux", "arm64")
	attestation := platformed(t, amd, "unknown", "unknown")
	attestation.Descriptor.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	nested := mutate.AppendManifests(empty.Index, attestation, arm, fits)
	root, err := layout.Write(t.TempDir(), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	other := testimage.Image(t, v1.Config{User: "other"})
	annotated := func(name string) layout.Option {
		return layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": name})
	}
	for _, failed := range []error{root.AppendIndex(nested, annotated("multi")), root.AppendImage(other, annotated("other")), root.AppendImage(arm.Add.(v1.Image), annotated("arm"))} {
		if failed != nil {
			t.Fatal(failed)
		}
	}
	from := func(ref string) Source { return Source{Layout: string(root), Ref: ref} }
	want := testimage.Digest(t, fits.Add.(v1.Image)).String()
	index := testimage.Digest(t, nested).String()
	for _, ref := range []string{"multi", index, want} {
		if res := built(t, home(t), from(ref)); res.Digest != want {
			t.Errorf("%s: got %s, want %s", ref, res.Digest, want)
		}
	}
	if res := built(t, home(t), from("other")); res.Config.User != "other" {
		t.Errorf("other: %+v", res)
	}
	if found := refused(t, home(t), from("arm"), limits.Limits{}, "image-not-found"); !strings.Contains(found.Message, "only for linux/arm64") {
		t.Errorf("message: %s", found.Message)
	}
	if found := refused(t, home(t), from("absent"), limits.Limits{}, "image-not-found"); !strings.Contains(found.Message, "arm, multi, other") {
		t.Errorf("message: %s", found.Message)
	}
	if found := refused(t, home(t), from(""), limits.Limits{}, "invalid-argument"); !strings.Contains(found.Message, "arm, multi, other") {
		t.Errorf("message: %s", found.Message)
	}
}

func TestRequestsAreChecked(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          ``,
		"no JSON":          `hello`,
		"two sources":      `{"source":{"layout":"/a","archive":"/b"},"images":"/i","platform":"linux/amd64"}`,
		"no source":        `{"source":{},"images":"/i","platform":"linux/amd64"}`,
		"a ref for rootfs": `{"source":{"rootfs":"/a","ref":"x"},"images":"/i","platform":"linux/amd64"}`,
		"relative images":  `{"source":{"layout":"/a"},"images":"i","platform":"linux/amd64"}`,
		"no platform":      `{"source":{"layout":"/a"},"images":"/i"}`,
		"half a platform":  `{"source":{"layout":"/a"},"images":"/i","platform":"linux"}`,
		"an unknown field": `{"source":{"layout":"/a"},"images":"/i","platform":"linux/amd64","extra":1}`,
		"a negative limit": `{"source":{"layout":"/a"},"images":"/i","platform":"linux/amd64","limits":{"entries":-1}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadRequest(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "Expected") {
				t.Errorf("got %v", err)
			}
		})
	}
}
