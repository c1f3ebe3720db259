// boxlite-image brings images and makes read-only disks of them. Each command reads one request from standard input and
// writes JSON lines to standard output: progress, then a result or an error.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"boxlite/internal/build"
	"boxlite/internal/confine"
	"boxlite/internal/failure"
	"boxlite/internal/input"
	"boxlite/internal/progress"
	"boxlite/internal/pull"
	"boxlite/internal/sweep"
)

const (
	exitFailed  = 1
	exitAborted = 143 // as if SIGTERM had ended it
	lockFd      = 3
)

func main() {
	// Files are this user's alone, whatever the caller's umask; directories are made with their own modes.
	syscall.Umask(0o077)
	// The lock on the store, where the caller gave one, is not for the programs that this one starts.
	unix.CloseOnExec(lockFd)
	ctx := abortable()
	report := progress.New(os.Stdout)

	var res any
	err := failure.Guard(func() (err error) {
		res, err = run(ctx, report)
		return err
	})
	switch {
	case err == nil:
		report.Result(res)
	case ctx.Err() != nil:
		report.Failure(failure.From(context.Canceled))
		os.Exit(exitAborted)
	default:
		report.Failure(failure.From(err))
		os.Exit(exitFailed)
	}
}

// run does the one thing that its argument names.
func run(ctx context.Context, report *progress.Reporter) (any, error) {
	name := strings.Join(os.Args[1:], " ")
	switch name {
	case "build":
		return with(ctx, build.ReadRequest, func(r *build.Request) (any, error) {
			return confined(r.Images, r.Needs(), func() (any, error) { return build.Run(ctx, r, report) })
		})
	case "inspect":
		return with(ctx, build.ReadRequest, func(r *build.Request) (any, error) {
			return confined(r.Images, r.Needs(), func() (any, error) { return build.Inspect(ctx, r) })
		})
	case "pull":
		return with(ctx, read[pull.Request], func(r *pull.Request) (any, error) {
			auth, err := r.Identify(ctx)
			if err != nil {
				return nil, err
			}
			return confined(r.Images, r.Needs(), func() (any, error) { return pull.Run(ctx, r, auth, report) })
		})
	case "sweep":
		return with(ctx, read[sweep.Request], func(r *sweep.Request) (any, error) {
			return confined(r.Images, r.Needs(), func() (any, error) { return sweep.Run(ctx, r) })
		})
	case "doctor":
		return confine.Probe(), nil
	}
	return nil, failure.New(failure.InvalidArgument, "Run it with a request on standard input.", "Expected one of build, inspect, pull, sweep and doctor but received %q.", name)
}

// confined does its work with no more rights than it needs. The directory must be there to be named in them.
func confined(images string, needs confine.Rules, work func() (any, error)) (any, error) {
	if err := os.MkdirAll(images, 0o700); err != nil {
		return nil, fmt.Errorf("making %s: %w", images, err)
	}
	if _, err := confine.Apply(needs); err != nil {
		return nil, err
	}
	return work()
}

func read[R any](in io.Reader) (*R, error) {
	document := new(R)
	return document, input.Read(in, document)
}

// with reads the request so that it can be aborted, which reading from a pipe alone cannot.
func with[R any](ctx context.Context, read func(io.Reader) (*R, error), use func(*R) (any, error)) (any, error) {
	type outcome struct {
		request *R
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		request, err := read(os.Stdin)
		done <- outcome{request, err}
	}()
	select {
	case found := <-done:
		if found.err != nil {
			return nil, found.err
		}
		return use(found.request)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// abortable is cancelled by the first signal, and when the reader of the output has gone; a second signal ends the
// program at once.
func abortable() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		// Waiting for another process's work writes nothing, so no SIGPIPE would tell. poll(2): the other end was closed.
		output := []unix.PollFd{{Fd: 1}}
		for {
			if n, err := unix.Poll(output, -1); n > 0 && output[0].Revents&unix.POLLERR != 0 {
				cancel()
				return
			} else if err != unix.EINTR {
				return
			}
		}
	}()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE)
	go func() {
		<-signals
		signal.Reset(syscall.SIGTERM, syscall.SIGINT)
		cancel()
	}()
	return ctx
}
