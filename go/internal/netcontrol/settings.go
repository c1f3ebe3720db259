package netcontrol

import (
	"errors"
	"io"
)

// ReadAll reads the settings, which are not endless.
func ReadAll(from io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, longestLine+1))
	if err == nil && len(text) > longestLine {
		err = errors.New("the settings are too long")
	}
	return text, err
}
