// Package limits bounds what one image may cost the host. Past a bound the work ends with 'limit'.
package limits

import (
	"fmt"
	"strconv"

	"boxlite/internal/failure"
)

const (
	// MaxFile keeps a file's extents within what the ext4 writer lays out correctly (one leaf block of 340).
	MaxFile = 32 << 30
	// MaxComponent is NAME_MAX of ext4.
	MaxComponent = 255
	// MaxSymlink is what fits in the one block a symlink of ext4 may have.
	MaxSymlink = 4095
	// MaxHardLinks and MaxSubdirectories are EXT4_LINK_MAX, less '.' and '..' for directories.
	MaxHardLinks      = 65000
	MaxSubdirectories = 64998

	ratioFloor = 1 << 30
	maxRatio   = 200
)

// Limits of one image; every field has a default.
type Limits struct {
	// Entries is the number of tar headers in all layers, or of files in a directory. Default 1,000,000
	Entries int64 `json:"entries,omitempty"`
	// PathBytes is the length of one path in the image. Default 4096
	PathBytes int64 `json:"pathBytes,omitempty"`
	// LayerBytes is the size of one layer, uncompressed. Default 16 GiB
	LayerBytes int64 `json:"layerBytes,omitempty"`
	// ImageBytes is the size of all files that are in the flattened image. Default 32 GiB
	ImageBytes int64 `json:"imageBytes,omitempty"`
	// MetadataBytes is what names, link targets and extended attributes take in all. Default 256 MiB
	MetadataBytes int64 `json:"metadataBytes,omitempty"`
	// Steps bounds the look-ups made to resolve links and opaque directories. Default 200,000,000
	Steps int64 `json:"steps,omitempty"`
	// SpoolBytes is what may be kept of unpacked layers meanwhile, to unpack them once only. Default 4 GiB
	SpoolBytes int64 `json:"spoolBytes,omitempty"`
}

// WithDefaults fills in what was left out and refuses what makes no sense.
func (l Limits) WithDefaults() (Limits, error) {
	fields := []struct {
		name     string
		value    *int64
		fallback int64
		most     int64
	}{
		{"entries", &l.Entries, 1_000_000, 20_000_000},
		{"pathBytes", &l.PathBytes, 4096, 4096},
		{"layerBytes", &l.LayerBytes, 16 << 30, 1 << 40},
		{"imageBytes", &l.ImageBytes, 32 << 30, 1 << 40},
		{"metadataBytes", &l.MetadataBytes, 256 << 20, 8 << 30},
		{"steps", &l.Steps, 200_000_000, 1 << 40},
		{"spoolBytes", &l.SpoolBytes, 4 << 30, 1 << 40},
	}
	for _, field := range fields {
		if *field.value == 0 {
			*field.value = field.fallback
		}
		if *field.value < 0 || *field.value > field.most {
			return l, failure.New(failure.InvalidArgument, "Leave it out for the default.",
				"Expected 1 to %d for limits.%s but received %d.", field.most, field.name, *field.value)
		}
	}
	return l, nil
}

// Exceeded is the failure of passing a limit: which, by what, how much there was and is allowed.
func Exceeded(what string, found, allowed int64, unit string) error {
	return failure.New(failure.Limit, "Use a smaller image, or raise the limit if the image is trusted.",
		"%s: %d %s, the limit is %d.", what, found, unit, allowed)
}

// Shorten quotes a name for a message; an image's names may be long and have anything in them.
func Shorten(name string) string {
	const most = 48
	if len(name) > most {
		return strconv.Quote(name[:most]) + "…"
	}
	return strconv.Quote(name)
}

// CheckLayer judges a layer by what has come out of it so far, before more is read.
func (l Limits) CheckLayer(name string, packed, unpacked int64) error {
	if unpacked > l.LayerBytes {
		return Exceeded(fmt.Sprintf("Layer %s is too large uncompressed", name), unpacked, l.LayerBytes, "bytes or more")
	}
	if unpacked > ratioFloor && unpacked/maxRatio > packed {
		return Exceeded(fmt.Sprintf("Layer %s expands like a bomb, from %d bytes", name, packed), unpacked, packed*maxRatio, "bytes or more")
	}
	return nil
}
