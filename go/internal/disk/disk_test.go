package disk_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"boxlite/internal/disk"
	"boxlite/internal/testimage"
)

func write(t *testing.T, lostFound string, entries ...testimage.Entry) string {
	t.Helper()
	return writeTar(t, lostFound, bytes.NewReader(testimage.Tar(t, entries...)))
}

func writeTar(t *testing.T, lostFound string, content io.Reader) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.ext4")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	err = disk.Write(file, 64<<30, lostFound, func(out io.Writer) error {
		_, err := io.Copy(out, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	testimage.CheckDisk(t, path)
	return path
}

func TestADiskHasWhatTheTarHasAndNothingElse(t *testing.T) {
	path := write(t, "", testimage.Dir("./", 0o755), testimage.Dir("etc/", 0o750), testimage.File("etc/hosts", 0o644, "localhost\n"))
	if names := testimage.Names(t, path, "/"); !slices.Equal(names, []string{"040750 0 0 etc"}) {
		t.Errorf("in the root: %q", names)
	}
	if text := testimage.ReadFile(t, path, "/etc/hosts"); text != "localhost\n" {
		t.Errorf("read %q", text)
	}
}

func TestAnImagesOwnLostAndFoundIsKept(t *testing.T) {
	path := write(t, disk.LostFound, testimage.Dir("lost+found/", 0o711), testimage.File("lost+found/x", 0o600, "kept"))
	if names := testimage.Names(t, path, "/"); !slices.Equal(names, []string{"040711 0 0 lost+found"}) {
		t.Errorf("in the root: %q", names)
	}
	if text := testimage.ReadFile(t, path, "/lost+found/x"); text != "kept" {
		t.Errorf("read %q", text)
	}
}

func TestALostAndFoundThatIsAFileGetsItsNameBack(t *testing.T) {
	entries := []testimage.Entry{}
	for i := range 300 {
		entries = append(entries, testimage.File(fmt.Sprintf("%0100d", i), 0o600, ""))
	}
	path := write(t, disk.StandIn, append(entries, testimage.File(disk.StandIn, 0o640, "a file"))...)
	if text := testimage.ReadFile(t, path, "/lost+found"); text != "a file" {
		t.Errorf("read %q", text)
	}
	if count := len(testimage.Names(t, path, "/")); count != 301 {
		t.Errorf("%d names in the root", count)
	}
}

func TestZeroesAreHolesAndReadAsZeroes(t *testing.T) {
	data := make([]byte, 40<<20)
	_, _ = rand.Read(data[10<<20 : 10<<20+5000])
	path := write(t, "", testimage.File("f", 0o600, string(data)))
	if testimage.ReadFile(t, path, "/f") != string(data) {
		t.Error("the file is not what it was")
	}
	if used := usedBytes(t, path); used > 1<<20 {
		t.Errorf("the disk takes %d bytes", used)
	}
}

func TestFilesOfManyExtentsAreWhole(t *testing.T) {
	// More than four extents of 128 MiB need a block of their own.
	const size = 700 << 20
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(bigTar(writer, size)) }()
	path := writeTar(t, "", reader)
	if out := testimage.Debugfs(t, path, "stat /big"); !strings.Contains(out, fmt.Sprintf("Size: %d", size)) {
		t.Errorf("stat: %s", out)
	}
	if end := testimage.ReadFile(t, path, "/big"); len(end) != size || !strings.HasSuffix(end, "the end") {
		t.Errorf("the file has %d bytes", len(end))
	}
}

func TestAttributesBeyondTheInodeAreInTheOrderOfTheKernel(t *testing.T) {
	entry := testimage.File("f", 0o600, "x")
	entry.PAXRecords = map[string]string{}
	for _, key := range []string{"user.zz", "user.a", "trusted.b", "security.long-name", "user.mm", "trusted.aaaa", "security.x"} {
		entry.PAXRecords["SCHILY.xattr."+key] = strings.Repeat(key[:1], 90)
	}
	path := write(t, "", entry)
	var order []string
	for line := range strings.SplitSeq(testimage.Debugfs(t, path, "ea_list /f"), "\n") {
		if name, _, found := strings.Cut(strings.TrimSpace(line), " ("); found {
			order = append(order, name)
		}
	}
	// By namespace (user 1, trusted 4, security 6), length, name.
	want := []string{"user.a", "user.mm", "user.zz", "trusted.b", "trusted.aaaa", "security.x", "security.long-name"}
	if !slices.Equal(order, want) {
		t.Errorf("got %q", order)
	}
}

func TestAFullDiskIsTheReasonThatIsGiven(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	content := testimage.Tar(t, testimage.File("f", 0o600, strings.Repeat("x", 8<<20)))
	err = disk.Write(full, 64<<30, "", func(out io.Writer) error {
		_, err := out.Write(content)
		return err
	})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
}

func TestAnEmptyTarIsAnEmptyDisk(t *testing.T) {
	if names := testimage.Names(t, write(t, ""), "/"); len(names) != 0 {
		t.Errorf("in the root: %q", names)
	}
}

func TestManyFilesInManyGroupsPassTheCheck(t *testing.T) {
	entries := []testimage.Entry{}
	for d := range 40 {
		entries = append(entries, testimage.Dir(fmt.Sprintf("d%d/", d), 0o755))
		for f := range 1000 {
			entries = append(entries, testimage.File(fmt.Sprintf("d%d/file-with-a-name-%d", d, f), 0o644, "x"))
		}
	}
	path := write(t, "", entries...)
	if count := len(testimage.Names(t, path, "/d39")); count != 1000 {
		t.Errorf("%d names", count)
	}
}
