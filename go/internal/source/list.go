package source

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/failure"
)

// ListLayout lists what a layout directory holds.
func ListLayout(root string) ([]Listed, error) {
	from, err := layoutAt(root)
	if err != nil {
		return nil, err
	}
	return listOCI(from)
}

func listOCI(from files) ([]Listed, error) {
	if err := checkLayoutVersion(from); err != nil {
		return nil, err
	}
	index, err := topIndex(from)
	if err != nil {
		return nil, err
	}
	var all []Listed
	for _, each := range index.Manifests {
		if !isAttestation(each) {
			all = add(all, each.Digest.String(), nameOf(each))
		}
	}
	return all, nil
}

func listSaved(from files) ([]Listed, error) {
	saved, err := allSaved(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure.New(failure.ImageInvalid, "Make one with `docker save`, `podman save` or `skopeo copy … oci-archive:FILE`.",
			"%s is neither an OCI archive nor one of docker save: there is no oci-layout and no manifest.json in it.", from.where())
	}
	var all []Listed
	for _, each := range saved {
		all = add(all, each.id(), each.RepoTags...)
	}
	return all, err
}

// add puts names of one image together.
func add(all []Listed, ref string, names ...string) []Listed {
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	for i := range all {
		if all[i].Ref == ref {
			all[i].Names = append(all[i].Names, names...)
			return all
		}
	}
	return append(all, Listed{ref, append([]string{}, names...)})
}

// nameOf: a bare tag, as skopeo writes it, names nothing outside the layout.
func nameOf(d v1.Descriptor) string {
	if full := d.Annotations[containerdName]; full != "" {
		return full
	}
	if name := d.Annotations[refName]; strings.ContainsAny(name, "/:") {
		return name
	}
	return ""
}
