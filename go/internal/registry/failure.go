package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"boxlite/internal/failure"
)

// explain turns what went wrong with a registry into what the caller is told. what is the thing that was asked for.
func explain(err error, registry name.Registry, what string) error {
	var known *failure.Failure
	if err == nil || errors.As(err, &known) || errors.Is(err, errHostFS) || errors.Is(err, context.Canceled) && !errors.Is(err, errIdle) {
		return err
	}
	var answer *transport.Error
	if errors.As(err, &answer) {
		return explainAnswer(answer, registry, what)
	}
	return unreachable(err, registry, what)
}

func explainAnswer(answer *transport.Error, registry name.Registry, what string) error {
	host, said := Host(registry), saying(answer)
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return failure.New(failure.ImageAuth, "Pass auth to images.pull(), or log in with docker login. Some registries say the same of a repository that does not exist.",
			"%s refused to give %s: %s", host, what, said)
	case http.StatusNotFound:
		return failure.New(failure.ImageNotFound, "Check the name and the tag.", "%s has no %s: %s", host, what, said)
	case http.StatusBadRequest:
		return failure.New(failure.ImageNotFound, "Check the name and the tag.", "%s does not take %s: %s", host, what, said)
	case http.StatusTooManyRequests:
		return retryable("Wait, or log in: the limits of registries are higher for users that they know.", "%s limits how often it is asked for %s: %s", host, what, said)
	}
	return retryable("Try again later.", "%s failed to give %s: %s", host, what, said)
}

// saying is the registry's own text, one line of it.
func saying(answer *transport.Error) string {
	text := fmt.Sprintf("status %d", answer.StatusCode)
	for _, each := range answer.Errors {
		text += fmt.Sprintf(", %s %s", each.Code, each.Message)
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
	return text[:min(len(text), 300)]
}

func unreachable(err error, registry name.Registry, what string) error {
	host := Host(registry)
	switch {
	case errors.Is(err, errPlain), speaksPlainOnly(err):
		found := failure.New(failure.RegistryUnreachable, "Pass insecure: true to images.pull() if that registry and the network to it are trusted.",
			"Asking %s for %s failed: it speaks plain http, which is not allowed.", host, what)
		return found
	case isCertificate(err):
		return failure.New(failure.RegistryUnreachable, "Add the authority that signed the registry's certificate to this machine's (SSL_CERT_FILE names a file of them).",
			"Asking %s for %s failed: its certificate is not trusted: %v", host, what, bare(err))
	}
	return retryable("Check the network and the proxy variables (HTTPS_PROXY, NO_PROXY), then try again.", "Asking %s for %s failed: %v", host, what, bare(err))
}

func retryable(hint, format string, args ...any) error {
	found := failure.New(failure.RegistryUnreachable, hint, format, args...)
	found.Retryable = true
	return found
}

// bare leaves addresses out: those that registries redirect to carry signatures.
func bare(err error) error {
	if errors.Is(err, errIdle) {
		return errIdle
	}
	var request *url.Error
	for errors.As(err, &request) {
		err = request.Err
	}
	return err
}

func speaksPlainOnly(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

func isCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &verification) || errors.As(err, &authority)
}

// mayPass tells whether the same request may well succeed when made again at once.
func mayPass(err error) bool {
	var known *failure.Failure
	if errors.As(err, &known) {
		return false
	}
	if errors.Is(err, errPlain) || speaksPlainOnly(err) || isCertificate(err) || failure.IsFull(err) {
		return false
	}
	var answer *transport.Error
	if errors.As(err, &answer) {
		return answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout
	}
	var dial *url.Error
	return errors.As(err, &dial) || errors.Is(err, errIdle) || errors.Is(err, errCut) || errors.Is(err, io.ErrUnexpectedEOF)
}
