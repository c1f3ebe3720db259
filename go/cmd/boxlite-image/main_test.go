package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/testimage"
)

var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "boxlite-image-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "boxlite-image")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is shipped
	build.Stderr = os.Stderr
	code := 1
	if build.Run() == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func TestABuildEndsWithOneResultAndStatusZero(t *testing.T) {
	images := filepath.Join(t.TempDir(), "images")
	last, code := start(t, request(small(t), images)).end(t)
	if code != 0 || last.Result == nil || last.Result.Cached {
		t.Fatalf("status %d, %+v", code, last)
	}
	if text := testimage.ReadFile(t, last.Result.Disk, "/hello"); text != "hello" {
		t.Errorf("read %q", text)
	}
}

func TestAFailureEndsWithOneErrorAndStatusOne(t *testing.T) {
	last, code := start(t, request("/nowhere", t.TempDir())).end(t)
	if code != 1 || last.Error == nil || last.Error.Code != "image-not-found" || last.Error.Hint == "" {
		t.Errorf("status %d, %+v", code, last.Error)
	}
}

func TestABuildThatIsCutOffLeavesNothing(t *testing.T) {
	layout := slowLayout(t)
	t.Run("by SIGTERM", func(t *testing.T) { signalled(t, layout, syscall.SIGTERM) })
	t.Run("by SIGINT", func(t *testing.T) { signalled(t, layout, syscall.SIGINT) })
	t.Run("by a reader that goes away", func(t *testing.T) { unread(t, layout) })
	t.Run("by SIGKILL, once the next has run", func(t *testing.T) { killed(t, layout) })
}

func signalled(t *testing.T, layout string, signal os.Signal) {
	images := filepath.Join(t.TempDir(), "images")
	p := start(t, request(layout, images))
	p.building(t)
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	last, code := p.end(t)
	if code != 143 || last.Error == nil || last.Error.Code != "aborted" {
		t.Errorf("status %d, %+v", code, last)
	}
	clean(t, images)
}

func TestASignalEndsTheWaitForARequest(t *testing.T) {
	p := &process{Cmd: exec.Command(program, "build")}
	input, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	if p.out, err = p.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(p.out)
	caught(t, p.Process.Pid)
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if last, code := p.end(t); code != 143 || last.Error == nil || last.Error.Code != "aborted" {
		t.Errorf("status %d, %+v", code, last)
	}
}

func unread(t *testing.T, layout string) {
	images := filepath.Join(t.TempDir(), "images")
	p := start(t, request(layout, images))
	p.building(t)
	p.out.Close()
	if err := p.Wait(); err == nil {
		t.Error("it went on")
	}
	clean(t, images)
}

func killed(t *testing.T, layout string) {
	images := filepath.Join(t.TempDir(), "images")
	p := start(t, request(layout, images))
	p.building(t)
	until(t, func() bool { return len(names(t, images+"/tmp")) > 0 })
	_ = p.Process.Kill()
	_ = p.Wait()
	if len(names(t, images+"/tmp")) == 0 {
		t.Fatal("it left nothing, so there is nothing to see")
	}
	last, code := start(t, request(layout, images)).end(t)
	if code != 0 || last.Result == nil || last.Result.Cached {
		t.Fatalf("status %d, %+v", code, last)
	}
	if left := names(t, images+"/tmp"); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
	testimage.CheckDisk(t, last.Result.Disk)
}

func TestManyProcessesBuildAnImageOnce(t *testing.T) {
	images := filepath.Join(t.TempDir(), "images")
	layout := small(t)
	var running []*process
	for range 8 {
		running = append(running, start(t, request(layout, images)))
	}
	fresh := 0
	for _, p := range running {
		last, code := p.end(t)
		if code != 0 || last.Result == nil {
			t.Fatalf("status %d, %+v", code, last.Error)
		}
		if !last.Result.Cached {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("it was built %d times", fresh)
	}
}

func TestAFullDiskIsRefusedWithWhatItNeeds(t *testing.T) {
	images := t.TempDir()
	script := `mount -t tmpfs -o size=3m tmpfs "$0" && "$@"; status=$?; ls -A "$0/tmp" "$0/disks" | grep -E '^[0-9a-f]{8}' >&2 && exit 99; exit $status`
	content := testimage.Tar(t, testimage.File("large", 0o600, strings.Repeat("x", 4<<20)))
	layout := testimage.Layout(t, testimage.Image(t, v1.Config{}, testimage.Layer(t, content)))
	last, code := start(t, request(layout, images), "unshare", "--map-root-user", "--mount", "sh", "-c", script, images).end(t)
	if code != 1 || last.Error == nil || last.Error.Code != "no-space" || !strings.Contains(last.Error.Message, "bytes are free") {
		t.Errorf("status %d, %+v", code, last)
	}
}
