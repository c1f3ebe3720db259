package tree

import (
	"archive/tar"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"boxlite/internal/limits"
)

// Entries as short as the tables need them. A file's mode stands for its contents: it shows which entry won.
func dir(name string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}
}
func file(name string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: 1}
}
func symlink(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}
}
func hardlink(name, target string, mode int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: mode}
}

type layers [][]tar.Header

func flatten(t *testing.T, bounds limits.Limits, from layers) (*Tree, error) {
	t.Helper()
	bounds, err := bounds.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	flat := New(bounds)
	for _, layer := range from {
		flat.BeginLayer()
		for i := range layer {
			if err := flat.Add(&layer[i]); err != nil {
				return flat, err
			}
		}
	}
	return flat, nil
}

// listing is one line for each name: type, mode, path, and the target of a link. Hard links share a number.
func listing(root *Node) []string {
	var lines []string
	numbers := map[*Node]int{}
	var walk func(prefix string, node *Node)
	walk = func(prefix string, node *Node) {
		var bases []string
		node.Children(func(base string, _ *Node) { bases = append(bases, base) })
		slices.Sort(bases)
		for _, base := range bases {
			child := node.children[base].node
			line := fmt.Sprintf("%c %o %s", "-dlcbp"[child.Kind], child.Mode, prefix+base)
			if child.Kind == Symlink {
				line = "l " + prefix + base + " -> " + child.Target
			}
			if child.Kind == Regular {
				if _, seen := numbers[child]; !seen {
					numbers[child] = len(numbers) + 1
				}
				line += fmt.Sprintf(" #%d", numbers[child])
			}
			lines = append(lines, line)
			if child.Kind == Directory {
				walk(prefix+base+"/", child)
			}
		}
	}
	walk("/", root)
	return lines
}

