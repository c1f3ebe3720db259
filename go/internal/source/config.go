package source

import (
	"bytes"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"boxlite/internal/failure"
	"boxlite/internal/result"
)

func readConfig(from files, d v1.Descriptor) (*v1.ConfigFile, error) {
	content, err := blobDocument(from, d)
	if err != nil {
		return nil, err
	}
	return parseConfig(from, content)
}

func parseConfig(from files, content []byte) (*v1.ConfigFile, error) {
	config, err := v1.ParseConfigFile(bytes.NewReader(content))
	if err != nil {
		return nil, failure.Invalid("The image's config in %s cannot be read: %v", from.where(), err)
	}
	return config, nil
}

func platformOf(config *v1.ConfigFile, fallback v1.Platform) string {
	if found := config.Platform(); found != nil {
		found.OSVersion = ""
		return found.String()
	}
	return fallback.String()
}

// describe takes from the config what commands in a box use.
func describe(file *v1.ConfigFile) (result.Config, error) {
	from, config := file.Config, result.EmptyConfig()
	config.Entrypoint = append(config.Entrypoint, from.Entrypoint...)
	config.Cmd = append(config.Cmd, from.Cmd...)
	config.User = from.User
	if from.WorkingDir != "" {
		config.Cwd = path.Clean("/" + from.WorkingDir)
	}
	for _, each := range from.Env {
		if key, value, _ := strings.Cut(each, "="); key != "" {
			config.Env[key] = value
		}
	}
	for port := range from.ExposedPorts {
		config.Ports = append(config.Ports, port)
	}
	slices.Sort(config.Ports)
	for key, value := range from.Labels {
		config.Labels[key] = value
	}
	return config, checkNul(from)
}

// checkNul refuses what no command line or environment can hold.
func checkNul(config v1.Config) error {
	texts := slices.Concat(config.Entrypoint, config.Cmd, config.Env, []string{config.User, config.WorkingDir})
	for _, text := range texts {
		if strings.ContainsRune(text, 0) {
			return failure.Invalid("The image's config has a NUL character in %q", text)
		}
	}
	return nil
}
