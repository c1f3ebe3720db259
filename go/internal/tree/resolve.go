package tree

import (
	"strings"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
)

// maxLinks is how many links one path may go through, as in fs.RootPath of containerd's continuity.
const maxLinks = 255

// resolve follows every symlink of a path inside the image's root, as fs.RootPath does: an absolute target starts at
// the root, '..' stops there, and what does not exist yet is taken literally.
func (t *Tree) resolve(path string) ([]string, error) {
	type step struct {
		base string
		node *Node // nil: does not exist
	}
	var stack []step
	todo := pending{rest: []string{path}}
	links := 0
	for {
		base, more := todo.next()
		if !more {
			break
		}
		if err := t.spend(1); err != nil {
			return nil, err
		}
		if base == ".." {
			stack = stack[:max(len(stack)-1, 0)]
			continue
		}
		dir := t.Root
		if len(stack) > 0 {
			dir = stack[len(stack)-1].node
		}
		if dir != nil && dir.Kind != Directory {
			return nil, failure.Invalid("%s leads through %s, which is not a directory", limits.Shorten(path), limits.Shorten(stack[len(stack)-1].base))
		}
		var child *Node
		if dir != nil {
			child = dir.children[base].node
		}
		if child == nil || child.Kind != Symlink {
			stack = append(stack, step{base, child})
			continue
		}
		if links++; links > maxLinks {
			return nil, failure.Invalid("%s leads through more than %d symbolic links", limits.Shorten(path), maxLinks)
		}
		if strings.HasPrefix(child.Target, "/") {
			stack = stack[:0]
		}
		todo.push(child.Target)
	}
	names := make([]string, len(stack))
	for i, s := range stack {
		names[i] = s.base
	}
	return names, t.checkLength(names, "")
}

// pending is a stack of half-read paths: a link's target is read before what follows the link.
type pending struct{ rest []string }

func (p *pending) push(path string) { p.rest = append(p.rest, path) }

func (p *pending) next() (string, bool) {
	for len(p.rest) > 0 {
		last := len(p.rest) - 1
		base, rest, _ := strings.Cut(p.rest[last], "/")
		p.rest[last] = rest
		if rest == "" {
			p.rest = p.rest[:last]
		}
		if base != "" && base != "." {
			return base, true
		}
	}
	return "", false
}

// directory walks resolved names, makes the directories that are missing (0755, root's, as containerd's mkparent does),
// and notes that this layer wrote below each.
func (t *Tree) directory(names []string, mtime Timestamp) (*Node, error) {
	dir := t.Root
	for i, base := range names {
		if err := t.spend(1); err != nil {
			return nil, err
		}
		entry, found := dir.children[base]
		if found && entry.node.Kind != Directory {
			return nil, failure.Invalid("%s is not a directory, but something is to be put in it", limits.Shorten("/"+strings.Join(names[:i+1], "/")))
		}
		if !found {
			if err := t.checkName(base); err != nil {
				return nil, err
			}
			if err := t.count(base, "", nil); err != nil {
				return nil, err
			}
			entry.node = NewDirectory(Meta{Mode: 0o755, Mtime: mtime, Atime: mtime})
		}
		dir.children[base] = name{entry.node, t.layer}
		dir = entry.node
	}
	return dir, nil
}

func (t *Tree) checkName(base string) error {
	if len(base) > limits.MaxComponent {
		return limits.Exceeded("A file name of the image is too long: "+limits.Shorten(base), int64(len(base)), limits.MaxComponent, "bytes")
	}
	return nil
}

// spend counts look-ups, so that links that lead through links cannot keep the host busy for hours.
func (t *Tree) spend(steps int64) error {
	t.steps += steps
	if t.steps > t.limits.Steps {
		return limits.Exceeded("The image's links and opaque directories take too long to resolve", t.steps, t.limits.Steps, "look-ups")
	}
	return nil
}
