package build

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"boxlite/internal/limits"
	"boxlite/internal/testimage"
)

// plainDirectory is a directory with one of each, all with the same time.
func plainDirectory(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	at := time.Date(2024, 2, 3, 4, 5, 6, 789, time.UTC)
	steps := []error{
		os.MkdirAll(root+"/usr/bin", 0o755),
		os.WriteFile(root+"/usr/bin/tool", []byte("#!/bin/sh\n"), 0o755),
		os.Chmod(root+"/usr/bin/tool", 0o755|os.ModeSetuid),
		os.Link(root+"/usr/bin/tool", root+"/usr/bin/alias"),
		os.Symlink("usr/bin", root+"/bin"),
		os.Symlink("/etc", root+"/usr/out"),
		os.Mkdir(root+"/secret", 0o700),
		os.WriteFile(root+"/secret/empty", nil, 0o600),
		syscall.Mkfifo(root+"/pipe", 0o620),
		os.Chmod(root+"/pipe", 0o620),
		unix.Setxattr(root+"/usr/bin/tool", "user.note", []byte("kept"), 0),
		os.Chmod(root, 0o700),
	}
	for _, err := range steps {
		if err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		stamp := unix.NsecToTimespec(at.UnixNano())
		return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{stamp, stamp}, unix.AT_SYMLINK_NOFOLLOW)
	})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestADirectoryBecomesADiskWithEverythingInIt(t *testing.T) {
	root := plainDirectory(t)
	res := built(t, home(t), Source{Rootfs: root})
	testimage.CheckDisk(t, res.Disk)
	if text := testimage.ReadFile(t, res.Disk, "/usr/bin/alias"); text != "#!/bin/sh\n" {
		t.Errorf("read %q", text)
	}
	for path, words := range map[string][]string{
		"/":             {"Type: directory", "Mode:  0755"},
		"/usr/bin/tool": {"Type: regular", "Mode:  04755", "Links: 2", "user.note (4) = \"kept\"", "mtime: 0x65bdbb72:00000c54"},
		"/bin":          {"Type: symlink", `Fast link dest: "usr/bin"`},
		"/usr/out":      {"Type: symlink", `Fast link dest: "/etc"`},
		"/secret":       {"Type: directory", "Mode:  0700"},
		"/secret/empty": {"Type: regular", "Size: 0"},
		"/pipe":         {"Type: FIFO", "Mode:  0620"},
	} {
		out := testimage.Debugfs(t, res.Disk, "stat "+path)
		for _, each := range words {
			if !strings.Contains(out, each) {
				t.Errorf("%s has no %q:\n%s", path, each, out)
			}
		}
	}
}

func TestAnUnchangedDirectoryIsFoundAgainAndAChangedOneIsNot(t *testing.T) {
	root, images := plainDirectory(t), home(t)
	first := built(t, images, Source{Rootfs: root})
	if again := built(t, images, Source{Rootfs: root}); !again.Cached || again.Digest != first.Digest {
		t.Errorf("unchanged: %+v", again)
	}
	if err := os.Chmod(root+"/secret", 0o711); err != nil {
		t.Fatal(err)
	}
	if changed := built(t, images, Source{Rootfs: root}); changed.Cached || changed.Digest == first.Digest {
		t.Errorf("changed: %+v", changed)
	}
	if disks := files(filepath.Join(images, "disks")); len(disks) != 4 {
		t.Errorf("disks: %q", disks)
	}
}

func TestSocketsAreLeftOut(t *testing.T) {
	root := t.TempDir()
	listener, err := net.Listen("unix", root+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := os.WriteFile(root+"/file", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	names := testimage.Names(t, built(t, home(t), Source{Rootfs: root}).Disk, "/")
	if len(names) != 1 || !strings.HasSuffix(names[0], " file") {
		t.Errorf("in the root: %q", names)
	}
}

func TestLinksOfADirectoryAreNeverFollowed(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(outside+"/secret", []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.Symlink(outside, root+"/link"); err != nil {
		t.Fatal(err)
	}
	disk := built(t, home(t), Source{Rootfs: root}).Disk
	if names := testimage.Names(t, disk, "/"); len(names) != 1 || !strings.HasPrefix(names[0], "120777") {
		t.Errorf("in the root: %q", names)
	}
	content, err := os.ReadFile(disk)
	if err != nil || slices.Contains(strings.Split(string(content), "\x00"), "outside") {
		t.Errorf("what a link leads to is on the disk (%v)", err)
	}
}

func TestADirectoryOverItsLimitIsRefused(t *testing.T) {
	refused(t, home(t), Source{Rootfs: plainDirectory(t)}, limits.Limits{Entries: 3}, "limit")
}
