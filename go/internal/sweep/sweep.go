// Package sweep deletes from the store what nobody keeps: disks, the blobs that only they were made of, and what
// pulls and builds that died have left.
package sweep

import (
	"context"
	"maps"
	"path/filepath"
	"slices"

	"boxlite/internal/confine"
	"boxlite/internal/failure"
	"boxlite/internal/store"
)

// Image is one that the caller knows, by the digests of its manifest and of what names led to it, as hex.
type Image struct {
	Digest  string   `json:"digest"`
	Targets []string `json:"targets"`
}

// Request is the document on standard input.
type Request struct {
	Images string  `json:"images"`
	Keep   []Image `json:"keep"`
	// Unused may go, in this order, until the store has MaxBytes or less; with 0 all of them go.
	Unused   []Image `json:"unused"`
	MaxBytes int64   `json:"maxBytes"`
	// Disks stay whatever happens to their images.
	Disks []string `json:"disks"`
	// Orphans: what belongs to no image goes too. The caller knows that nobody is at work in the store.
	Orphans bool `json:"orphans"`
	// DisksOnly leaves blobs alone: somebody else may be at work with them.
	DisksOnly bool `json:"disksOnly"`
	// DryRun only tells.
	DryRun bool `json:"dryRun"`
}

// Result of a sweep.
type Result struct {
	FreedBytes int64 `json:"freedBytes"`
	// Items belonged to no image.
	Items []string `json:"items"`
	// Dropped are the images that went.
	Dropped []string `json:"dropped"`
}

// Needs is what a sweep has to be allowed: the store, and nothing else.
func (r *Request) Needs() confine.Rules {
	return confine.Rules{Write: []string{r.Images}, Read: []string{"/proc/self"}}
}

// Run does what the request asks for.
func Run(ctx context.Context, request *Request) (Result, error) {
	if !filepath.IsAbs(request.Images) {
		return Result{}, failure.New(failure.InvalidArgument, "Pass an absolute path.", "Expected an absolute path for images but received %q.", request.Images)
	}
	// What dead processes left in tmp is counted here, not cleared away before.
	images, err := store.OpenWith(request.Images, false)
	if err != nil {
		return Result{}, err
	}
	s := &sweeper{Request: request, store: images, res: Result{Items: []string{}, Dropped: []string{}}, owners: map[file]int{}}
	err = s.run(ctx)
	return s.res, err
}

// file is one of the store.
type file struct{ part, name string }

type sweeper struct {
	*Request
	store *store.Store
	res   Result
	// owners counts the images that a file belongs to.
	owners map[file]int
}

func (s *sweeper) run(ctx context.Context) error {
	for _, image := range slices.Concat(s.Keep, s.Unused) {
		for each := range s.files(image) {
			s.owners[each]++
		}
	}
	if err := s.dropUnused(ctx); err != nil {
		return err
	}
	if !s.Orphans {
		return nil
	}
	return s.dropOrphans(ctx)
}

// files are those of one image: its disk and every blob that leads to it.
func (s *sweeper) files(image Image) map[file]bool {
	found := map[file]bool{
		{"disks", image.Digest + ".ext4"}: true, {"disks", image.Digest + ".json"}: true, {"locks", image.Digest}: true,
	}
	for hex := range reach(s.store, append([]string{image.Digest}, image.Targets...)) {
		found[file{"blobs/sha256", hex}] = true
	}
	return found
}

func (s *sweeper) dropUnused(ctx context.Context) error {
	total := int64(0)
	for each := range s.owners {
		total += s.store.Bytes(each.part, each.name)
	}
	for _, image := range s.Unused {
		if s.MaxBytes > 0 && total <= s.MaxBytes {
			return nil
		}
		files := s.files(image)
		for _, each := range sorted(files) {
			if s.owners[each]--; s.owners[each] > 0 || s.stays(each) {
				continue
			}
			total -= s.store.Bytes(each.part, each.name)
			if _, err := s.remove(ctx, each); err != nil {
				return err
			}
		}
		s.res.Dropped = append(s.res.Dropped, image.Digest)
	}
	return nil
}

func (s *sweeper) stays(each file) bool {
	return s.DisksOnly && each.part == "blobs/sha256" || slices.ContainsFunc(s.Disks, func(hex string) bool {
		return each.part == "disks" && (each.name == hex+".ext4" || each.name == hex+".json")
	})
}

func (s *sweeper) dropOrphans(ctx context.Context) error {
	for _, part := range []string{"disks", "blobs/sha256", "partial", "tmp", "locks"} {
		names, err := s.store.Names(part)
		if err != nil {
			return err
		}
		for _, name := range names {
			each := file{part, name}
			if _, known := s.owners[each]; known || s.stays(each) {
				continue
			}
			gone, err := s.remove(ctx, each)
			if err != nil {
				return err
			}
			// A lock file is nothing to anybody.
			if gone && part != "locks" {
				s.res.Items = append(s.res.Items, part+"/"+name)
			}
		}
	}
	return nil
}

func (s *sweeper) remove(ctx context.Context, each file) (gone bool, err error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	freed, gone, err := s.store.Remove(each.part, each.name, s.DryRun)
	s.res.FreedBytes += freed
	return gone, err
}

// sorted: disks before blobs, so that a sweep that is cut off leaves what a disk can be made of again.
func sorted(files map[file]bool) []file {
	return slices.SortedFunc(maps.Keys(files), func(a, b file) int {
		if a.part != b.part {
			return order(a.part) - order(b.part)
		}
		return slices.Compare([]byte(a.name), []byte(b.name))
	})
}

func order(part string) int { return slices.Index([]string{"disks", "blobs/sha256", "locks"}, part) }
