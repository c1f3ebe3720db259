package tree

import (
	"archive/tar"
	"fmt"
	"strings"
	"testing"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
)

func TestWhatNoFileSystemCouldHoldIsRefused(t *testing.T) {
	long := strings.Repeat("x", 256)
	xattr := func(key, value string) tar.Header {
		return tar.Header{Typeflag: tar.TypeReg, Name: "f", PAXRecords: map[string]string{"SCHILY.xattr." + key: value}}
	}
	chain := []tar.Header{}
	for i := range 300 {
		chain = append(chain, symlink(fmt.Sprintf("l%d", i), fmt.Sprintf("l%d", i+1)))
	}
	for name, test := range map[string]struct {
		entries []tar.Header
		code    string
	}{
		"a hard link to nothing":              {[]tar.Header{hardlink("b", "a", 0)}, failure.ImageInvalid},
		"a hard link to itself":               {[]tar.Header{file("a", 0), hardlink("a", "a", 0)}, failure.ImageInvalid},
		"a hard link to a directory":          {[]tar.Header{dir("a", 0), hardlink("b", "a", 0)}, failure.ImageInvalid},
		"a hard link to the root":             {[]tar.Header{hardlink("b", "/", 0)}, failure.ImageInvalid},
		"a file below a file":                 {[]tar.Header{file("a", 0), file("a/b", 0)}, failure.ImageInvalid},
		"a file below a link to a file":       {[]tar.Header{file("a", 0), symlink("l", "a"), file("l/b", 0)}, failure.ImageInvalid},
		"a file below a link to itself":       {[]tar.Header{symlink("a", "a"), file("a/b", 0)}, failure.ImageInvalid},
		"a file below links in a circle":      {[]tar.Header{symlink("a", "b"), symlink("b", "a"), file("a/b", 0)}, failure.ImageInvalid},
		"a file below 300 links":              {append(chain, file("l0/f", 0)), failure.ImageInvalid},
		"a symbolic link to nothing":          {[]tar.Header{symlink("a", "")}, failure.ImageInvalid},
		"a symbolic link of 4096 bytes":       {[]tar.Header{symlink("a", strings.Repeat("x", 4096))}, failure.Limit},
		"a whiteout of no name":               {[]tar.Header{file("d/.wh.", 0)}, failure.ImageInvalid},
		"a whiteout of its directory":         {[]tar.Header{file("d/.wh..", 0)}, failure.ImageInvalid},
		"a whiteout of its parent":            {[]tar.Header{file("d/.wh...", 0)}, failure.ImageInvalid},
		"a name of 256 bytes":                 {[]tar.Header{file(long, 0)}, failure.Limit},
		"a directory name of 256 bytes":       {[]tar.Header{file(long+"/f", 0)}, failure.Limit},
		"a path of more than 4096 bytes":      {[]tar.Header{file(strings.Repeat("abcdefg/", 520), 0)}, failure.Limit},
		"a path that links make too long":     {[]tar.Header{symlink("a", strings.Repeat("abcdefg/", 500)), symlink("abcdefg", strings.Repeat("hijklm/", 500)), file("a/f", 0)}, failure.Limit},
		"a file that claims 8 EiB":            {[]tar.Header{{Typeflag: tar.TypeReg, Name: "f", Size: 1<<63 - 1}}, failure.Limit},
		"an owner below 0":                    {[]tar.Header{{Typeflag: tar.TypeReg, Name: "f", Uid: -1}}, failure.ImageInvalid},
		"an owner above 32 bits":              {[]tar.Header{{Typeflag: tar.TypeReg, Name: "f", Gid: 1 << 32}}, failure.ImageInvalid},
		"a device number above 12 bits":       {[]tar.Header{{Typeflag: tar.TypeChar, Name: "f", Devmajor: 1 << 12}}, failure.ImageInvalid},
		"an unknown type":                     {[]tar.Header{{Typeflag: 'Z', Name: "f"}}, failure.ImageInvalid},
		"attributes larger than a block":      {[]tar.Header{xattr("user.big", strings.Repeat("x", 4096))}, failure.Limit},
		"an attribute without a name":         {[]tar.Header{xattr("user.", "x")}, failure.ImageInvalid},
		"a damaged access control list":       {[]tar.Header{xattr("system.posix_acl_access", "x")}, failure.ImageInvalid},
		"more links than a host has time for": {costly(), failure.Limit},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := flatten(t, limits.Limits{Steps: 1_000_000}, layers{test.entries})
			if err == nil || failure.From(err).Code != test.code {
				t.Errorf("got %v, want %s", err, test.code)
			}
		})
	}
}

// costly makes every further entry walk through 200 links of 2000 names each.
func costly() []tar.Header {
	deep := strings.Repeat("./x/../", 580)
	entries := []tar.Header{}
	for i := range 200 {
		entries = append(entries, symlink(fmt.Sprintf("l%d", i), deep+fmt.Sprintf("l%d", i+1)))
	}
	for i := range 100 {
		entries = append(entries, file(fmt.Sprintf("l0/f%d", i), 0o600))
	}
	return entries
}

func TestLimitsCountOverAllLayers(t *testing.T) {
	for name, test := range map[string]struct {
		bounds limits.Limits
		layers layers
	}{
		"entries":               {limits.Limits{Entries: 3}, layers{{file("a", 0), file("b", 0)}, {file("a", 0), file("b", 0)}}},
		"directories implied":   {limits.Limits{Entries: 3}, layers{{file("a/b/c/d", 0)}}},
		"metadata":              {limits.Limits{MetadataBytes: 10}, layers{{file("abcdef", 0)}, {file("ghijkl", 0)}}},
		"the size of one layer": {limits.Limits{LayerBytes: 10}, layers{{{Typeflag: tar.TypeReg, Name: "f", Size: 6}, {Typeflag: tar.TypeReg, Name: "g", Size: 6}}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := flatten(t, test.bounds, test.layers)
			if err == nil || failure.From(err).Code != failure.Limit {
				t.Errorf("got %v, want limit", err)
			}
		})
	}
}
