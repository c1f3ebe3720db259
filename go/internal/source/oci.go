package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"boxlite/internal/failure"
)

// OpenLayout finds an image in an OCI layout directory.
func OpenLayout(root, ref string, platform v1.Platform) (*Image, error) {
	from, err := layoutAt(root)
	if err != nil {
		return nil, err
	}
	return openOCI(from, ref, platform)
}

func layoutAt(root string) (files, error) {
	info, err := os.Stat(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure.New(failure.ImageNotFound, "Check the path of the layout directory.", "There is no directory %s.", root)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, failure.New(failure.ImageInvalid, "Give a file as { archive }.", "%s is not a directory, so it is not an OCI layout.", root)
	}
	from := directory{root}
	if _, err := document(from, "oci-layout"); errors.Is(err, fs.ErrNotExist) {
		return nil, failure.New(failure.ImageInvalid, "Make one with, for example, `skopeo copy docker://… oci:DIR`, or give a plain directory as { rootfs }.",
			"%s is not an OCI layout: there is no file oci-layout in it.", root)
	}
	return from, nil
}

// openOCI reads an OCI layout, be it a directory or an archive.
func openOCI(from files, ref string, platform v1.Platform) (*Image, error) {
	if err := checkLayoutVersion(from); err != nil {
		return nil, err
	}
	index, err := topIndex(from)
	if err != nil {
		return nil, err
	}
	picked, err := (&chooser{from: from, platform: platform}).choose(index, ref)
	if err != nil {
		return nil, err
	}
	return openManifest(from, picked, platform)
}

func checkLayoutVersion(from files) error {
	content, err := document(from, "oci-layout")
	if err != nil {
		return err
	}
	var layout struct {
		Version string `json:"imageLayoutVersion"`
	}
	if err := json.Unmarshal(content, &layout); err != nil || !bytes.HasPrefix([]byte(layout.Version), []byte("1.")) {
		return failure.Invalid("%s is an OCI layout of the version %q, only 1.0.0 is supported", from.where(), layout.Version)
	}
	return nil
}

func topIndex(from files) (*v1.IndexManifest, error) {
	content, err := document(from, "index.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure.Invalid("%s is not a whole OCI layout: there is no file index.json in it", from.where())
	}
	if err != nil {
		return nil, err
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(content))
	if err != nil {
		return nil, failure.Invalid("index.json in %s cannot be read: %v", from.where(), err)
	}
	return index, nil
}

// openManifest turns a verified manifest into an Image.
func openManifest(from files, picked candidate, platform v1.Platform) (*Image, error) {
	manifest, config := picked.manifest, picked.config
	if len(manifest.Layers) != len(config.RootFS.DiffIDs) {
		return nil, failure.Invalid("The image %s in %s has %d layers, but its config lists %d", picked.digest, from.where(), len(manifest.Layers), len(config.RootFS.DiffIDs))
	}
	image := &Image{Digest: picked.digest, Platform: platformOf(config, platform), SizeBytes: picked.size + manifest.Config.Size, close: from.close}
	var err error
	if image.Config, err = describe(config); err != nil {
		return nil, err
	}
	for i, each := range manifest.Layers {
		layer, err := layerOf(from, each, config.RootFS.DiffIDs[i])
		if err != nil {
			return nil, err
		}
		image.Layers = append(image.Layers, layer)
		image.SizeBytes += each.Size
	}
	return image, nil
}

func layerOf(from files, d v1.Descriptor, diffID v1.Hash) (Layer, error) {
	if err := checkDigest(from, d.Digest); err != nil {
		return Layer{}, err
	}
	if err := checkDigest(from, diffID); err != nil {
		return Layer{}, err
	}
	if !d.MediaType.IsLayer() && d.MediaType != types.OCILayerZStd {
		return Layer{}, failure.Invalid("The layer %s in %s is of the type %q, which is not a layer of files", d.Digest, from.where(), d.MediaType)
	}
	file, size, err := from.open(blobName(d.Digest))
	if errors.Is(err, fs.ErrNotExist) {
		return Layer{}, failure.Invalid("%s has no blob %s, which is a layer of the image", from.where(), d.Digest)
	}
	if err != nil {
		return Layer{}, err
	}
	file.Close()
	if size != d.Size {
		return Layer{}, failure.Invalid("The layer %s in %s has %d bytes, but its descriptor says %d", d.Digest, from.where(), size, d.Size)
	}
	return Layer{Name: d.Digest.String(), Digest: d.Digest, DiffID: diffID, Size: size, Open: opener(from, blobName(d.Digest))}, nil
}

func opener(from files, name string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		file, _, err := from.open(name)
		return file, err
	}
}
