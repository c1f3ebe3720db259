// Package result is what a build hands back and what is kept beside the disk.
package result

// Result describes one image disk.
type Result struct {
	Digest string `json:"digest"`
	Disk   string `json:"disk"`
	Cached bool   `json:"cached"`
	// SizeBytes is the size of the source: manifest, config and layers as stored, or all files of a directory.
	SizeBytes int64 `json:"sizeBytes"`
	// DiskBytes is what the disk takes on the host; it is sparse.
	DiskBytes int64  `json:"diskBytes"`
	Platform  string `json:"platform"`
	Config    Config `json:"config"`
}

// Config is the part of an image's configuration that commands in a box use.
type Config struct {
	Entrypoint []string          `json:"entrypoint"`
	Cmd        []string          `json:"cmd"`
	Env        map[string]string `json:"env"`
	User       string            `json:"user"`
	Cwd        string            `json:"cwd"`
	Ports      []string          `json:"ports"`
	Labels     map[string]string `json:"labels"`
}

// EmptyConfig is that of a plain directory.
func EmptyConfig() Config {
	return Config{Entrypoint: []string{}, Cmd: []string{}, Env: map[string]string{}, Ports: []string{}, Labels: map[string]string{}}
}
