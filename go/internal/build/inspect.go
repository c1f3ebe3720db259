package build

import (
	"context"

	"boxlite/internal/source"
	"boxlite/internal/store"
)

// Inspection is what a layout or an archive holds.
type Inspection struct {
	Images []source.Listed `json:"images"`
}

// Inspect lists the images of a source, and builds none.
func Inspect(ctx context.Context, request *Request) (Inspection, error) {
	images, err := store.Open(request.Images)
	if err != nil {
		return Inspection{}, err
	}
	b := &Builder{limits: request.limits, store: images}
	var found []source.Listed
	if request.Source.Layout != "" {
		found, err = source.ListLayout(request.Source.Layout)
	} else {
		found, err = source.ListArchive(ctx, request.Source.Archive, request.limits, b.spool)
	}
	return Inspection{append([]source.Listed{}, found...)}, err
}
