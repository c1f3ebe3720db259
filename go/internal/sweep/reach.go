package sweep

import (
	"encoding/json"
	"io"
	"os"

	"boxlite/internal/source"
	"boxlite/internal/store"
)

// node is a manifest or an index, as far as it names other blobs.
type node struct {
	Config    digest   `json:"config"`
	Layers    []digest `json:"layers"`
	Manifests []digest `json:"manifests"`
}

type digest struct {
	Digest string `json:"digest"`
}

const prefix = "sha256:"

// reach is the blobs themselves and all that they lead to, of what is in the store. A layer is only ever led to.
func reach(images *store.Store, roots []string) map[string]bool {
	seen := map[string]bool{}
	pending := append([]string{}, roots...)
	for len(pending) > 0 {
		hex := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if seen[hex] || len(hex) != 64 {
			continue
		}
		seen[hex] = true
		found := readNode(images, hex)
		for _, layer := range append(found.Layers, found.Config) {
			if len(layer.Digest) == len(prefix)+64 {
				seen[layer.Digest[len(prefix):]] = true
			}
		}
		for _, manifest := range found.Manifests {
			if len(manifest.Digest) == len(prefix)+64 {
				pending = append(pending, manifest.Digest[len(prefix):])
			}
		}
	}
	return seen
}

func readNode(images *store.Store, hex string) (found node) {
	file, err := os.Open(images.BlobPath(hex))
	if err != nil {
		return node{}
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, source.MaxDocument))
	if err != nil || json.Unmarshal(content, &found) != nil {
		return node{}
	}
	return found
}
