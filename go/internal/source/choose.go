package source

import (
	"bytes"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"boxlite/internal/failure"
)

const (
	refName          = "org.opencontainers.image.ref.name"
	containerdName   = "io.containerd.image.name"
	attestationType  = "vnd.docker.reference.type"
	maxIndexDepth    = 8
	maxDescriptors   = 2000
	moreThanOneImage = "Say which one with ref, a name or a digest."
)

// candidate is a manifest that fits, verified.
type candidate struct {
	digest   v1.Hash
	size     int64
	manifest *v1.Manifest
	config   *v1.ConfigFile
}

// chooser walks an index, and indexes in it, for the one image of a platform.
type chooser struct {
	from     files
	platform v1.Platform
	seen     int
	others   []string // platforms that were there instead
	foreign  string   // a config's type, of something that is no container image
}

func (c *chooser) choose(index *v1.IndexManifest, ref string) (candidate, error) {
	descriptors := index.Manifests
	if ref != "" {
		var err error
		if descriptors, err = c.named(index, ref); err != nil {
			return candidate{}, err
		}
	}
	var found []candidate
	if err := c.collect(descriptors, 0, &found); err != nil {
		return candidate{}, err
	}
	switch {
	case len(found) == 0:
		return candidate{}, c.none()
	case len(found) > 1 && ref == "":
		return candidate{}, failure.New(failure.InvalidArgument, moreThanOneImage, "%s holds %d images for %s: %s.",
			c.from.where(), len(found), c.platform, strings.Join(names(index), ", "))
	}
	return found[0], nil
}

// none is the failure of finding no image, by what was there instead.
func (c *chooser) none() error {
	switch {
	case len(c.others) > 0:
		slices.Sort(c.others)
		return failure.New(failure.ImageNotFound, "Use an image built for "+c.platform.String()+".",
			"%s has no image for %s, only for %s.", c.from.where(), c.platform, strings.Join(slices.Compact(c.others), ", "))
	case c.foreign != "":
		return failure.Invalid("%s holds something that is not a container image: its config is of the type %q", c.from.where(), c.foreign)
	}
	return failure.New(failure.ImageNotFound, "Copy an image into it first.", "%s holds no image.", c.from.where())
}

// named picks by ref: a name as annotated, or a digest, of an index in the index too.
func (c *chooser) named(index *v1.IndexManifest, ref string) ([]v1.Descriptor, error) {
	var found []v1.Descriptor
	for _, each := range index.Manifests {
		if each.Annotations[refName] == ref || each.Digest.String() == ref || sameName(each.Annotations[containerdName], ref) {
			found = append(found, each)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	if digest, err := v1.NewHash(ref); err == nil {
		if file, _, err := c.from.open(blobName(digest)); err == nil {
			file.Close()
			return []v1.Descriptor{{Digest: digest}}, nil
		}
	}
	return nil, failure.New(failure.ImageNotFound, "Use one of the names that are there.", "%s has no image %q, only %s.",
		c.from.where(), ref, strings.Join(names(index), ", "))
}

func (c *chooser) collect(descriptors []v1.Descriptor, depth int, found *[]candidate) error {
	if depth > maxIndexDepth {
		return failure.Invalid("%s has indexes nested more than %d deep", c.from.where(), maxIndexDepth)
	}
	for _, each := range descriptors {
		if c.seen++; c.seen > maxDescriptors {
			return failure.New(failure.Limit, "This is not a usable image.", "%s lists more than %d manifests.", c.from.where(), maxDescriptors)
		}
		if isAttestation(each) || !c.mayFit(each.Platform) {
			continue
		}
		if err := c.enter(each, depth, found); err != nil {
			return err
		}
	}
	return nil
}

func (c *chooser) enter(d v1.Descriptor, depth int, found *[]candidate) error {
	content, err := blobDocument(c.from, d)
	if err != nil {
		return err
	}
	if isSchema1(d) {
		return failure.New(failure.ImageInvalid, "Push the image again with a current tool.", "%s is in Docker's schema 1, which is no longer supported.", c.from.where())
	}
	if d.MediaType.IsIndex() || d.MediaType == "" && sniffs(content, "manifests") {
		index, err := v1.ParseIndexManifest(bytes.NewReader(content))
		if err != nil {
			return failure.Invalid("The index %s in %s cannot be read: %v", d.Digest, c.from.where(), err)
		}
		return c.collect(index.Manifests, depth+1, found)
	}
	if !d.MediaType.IsImage() && d.MediaType != "" {
		return failure.Invalid("%s lists %s of the type %q, which is not an image", c.from.where(), d.Digest, d.MediaType)
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(content))
	if err != nil {
		return failure.Invalid("The manifest %s in %s cannot be read: %v", d.Digest, c.from.where(), err)
	}
	if !manifest.Config.MediaType.IsConfig() {
		c.foreign = string(manifest.Config.MediaType)
		return nil
	}
	config, err := readConfig(c.from, manifest.Config)
	if err != nil {
		return err
	}
	// A schema 2 config may have no platform at all; then the index, or the platform asked for, decides.
	if !c.mayFit(config.Platform()) || slices.ContainsFunc(*found, func(known candidate) bool { return known.digest == d.Digest }) {
		return nil
	}
	*found = append(*found, candidate{digest: d.Digest, size: int64(len(content)), manifest: manifest, config: config})
	return nil
}

// mayFit: without a platform the config, or the platform asked for, decides.
func (c *chooser) mayFit(platform *v1.Platform) bool {
	if platform == nil || platform.OS == "" && platform.Architecture == "" || platform.Satisfies(c.platform) {
		return true
	}
	if platform.OS != "unknown" {
		c.others = append(c.others, platform.String())
	}
	return false
}

func isSchema1(d v1.Descriptor) bool {
	return d.MediaType == types.DockerManifestSchema1 || d.MediaType == types.DockerManifestSchema1Signed
}

func isAttestation(d v1.Descriptor) bool {
	return d.Annotations[attestationType] != "" || d.Platform != nil && d.Platform.OS == "unknown"
}

func names(index *v1.IndexManifest) []string {
	var all []string
	for _, each := range index.Manifests {
		switch {
		case isAttestation(each):
		case each.Annotations[containerdName] != "":
			all = append(all, each.Annotations[containerdName])
		case each.Annotations[refName] != "":
			all = append(all, each.Annotations[refName])
		default:
			all = append(all, each.Digest.String())
		}
	}
	if len(all) == 0 {
		all = []string{"none"}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// sameName compares as Docker does: alpine is docker.io/library/alpine:latest.
func sameName(have, want string) bool {
	if have == "" {
		return false
	}
	first, err := name.ParseReference(have)
	if err != nil {
		return have == want
	}
	second, err := name.ParseReference(want)
	return err == nil && first.Name() == second.Name()
}
