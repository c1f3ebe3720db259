package confine

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// attempt is what a confined process was able to do.
type attempt map[string]string

// TestMain is also the confined process: confinement is for good.
func TestMain(m *testing.M) {
	if inside := os.Getenv("CONFINED_DIRECTORY"); inside != "" {
		answer(inside, os.Getenv("CONFINED_OUTSIDE"), os.Getenv("CONFINED_NETWORK") != "")
	}
	os.Exit(m.Run())
}

func answer(inside, outside string, network bool) {
	rules := Rules{Write: []string{inside}, Network: network}
	if !network {
		rules.Read = []string{"/proc/self"}
	}
	if _, err := Apply(rules); err != nil {
		panic(err)
	}
	_, readErr := os.ReadFile(filepath.Join(outside, "there"))
	_, dialErr := net.Dial("tcp", os.Getenv("CONFINED_ADDRESS"))
	status, _ := os.ReadFile("/proc/self/status")
	_ = json.NewEncoder(os.Stdout).Encode(attempt{
		"write inside":  text(os.WriteFile(filepath.Join(inside, "made"), nil, 0o600)),
		"write outside": text(os.WriteFile(filepath.Join(outside, "made"), nil, 0o600)),
		"truncate":      text(os.Truncate(filepath.Join(outside, "there"), 0)),
		"remove":        text(os.Remove(filepath.Join(outside, "there"))),
		"read outside":  text(readErr),
		"program":       text(unix.Exec("/bin/true", []string{"true"}, nil)),
		"dial":          text(dialErr),
		"io_uring":      text(ioUring()),
		"device":        text(unix.Mknod(filepath.Join(inside, "device"), unix.S_IFCHR, 0)),
		"capabilities":  field(status, "CapEff:"),
		"privileges":    field(status, "NoNewPrivs:"),
	})
	os.Exit(0)
}

func ioUring() error {
	if _, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// text is the error number's own, or "" of what was done.
func text(err error) string {
	var number unix.Errno
	if errors.As(err, &number) {
		return unix.ErrnoName(number)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func field(status []byte, name string) string {
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, name); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func confined(t *testing.T, network bool) attempt {
	t.Helper()
	if Probe().Landlock == 0 || !Probe().Seccomp {
		t.Skip("this kernel has no Landlock or no seccomp")
	}
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "there"), []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "CONFINED_DIRECTORY="+t.TempDir(), "CONFINED_OUTSIDE="+outside, "CONFINED_ADDRESS="+listener.Addr().String())
	if network {
		child.Env = append(child.Env, "CONFINED_NETWORK=yes")
	}
	var complaint bytes.Buffer
	child.Stderr = &complaint
	out, err := child.Output()
	// AllThreadsSyscall is for programs without cgo, as boxlite-image is.
	if strings.Contains(complaint.String(), "operation not supported") {
		t.Fatal("run the tests with CGO_ENABLED=0")
	}
	if err != nil {
		t.Fatalf("%v: %s", err, complaint.String())
	}
	var found attempt
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	if content, err := os.ReadFile(filepath.Join(outside, "there")); err != nil || string(content) != "canary" {
		t.Errorf("the canary is %q, %v", content, err)
	}
	return found
}

func TestABuildWritesItsDirectoryAloneAndHasNoNetworkAndNoPrograms(t *testing.T) {
	want := attempt{
		"write inside": "", "write outside": "EACCES", "truncate": "EACCES", "remove": "EACCES", "read outside": "EACCES",
		"program": "EPERM", "dial": "EPERM", "io_uring": "EPERM", "device": "EPERM", "capabilities": "0000000000000000", "privileges": "1",
	}
	same(t, confined(t, false), want)
}

func TestAPullKeepsTheNetworkAndReadingAndNothingElse(t *testing.T) {
	want := attempt{
		"write inside": "", "write outside": "EACCES", "truncate": "EACCES", "remove": "EACCES", "read outside": "",
		"program": "EPERM", "dial": "", "io_uring": "EPERM", "device": "EPERM", "capabilities": "0000000000000000", "privileges": "1",
	}
	same(t, confined(t, true), want)
}

func same(t *testing.T, found, want attempt) {
	t.Helper()
	for name, expected := range want {
		if found[name] != expected {
			t.Errorf("%s: %q, want %q", name, found[name], expected)
		}
	}
}
