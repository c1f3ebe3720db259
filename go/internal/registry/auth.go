package registry

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"boxlite/internal/failure"
)

// Auth is what the caller gave to identify itself; without it the user's Docker config and its helpers are asked.
type Auth struct {
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Token    string `json:"token,omitempty"`
}

// Credentials are found before the process gives up the right to run other programs: a helper is one.
func Credentials(ctx context.Context, given *Auth, repository name.Repository) (authn.Authenticator, error) {
	switch {
	case given != nil && given.Token != "":
		return authn.FromConfig(authn.AuthConfig{RegistryToken: given.Token}), nil
	case given != nil:
		return authn.FromConfig(authn.AuthConfig{Username: given.Username, Password: given.Password}), nil
	}
	found, err := authn.Resolve(ctx, authn.DefaultKeychain, repository)
	if err != nil {
		return nil, failure.New(failure.ImageAuth, "Log in again (docker login), or pass auth to images.pull().",
			"Reading the credentials for %s from the Docker config failed: %v", Host(repository.Registry), err)
	}
	return found, nil
}

// Host is a registry's name as users write it.
func Host(registry name.Registry) string {
	if registry.Name() == name.DefaultRegistry {
		return "docker.io"
	}
	return registry.Name()
}
