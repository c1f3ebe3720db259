package build

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"boxlite/internal/limits"
	"boxlite/internal/result"
	"boxlite/internal/testimage"
)

func twoLayers(t *testing.T) v1.Image {
	lower := testimage.Tar(t,
		testimage.Dir("usr/lib/", 0o755), testimage.Symlink("lib", "usr/lib"), testimage.File("usr/lib/a", 0o644, "lower a"),
		testimage.File("usr/lib/gone", 0o644, "gone"), testimage.File("etc/conf", 0o600, "lower conf"), testimage.File("empty", 0o644, ""))
	upper := testimage.Tar(t,
		testimage.File("lib/b", 0o4755, "upper b"), testimage.File("lib/.wh.gone", 0, ""), testimage.File("etc/conf", 0o640, "upper conf, longer"),
		testimage.Link("linked", "usr/lib/a", 0o644), testimage.Entry{Header: tar.Header{Typeflag: tar.TypeChar, Name: "dev/null", Mode: 0o666, Devmajor: 1, Devminor: 3}})
	config := v1.Config{Env: []string{"PATH=/bin", "A=b=c", "EMPTY"}, Entrypoint: []string{"/init"}, Cmd: []string{"-x"}, User: "1:2",
		WorkingDir: "app/", ExposedPorts: map[string]struct{}{"80/tcp": {}, "53/udp": {}}, Labels: map[string]string{"k": "v"}}
	return testimage.Image(t, config, testimage.Layer(t, lower), testimage.Layer(t, upper))
}

func checkTwoLayers(t *testing.T, disk string) {
	t.Helper()
	testimage.CheckDisk(t, disk)
	for path, want := range map[string]string{"/usr/lib/a": "lower a", "/usr/lib/b": "upper b", "/etc/conf": "upper conf, longer", "/linked": "lower a", "/empty": ""} {
		if got := testimage.ReadFile(t, disk, path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	root := strings.Join(testimage.Names(t, disk, "/"), ", ")
	if root != "040755 0 0 dev, 040755 0 0 etc, 040755 0 0 usr, 100644 0 0 linked, 100644 0 0 empty, 120777 0 0 lib" {
		t.Errorf("in the root: %s", root)
	}
	if lib := strings.Join(testimage.Names(t, disk, "/usr/lib"), ", "); lib != "100644 0 0 a, 104755 0 0 b" {
		t.Errorf("in /usr/lib: %s", lib)
	}
	if out := testimage.Debugfs(t, disk, "stat /linked"); !strings.Contains(out, "Links: 2") {
		t.Errorf("stat /linked: %s", out)
	}
	if out := testimage.Debugfs(t, disk, "stat /dev/null"); !strings.Contains(out, "Device major/minor number: 01:03") {
		t.Errorf("stat /dev/null: %s", out)
	}
}

func TestALayoutBecomesADiskOnce(t *testing.T) {
	image, images := twoLayers(t), home(t)
	from := Source{Layout: testimage.Layout(t, image)}
	first := built(t, images, from)
	checkTwoLayers(t, first.Disk)
	digest := testimage.Digest(t, image)
	if first.Digest != digest.String() || first.Disk != filepath.Join(images, "disks", digest.Hex+".ext4") || first.Cached || first.Platform != "linux/amd64" {
		t.Errorf("result: %+v", first)
	}
	want := result.Config{Entrypoint: []string{"/init"}, Cmd: []string{"-x"}, Env: map[string]string{"PATH": "/bin", "A": "b=c", "EMPTY": ""},
		User: "1:2", Cwd: "/app", Ports: []string{"53/udp", "80/tcp"}, Labels: map[string]string{"k": "v"}}
	if !reflect.DeepEqual(first.Config, want) {
		t.Errorf("config: %+v", first.Config)
	}
	before, _ := os.Stat(first.Disk)
	second := built(t, images, from)
	after, _ := os.Stat(second.Disk)
	if !second.Cached || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("the second build made it again: %+v", second)
	}
	first.Cached = true
	if !reflect.DeepEqual(first, second) {
		t.Errorf("results differ:\n%+v\n%+v", first, second)
	}
}

func TestTheSameImageIsTheSameDiskByteForByte(t *testing.T) {
	from := Source{Layout: testimage.Layout(t, twoLayers(t))}
	one, err := os.ReadFile(built(t, home(t), from).Disk)
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(built(t, home(t), from).Disk)
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("two builds differ (%v)", err)
	}
}

