// Package input reads the one JSON document that every command gets on standard input.
package input

import (
	"bytes"
	"encoding/json"
	"io"

	"boxlite/internal/failure"
	"boxlite/internal/limits"
)

const most = 16 << 20

// Read reads a request until the input's end. Unknown fields are refused.
func Read(in io.Reader, request any) error {
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return err
	}
	if len(text) > most {
		return limits.Exceeded("The request is too large", int64(len(text)), most, "bytes or more")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(request); err != nil {
		return failure.New(failure.InvalidArgument, "See the documentation of createBox's image option.", "Expected one JSON request on standard input but received: %v.", err)
	}
	return nil
}
