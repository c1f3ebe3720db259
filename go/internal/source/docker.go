package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/failure"
)

// savedImage is an element of manifest.json, as `docker save` writes it.
type savedImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// openDocker reads what docker save wrote. Such archives have no manifest digest: the config's, which is Docker's image
// id and covers every layer's DiffID, names the image.
func openDocker(from files, ref string, platform v1.Platform) (*Image, error) {
	saved, err := pickSaved(from, ref)
	if err != nil {
		return nil, err
	}
	content, err := document(from, path.Clean(saved.Config))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure.Invalid("%s has no file %q, which is the config of the image", from.where(), saved.Config)
	}
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(from, content)
	if err != nil {
		return nil, err
	}
	if found := config.Platform(); found != nil && !found.Satisfies(platform) {
		return nil, failure.New(failure.ImageNotFound, "Use an image built for "+platform.String()+".", "%s has no image for %s, only for %s.", from.where(), platform, found)
	}
	if len(saved.Layers) != len(config.RootFS.DiffIDs) {
		return nil, failure.Invalid("The image in %s has %d layers, but its config lists %d", from.where(), len(saved.Layers), len(config.RootFS.DiffIDs))
	}
	sum := sha256.Sum256(content)
	digest := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
	image := &Image{Digest: digest, Platform: platformOf(config, platform), SizeBytes: int64(len(content)), close: from.close}
	if image.Config, err = describe(config); err != nil {
		return nil, err
	}
	return image, image.addSaved(from, saved.Layers, config.RootFS.DiffIDs)
}

func (i *Image) addSaved(from files, layers []string, diffIDs []v1.Hash) error {
	for at, layer := range layers {
		if err := checkDigest(from, diffIDs[at]); err != nil {
			return err
		}
		file, size, err := from.open(path.Clean(layer))
		if errors.Is(err, fs.ErrNotExist) {
			return failure.Invalid("%s has no file %q, which is a layer of the image", from.where(), layer)
		}
		if err != nil {
			return err
		}
		file.Close()
		i.Layers = append(i.Layers, Layer{Name: layer, DiffID: diffIDs[at], Size: size, Open: opener(from, path.Clean(layer))})
		i.SizeBytes += size
	}
	return nil
}

// id is how the image is told from others without a name: its config's digest as the file's name says it.
func (s savedImage) id() string {
	return "sha256:" + strings.TrimSuffix(path.Base(s.Config), ".json")
}

func allSaved(from files) (all []savedImage, err error) {
	content, err := document(from, "manifest.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, failure.Invalid("manifest.json in %s cannot be read: %v", from.where(), err)
	}
	return all, nil
}

func pickSaved(from files, ref string) (savedImage, error) {
	all, err := allSaved(from)
	if err != nil {
		return savedImage{}, err
	}
	var tags []string
	for _, each := range all {
		tags = append(tags, each.RepoTags...)
		if slices.ContainsFunc(each.RepoTags, func(tag string) bool { return ref != "" && sameName(tag, ref) }) || ref != "" && ref == each.id() {
			return each, nil
		}
	}
	switch {
	case len(all) == 0:
		return savedImage{}, failure.New(failure.ImageNotFound, "Save an image into it first.", "%s holds no image.", from.where())
	case ref != "":
		return savedImage{}, failure.New(failure.ImageNotFound, "Use one of the names that are there.", "%s has no image %q, only %s.", from.where(), ref, strings.Join(append(tags, ""), " "))
	case len(all) > 1:
		return savedImage{}, failure.New(failure.InvalidArgument, moreThanOneImage, "%s holds %d images: %s.", from.where(), len(all), strings.Join(tags, ", "))
	}
	return all[0], nil
}
