package testimage

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool finds a program of e2fsprogs, which is often in a directory that users do not have in PATH.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/sbin", "/usr/sbin") {
		if path := filepath.Join(dir, name); executable(path) {
			return path
		}
	}
	t.Fatalf("%s is missing: install e2fsprogs", name)
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o111 != 0
}

// CheckDisk has e2fsck find nothing at all to say about a disk.
func CheckDisk(t *testing.T, disk string) {
	t.Helper()
	out, err := exec.Command(tool(t, "e2fsck"), "-fn", disk).CombinedOutput()
	if err != nil {
		t.Fatalf("e2fsck: %v\n%s", err, out)
	}
	if info, err := os.Stat(disk); err != nil || info.Size()%4096 != 0 {
		t.Fatalf("the disk is not in whole blocks: %v, %v", info, err)
	}
}

// Debugfs runs one command on a disk.
func Debugfs(t *testing.T, disk, command string) string {
	t.Helper()
	out, err := exec.Command(tool(t, "debugfs"), "-R", command, disk).Output()
	if err != nil {
		t.Fatalf("debugfs %s: %v", command, err)
	}
	return string(out)
}

// ReadFile is the contents of a file on a disk.
func ReadFile(t *testing.T, disk, path string) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "dump")
	Debugfs(t, disk, "dump \""+path+"\" "+target)
	data, err := os.ReadFile(target)
	if err != nil {
		t.Fatalf("%s is not on the disk: %v", path, err)
	}
	return string(data)
}

// Names lists a directory of a disk as "mode uid gid name", in the order of the disk, without the dots.
func Names(t *testing.T, disk, path string) []string {
	t.Helper()
	var names []string
	for line := range strings.SplitSeq(Debugfs(t, disk, "ls -p \""+path+"\""), "\n") {
		// /inode/mode/uid/gid/name/size/
		fields := strings.Split(line, "/")
		if len(fields) >= 7 && fields[5] != "" && fields[5] != "." && fields[5] != ".." {
			names = append(names, strings.Join(fields[2:6], " "))
		}
	}
	return names
}