func TestADiskThatWasCutOffIsMadeAgain(t *testing.T) {
	images, from := home(t), Source{Layout: testimage.Layout(t, twoLayers(t))}
	disk := built(t, images, from).Disk
	if err := os.Truncate(disk, 8192); err != nil {
		t.Fatal(err)
	}
	if again := built(t, images, from); again.Cached {
		t.Error("the cut-off disk was taken")
	}
	checkTwoLayers(t, disk)
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	images := home(t)
	disk := built(t, images, Source{Layout: testimage.Layout(t, twoLayers(t))}).Disk
	for path, want := range map[string]os.FileMode{images: 0o700, images + "/disks": 0o700, images + "/tmp": 0o700, images + "/locks": 0o700,
		disk: 0o600, strings.TrimSuffix(disk, ".ext4") + ".json": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestArchivesBecomeTheSameTree(t *testing.T) {
	image := twoLayers(t)
	tag, err := name.NewTag("example.com/two:v1")
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "saved.tar")
	if err := tarball.WriteToFile(saved, tag, image); err != nil {
		t.Fatal(err)
	}
	docker, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	oci := tarOf(t, testimage.Layout(t, image))
	for name, test := range map[string]struct {
		content []byte
		ref     string
		digest  func() (v1.Hash, error)
	}{
		"an OCI archive":                       {oci, "", image.Digest},
		"an OCI archive with gzip":             {gzipped(t, oci), "", image.Digest},
		"an OCI archive with zstd":             {zstandard(t, oci), "", image.Digest},
		"docker save":                          {docker, "", image.ConfigName},
		"docker save, by tag":                  {docker, "example.com/two:v1", image.ConfigName},
		"docker save with gzip":                {gzipped(t, docker), "", image.ConfigName},
		"docker save with layers as links":     {withLinks(t, docker), "", image.ConfigName},
		"docker save whose tar begins with ./": {prefixed(t, docker, "./"), "", image.ConfigName},
	} {
		t.Run(name, func(t *testing.T) {
			res := built(t, home(t), Source{Archive: save(t, test.content), Ref: test.ref})
			if want, _ := test.digest(); res.Digest != want.String() {
				t.Errorf("digest %s, want %s", res.Digest, want)
			}
			checkTwoLayers(t, res.Disk)
		})
	}
}

func TestLayersOfEveryCompressionAreRead(t *testing.T) {
	content := testimage.Tar(t, testimage.File("f", 0o600, strings.Repeat("content ", 10_000)))
	plain := testimage.Layer(t, content, tarball.WithCompressionLevel(gzip.NoCompression))
	packed := testimage.Layer(t, zstandard(t, content), tarball.WithMediaType("application/vnd.oci.image.layer.v1.tar+zstd"))
	for name, layer := range map[string]v1.Layer{"plain": plain, "zstd": packed} {
		t.Run(name, func(t *testing.T) {
			res := built(t, home(t), Source{Layout: testimage.Layout(t, testimage.Image(t, v1.Config{}, layer))})
			if got := testimage.ReadFile(t, res.Disk, "/f"); got != strings.Repeat("content ", 10_000) {
				t.Errorf("read %d bytes", len(got))
			}
		})
	}
}

func TestAnImageWithoutLayersIsAnEmptyDisk(t *testing.T) {
	res := built(t, home(t), Source{Layout: testimage.Layout(t, testimage.Image(t, v1.Config{}))})
	testimage.CheckDisk(t, res.Disk)
}

func TestWithoutSpoolsTheDiskIsTheSame(t *testing.T) {
	image := twoLayers(t)
	from := Source{Layout: testimage.Layout(t, image)}
	with, err := os.ReadFile(built(t, home(t), from).Disk)
	if err != nil {
		t.Fatal(err)
	}
	res, err := run(t, home(t), from, limits.Limits{SpoolBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	without, err := os.ReadFile(res.Disk)
	if err != nil || !bytes.Equal(with, without) {
		t.Errorf("the disks differ (%v)", err)
	}
}

func TestLimitsEndTheBuild(t *testing.T) {
	from := Source{Layout: testimage.Layout(t, twoLayers(t))}
	for name, bounds := range map[string]limits.Limits{
		"entries": {Entries: 5}, "paths": {PathBytes: 8}, "layer": {LayerBytes: 2000}, "image": {ImageBytes: 20}, "metadata": {MetadataBytes: 20},
	} {
		t.Run(name, func(t *testing.T) {
			found := refused(t, home(t), from, bounds, "limit")
			if !strings.Contains(found.Message, "the limit is") {
				t.Errorf("message: %s", found.Message)
			}
		})
	}
}
