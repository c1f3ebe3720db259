// Package failure holds the one error type that reaches the caller: a code, what was found, and what to do.
package failure

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"
)

// Codes, a part of the public list of error codes.
const (
	Aborted             = "aborted"
	ImageAuth           = "image-auth"
	ImageInvalid        = "image-invalid"
	ImageNotFound       = "image-not-found"
	InvalidArgument     = "invalid-argument"
	Limit               = "limit"
	NoSpace             = "no-space"
	Permission          = "permission"
	RegistryUnreachable = "registry-unreachable"
	Store               = "store"
	Unsupported         = "unsupported"
)

// Failure is an error as the caller sees it.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	// Retryable: the same work may succeed when done again.
	Retryable bool `json:"retryable,omitempty"`
}

func (f *Failure) Error() string { return f.Message }

// New makes a failure; the message says what was attempted, on which thing, and what was found.
func New(code, hint, format string, args ...any) *Failure {
	return &Failure{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Invalid is a failure of the image itself.
func Invalid(format string, args ...any) *Failure {
	return New(ImageInvalid, "The image is damaged or was made by a faulty tool: build, save or copy it again.", format, args...)
}

// From turns any error into a failure: its own, a cancelled context, or what the host's error number means.
func From(err error) *Failure {
	var known *Failure
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return New(Aborted, "Start the call again.", "The work on the image was aborted.")
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return fromErrno(number, err)
	}
	return New(Store, "Run doctor() to check this machine, then try again.", "The work on the image failed: %v", err)
}

// IsFull tells whether the host's disk, or this user's share of it, is full.
func IsFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

func fromErrno(number syscall.Errno, err error) *Failure {
	switch number {
	case syscall.ENOSPC, syscall.EDQUOT:
		return New(NoSpace, "Free some disk space, or set home to a larger disk.", "No space is left: %v", err)
	case syscall.EACCES, syscall.EPERM, syscall.EROFS:
		return New(Permission, "Give the user that runs this program access to the path.", "Access was denied: %v", err)
	case syscall.EMFILE, syscall.ENFILE:
		return New(Limit, "Raise the limit of open files (ulimit -n).", "Too many files are open: %v", err)
	case syscall.ENOMEM:
		return New(Limit, "Free some memory.", "The host has no memory left: %v", err)
	}
	return New(Store, "Check the disk and the file system of the path.", "The host's file system failed: %v", err)
}

// Guard runs fn and turns a panic, as a hostile image might provoke in a library, into an error.
func Guard(fn func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			debug.PrintStack()
			err = Invalid("The image could not be read: %v", cause)
		}
	}()
	return fn()
}
