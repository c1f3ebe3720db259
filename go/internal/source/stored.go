package source

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/failure"
)

// Fetch brings a manifest, an index or a config into the store where it is not there yet.
type Fetch func(d v1.Descriptor) error

// stored is the store of blobs that came from registries, laid out as an OCI layout without an index.
type stored struct {
	directory
	name  string
	fetch Fetch
}

func (s stored) where() string { return s.name }

// Chosen is an image that was found, its manifest and config verified and in the store; its layers may not be.
type Chosen struct {
	Digest v1.Hash
	Config v1.Descriptor
	Layers []v1.Descriptor
}

// Choose finds the image of a platform at or below a descriptor. name is for messages.
func Choose(root, name string, top v1.Descriptor, platform v1.Platform, fetch Fetch) (Chosen, error) {
	picked, err := chooseStored(stored{directory{root}, name, fetch}, top, platform)
	if err != nil {
		return Chosen{}, err
	}
	return Chosen{Digest: picked.digest, Config: picked.manifest.Config, Layers: picked.manifest.Layers}, nil
}

// OpenStored opens an image whose blobs are all in the store.
func OpenStored(root, digest string, platform v1.Platform) (*Image, error) {
	hash, err := v1.NewHash(digest)
	if err != nil {
		return nil, failure.New(failure.InvalidArgument, "Pass the digest of a manifest.", "Expected a digest for source.stored but received %q.", digest)
	}
	from := stored{directory{root}, "The store", nil}
	picked, err := chooseStored(from, v1.Descriptor{Digest: hash}, platform)
	if err != nil {
		return nil, err
	}
	return openManifest(from, picked, platform)
}

func chooseStored(from stored, top v1.Descriptor, platform v1.Platform) (candidate, error) {
	chooser := &chooser{from: from, platform: platform}
	var found []candidate
	if err := chooser.collect([]v1.Descriptor{top}, 0, &found); err != nil {
		return candidate{}, err
	}
	if len(found) == 0 {
		return candidate{}, chooser.none()
	}
	// Of several for one platform, the first: containerd's and Docker's rule.
	return found[0], nil
}
