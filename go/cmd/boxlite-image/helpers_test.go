package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/testimage"
)

type line struct {
	Progress *struct {
		Phase, Text           string
		DoneBytes, TotalBytes int64
	}
	Result *struct {
		Digest, Disk string
		Cached       bool
	}
	Error *struct{ Code, Message, Hint string }
}

type process struct {
	*exec.Cmd
	lines *bufio.Scanner
	out   io.ReadCloser
}

func start(t *testing.T, request string, wrap ...string) *process {
	t.Helper()
	argv := append(wrap, program, "build")
	p := &process{Cmd: exec.Command(argv[0], argv[1:]...)}
	p.Stdin, p.Stderr = strings.NewReader(request), os.Stderr
	var err error
	if p.out, err = p.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	p.lines = bufio.NewScanner(p.out)
	return p
}

func (p *process) next(t *testing.T) (line, bool) {
	t.Helper()
	if !p.lines.Scan() {
		return line{}, false
	}
	var read line
	if err := json.Unmarshal(p.lines.Bytes(), &read); err != nil {
		t.Fatalf("%s: %v", p.lines.Text(), err)
	}
	return read, true
}

// building reads up to the first line that says so.
func (p *process) building(t *testing.T) {
	t.Helper()
	for {
		if read, more := p.next(t); !more || read.Progress == nil {
			t.Fatalf("ended early: %s", p.lines.Text())
		} else if read.Progress.Phase == "build" {
			return
		}
	}
}

// end reads the last line and the exit code.
func (p *process) end(t *testing.T) (last line, code int) {
	t.Helper()
	for {
		read, more := p.next(t)
		if !more {
			break
		}
		last = read
	}
	err := p.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return last, p.ProcessState.ExitCode()
}

func request(layout, images string) string {
	return fmt.Sprintf(`{"source":{"layout":%q},"images":%q,"platform":"linux/amd64"}`, layout, images)
}

func small(t *testing.T) string {
	content := testimage.Tar(t, testimage.File("hello", 0o644, "hello"))
	return testimage.Layout(t, testimage.Image(t, v1.Config{}, testimage.Layer(t, content)))
}

// slowLayout is an image that takes most of a second to unpack.
func slowLayout(t *testing.T) string {
	data := bytes.Repeat([]byte("not quite the same again "), 8<<20)
	content := testimage.Tar(t, testimage.Entry{Header: testimage.File("slow", 0o600, "").Header, Data: data})
	return testimage.Layout(t, testimage.Image(t, v1.Config{}, testimage.Layer(t, content)))
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, each := range entries {
		all = append(all, each.Name())
	}
	return all
}

func clean(t *testing.T, images string) {
	t.Helper()
	if left := append(names(t, images+"/tmp"), names(t, images+"/disks")...); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

// caught waits until main reads its input: by then it has asked for its signals.
func caught(t *testing.T, pid int) {
	t.Helper()
	until(t, func() bool { return blockedOnStdin(pid) })
}

// blockedOnStdin: some thread of the process is in read(0, …).
func blockedOnStdin(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
	for _, each := range threads {
		call, _ := os.ReadFile(each)
		if bytes.HasPrefix(call, []byte(fmt.Sprintf("%d 0x0 ", syscall.SYS_READ))) {
			return true
		}
	}
	return false
}

func until(t *testing.T, fact func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !fact(); {
		if time.Now().After(deadline) {
			t.Fatal("it never came true")
		}
	}
}
