// Package progress writes the JSON lines of standard output: progress a few times a second, then one last line.
package progress

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"boxlite/internal/failure"
)

const interval = 200 * time.Millisecond

type state struct {
	Phase      string `json:"phase"`
	DoneBytes  int64  `json:"doneBytes"`
	TotalBytes int64  `json:"totalBytes"`
	Text       string `json:"text"`
}

// Reporter is safe for use by several goroutines; a nil Reporter is silent.
type Reporter struct {
	mu    sync.Mutex
	out   io.Writer
	now   state
	said  state
	ended bool
	stop  chan struct{}
}

// New starts to report to out until Result or Failure is called.
func New(out io.Writer) *Reporter {
	r := &Reporter{out: out, stop: make(chan struct{})}
	go r.tick()
	return r
}

// Phase begins a part of the work and says so at once.
func (r *Reporter) Phase(phase, text string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.Phase, r.now.Text = phase, text
	r.say()
}

// Total sets how many bytes of work there are, with none done.
func (r *Reporter) Total(bytes int64) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.TotalBytes, r.now.DoneBytes = bytes, 0
}

// Add counts bytes of work as done.
func (r *Reporter) Add(bytes int64) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.DoneBytes = min(r.now.DoneBytes+bytes, r.now.TotalBytes)
}

// Result writes the last line of a success.
func (r *Reporter) Result(res any) { r.end(map[string]any{"result": res}) }

// Failure writes the last line of a failure.
func (r *Reporter) Failure(f *failure.Failure) { r.end(map[string]any{"error": f}) }

func (r *Reporter) end(line any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	close(r.stop)
	r.write(line)
}

func (r *Reporter) tick() {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
			r.mu.Lock()
			r.say()
			r.mu.Unlock()
		}
	}
}

func (r *Reporter) say() {
	if r.ended || r.now == r.said || r.now.Phase == "" {
		return
	}
	r.said = r.now
	r.write(map[string]any{"progress": r.now})
}

func (r *Reporter) write(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		return
	}
	// A reader that has gone is noticed by SIGPIPE, which main takes as an abort.
	_, _ = r.out.Write(append(text, '\n'))
}