func TestLayersAreFlattenedAsContainerdUnpacksThem(t *testing.T) {
	for name, test := range map[string]struct {
		layers layers
		want   []string
	}{
		// Names and parents: applyNaive cleans names and joins them to the root.
		"a name that climbs above the root stays in it": {
			layers{{file("../../etc/passwd", 0o600)}}, []string{"d 755 /etc", "- 600 /etc/passwd #1"}},
		"an absolute name starts at the root": {
			layers{{file("/etc/passwd", 0o600)}}, []string{"d 755 /etc", "- 600 /etc/passwd #1"}},
		"dots within a name are cleaned away": {
			layers{{file("./a/./b/../c", 0o600)}}, []string{"d 755 /a", "- 600 /a/c #1"}},
		"missing parents are made, 0755": {
			layers{{file("a/b/c", 0o600)}}, []string{"d 755 /a", "d 755 /a/b", "- 600 /a/b/c #1"}},
		"a later entry sets the mode of a parent that was made": {
			layers{{file("a/f", 0o600), dir("a", 0o711)}}, []string{"d 711 /a", "- 600 /a/f #1"}},
		"an entry for the root itself is ignored": {
			layers{{dir("./", 0o700), file("f", 0o600)}}, []string{"- 600 /f #1"}},
		"a global PAX header is ignored": {
			layers{{{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header"}, file("f", 0o600)}}, []string{"- 600 /f #1"}},

		// Replacing: two directories merge, everything else is removed first.
		"a file of an upper layer replaces the lower one": {
			layers{{file("f", 0o600)}, {file("f", 0o644)}}, []string{"- 644 /f #1"}},
		"the later of two entries in a layer wins": {
			layers{{file("f", 0o600), file("f", 0o644)}}, []string{"- 644 /f #1"}},
		"directories merge and take the upper mode": {
			layers{{dir("d", 0o755), file("d/a", 0o600)}, {dir("d", 0o711), file("d/b", 0o600)}},
			[]string{"d 711 /d", "- 600 /d/a #1", "- 600 /d/b #2"}},
		"a file replaces a directory and all in it": {
			layers{{file("d/a", 0o600)}, {file("d", 0o644)}}, []string{"- 644 /d #1"}},
		"a directory replaces a file": {
			layers{{file("d", 0o644)}, {dir("d", 0o700)}}, []string{"d 700 /d"}},
		"a directory replaces a link to a directory": {
			layers{{dir("real", 0o755), symlink("d", "real")}, {dir("d", 0o700)}}, []string{"d 700 /d", "d 755 /real"}},
		"a link replaces a directory": {
			layers{{file("d/a", 0o600)}, {symlink("d", "/other")}}, []string{"l /d -> /other"}},

		// Parents that are links: fs.RootPath.
		"an entry below a link to a directory goes into that directory": {
			layers{{dir("usr/lib", 0o755), symlink("lib", "usr/lib")}, {file("lib/x.so", 0o644)}},
			[]string{"l /lib -> usr/lib", "d 755 /usr", "d 755 /usr/lib", "- 644 /usr/lib/x.so #1"}},
		"an absolute link is taken from the image's root": {
			layers{{symlink("a", "/b"), dir("b", 0o755)}, {file("a/f", 0o600)}},
			[]string{"l /a -> /b", "d 755 /b", "- 600 /b/f #1"}},
		"a link that climbs above the root stops there": {
			layers{{symlink("a", "../../../etc")}, {file("a/f", 0o600)}},
			[]string{"l /a -> ../../../etc", "d 755 /etc", "- 600 /etc/f #1"}},
		"a link to a link is followed": {
			layers{{symlink("a", "b"), symlink("b", "c/d"), dir("c/d", 0o755)}, {file("a/f", 0o600)}},
			[]string{"l /a -> b", "l /b -> c/d", "d 755 /c", "d 755 /c/d", "- 600 /c/d/f #1"}},
		"'..' in a link counts from where the link is": {
			layers{{symlink("x/y/link", "../z"), dir("x/z", 0o755)}, {file("x/y/link/f", 0o600)}},
			[]string{"d 755 /x", "d 755 /x/y", "l /x/y/link -> ../z", "d 755 /x/z", "- 600 /x/z/f #1"}},
		"a dangling link's target is made": {
			layers{{symlink("a", "made/here")}, {file("a/f", 0o600)}},
			[]string{"l /a -> made/here", "d 755 /made", "d 755 /made/here", "- 600 /made/here/f #1"}},
		"the last name of an entry is not followed": {
			layers{{symlink("a", "b"), file("b", 0o600)}, {file("a", 0o644)}}, []string{"- 644 /a #1", "- 600 /b #2"}},

		// Whiteouts: OCI image-spec, layer.md.
		"a whiteout removes a file": {
			layers{{file("f", 0o600), file("g", 0o600)}, {file(".wh.f", 0)}}, []string{"- 600 /g #1"}},
		"a whiteout removes a directory and all in it": {
			layers{{file("d/a/b", 0o600)}, {file("d/.wh.a", 0)}}, []string{"d 755 /d"}},
		"a whiteout of nothing is nothing": {
			layers{{file("f", 0o600)}, {file(".wh.g", 0)}}, []string{"- 600 /f #1"}},
		"a whiteout goes through links": {
			layers{{dir("usr/lib", 0o755), file("usr/lib/x", 0o600), symlink("lib", "usr/lib")}, {file("lib/.wh.x", 0)}},
			[]string{"l /lib -> usr/lib", "d 755 /usr", "d 755 /usr/lib"}},
		"a whiteout removes a link, not its target": {
			layers{{symlink("a", "b"), file("b", 0o600)}, {file(".wh.a", 0)}}, []string{"- 600 /b #1"}},
		"a whiteout spares what its own layer wrote, before it or after": {
			layers{{file("f", 0o600), file("g", 0o600)}, {file("f", 0o644), file(".wh.f", 0), file(".wh.g", 0), file("g", 0o644)}},
			[]string{"- 644 /f #1", "- 644 /g #2"}},
		"a whiteout of a directory spares what its own layer put in it": {
			layers{{file("d/old", 0o600)}, {file("d/new", 0o600), file(".wh.d", 0)}}, []string{"d 755 /d", "- 600 /d/new #1"}},
		"what was removed can come back in a later layer": {
			layers{{file("f", 0o600)}, {file(".wh.f", 0)}, {file("f", 0o644)}}, []string{"- 644 /f #1"}},

		"an opaque marker empties the directory of lower layers": {
			layers{{dir("d", 0o711), file("d/a", 0o600), file("d/b/c", 0o600)}, {file("d/.wh..wh..opq", 0)}}, []string{"d 711 /d"}},
		"an opaque marker spares its own layer, whatever the order": {
			layers{{file("d/a", 0o600), file("d/s/x", 0o600)}, {file("d/s/y", 0o600), file("d/.wh..wh..opq", 0), file("d/z", 0o600)}},
			[]string{"d 755 /d", "d 755 /d/s", "- 600 /d/s/y #1", "- 600 /d/z #2"}},
		"an opaque marker at the root empties all below": {
			layers{{file("a/b", 0o600), file("c", 0o600)}, {file(".wh..wh..opq", 0), file("d", 0o600)}}, []string{"- 600 /d #1"}},
		"aufs's own files never appear": {
			layers{{file(".wh..wh.plnk", 0), file(".wh..wh.aufs", 0), file("f", 0o600)}}, []string{"- 600 /f #1"}},

		// Hard links: hardlinkRootPath.
		"a hard link shares its target's inode": {
			layers{{file("a", 0o600), hardlink("b", "a", 0o600)}}, []string{"- 600 /a #1", "- 600 /b #1"}},
		"a hard link reaches a lower layer": {
			layers{{file("a", 0o600)}, {hardlink("d/b", "a", 0o600)}}, []string{"- 600 /a #1", "d 755 /d", "- 600 /d/b #1"}},
		"a hard link outlives its target's name": {
			layers{{file("a", 0o600), hardlink("b", "a", 0o600)}, {file(".wh.a", 0)}}, []string{"- 600 /b #1"}},
		"replacing one name leaves the other": {
			layers{{file("a", 0o600), hardlink("b", "a", 0o600)}, {file("a", 0o644)}}, []string{"- 644 /a #1", "- 600 /b #2"}},
		"a hard link's header sets the mode of the inode": {
			layers{{file("a", 0o600), hardlink("b", "a", 0o4755)}}, []string{"- 4755 /a #1", "- 4755 /b #1"}},
		"a hard link's target is found through links in its directory": {
			layers{{file("usr/a", 0o600), symlink("u", "/usr")}, {hardlink("b", "u/a", 0o600)}},
			[]string{"- 600 /b #1", "l /u -> /usr", "d 755 /usr", "- 600 /usr/a #1"}},
		"a hard link to a symbolic link is that link": {
			layers{{file("a", 0o600), symlink("l", "a"), hardlink("b", "l", 0o777)}}, []string{"- 600 /a #1", "l /b -> a", "l /l -> a"}},
		"a hard link's target stays within the root": {
			layers{{file("etc/passwd", 0o600), hardlink("b", "../../../etc/passwd", 0o600)}},
			[]string{"- 600 /b #1", "d 755 /etc", "- 600 /etc/passwd #1"}},

		"devices, pipes, setuid and sticky bits are kept": {
			layers{{{Typeflag: tar.TypeChar, Name: "null", Mode: 0o666, Devmajor: 1, Devminor: 3}, {Typeflag: tar.TypeBlock, Name: "sda", Mode: 0o660, Devmajor: 8},
				{Typeflag: tar.TypeFifo, Name: "pipe", Mode: 0o600}, file("su", 0o4755), dir("tmp", 0o1777)}},
			[]string{"c 666 /null", "p 600 /pipe", "b 660 /sda", "- 4755 /su #1", "d 1777 /tmp"}},
	} {
		t.Run(name, func(t *testing.T) {
			flat, err := flatten(t, limits.Limits{}, test.layers)
			if err != nil {
				t.Fatal(err)
			}
			if got := listing(flat.Root); !slices.Equal(got, test.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(test.want, "\n  "))
			}
		})
	}
}

func TestMetadataIsKeptAsTheKernelWouldSetIt(t *testing.T) {
	capability := "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	records := map[string]string{
		"SCHILY.xattr.security.capability": capability, "SCHILY.xattr.user.a": "1", "SCHILY.xattr.trusted.overlay.opaque": "y",
		"SCHILY.xattr.system.data": "x", "SCHILY.xattr.odd": "x", "comment": "x",
	}
	later := time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC)
	f := tar.Header{Typeflag: tar.TypeReg, Name: "f", Mode: 0o100755, Uid: 4294967294, Gid: 70000, ModTime: later, AccessTime: later.Add(-time.Hour), PAXRecords: records}
	flat, err := flatten(t, limits.Limits{}, layers{{f, hardlink("g", "f", 0o755), {Typeflag: tar.TypeReg, Name: "old", ModTime: time.Unix(-5, 0)}}})
	if err != nil {
		t.Fatal(err)
	}
	node := flat.Root.children["f"].node
	if len(node.Xattrs) != 2 || node.Xattrs["security.capability"] != capability || node.Xattrs["user.a"] != "1" {
		t.Errorf("xattrs: %q", node.Xattrs)
	}
	if old := flat.Root.children["old"].node; old.Mtime != (Timestamp{}) {
		t.Errorf("a time before 1970 became %v", old.Mtime)
	}
	flat.BeginLayer()
	if err := flat.Add(&f); err != nil {
		t.Fatal(err)
	}
	node = flat.Root.children["f"].node
	if node.Mode != 0o755 || node.UID != 4294967294 || node.GID != 70000 || !node.Mtime.Time().Equal(later) || node.Atime != node.Mtime {
		t.Errorf("metadata: %+v", node.Meta)
	}
}

func TestAnAccessControlListIsConvertedToTheDisksForm(t *testing.T) {
	// u::rw-, u:1000:r--, g::r--, m::r--, o::---
	wire := "\x02\x00\x00\x00" + "\x01\x00\x06\x00\xff\xff\xff\xff" + "\x02\x00\x04\x00\xe8\x03\x00\x00" + "\x04\x00\x04\x00\xff\xff\xff\xff" +
		"\x10\x00\x04\x00\xff\xff\xff\xff" + "\x20\x00\x00\x00\xff\xff\xff\xff"
	want := "\x01\x00\x00\x00" + "\x01\x00\x06\x00" + "\x02\x00\x04\x00\xe8\x03\x00\x00" + "\x04\x00\x04\x00" + "\x10\x00\x04\x00" + "\x20\x00\x00\x00"
	if got, err := DiskACL(wire); err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
}
