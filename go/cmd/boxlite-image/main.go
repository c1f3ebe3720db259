// boxlite-image makes read-only image disks. `boxlite-image build` reads one request from standard input and writes
// JSON lines to standard output: progress, then a result or an error.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"boxlite/internal/build"
	"boxlite/internal/failure"
	"boxlite/internal/progress"
	"boxlite/internal/result"
)

const (
	exitFailed  = 1
	exitAborted = 143 // as if SIGTERM had ended it
)

func main() {
	// Files are this user's alone, whatever the caller's umask; directories are made with their own modes.
	syscall.Umask(0o077)
	ctx := abortable()
	report := progress.New(os.Stdout)

	var res result.Result
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

func run(ctx context.Context, report *progress.Reporter) (result.Result, error) {
	if len(os.Args) != 2 || os.Args[1] != "build" {
		return result.Result{}, failure.New(failure.InvalidArgument, "Run `boxlite-image build` with a request on standard input.", "Expected the one argument build but received %q.", os.Args[1:])
	}
	request, err := readRequest(ctx)
	if err != nil {
		return result.Result{}, err
	}
	return build.Run(ctx, request, report)
}

// readRequest can be aborted, which reading from a pipe alone cannot.
func readRequest(ctx context.Context) (request *build.Request, err error) {
	read := make(chan struct{})
	go func() {
		request, err = build.ReadRequest(os.Stdin)
		close(read)
	}()
	select {
	case <-read:
		return request, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// abortable is cancelled by the first signal, a gone reader's SIGPIPE too; a second one ends the program at once.
func abortable() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE)
	go func() {
		<-signals
		signal.Reset(syscall.SIGTERM, syscall.SIGINT)
		cancel()
	}()
	return ctx
}
