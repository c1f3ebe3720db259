package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"boxlite/internal/netcontrol"
	"boxlite/internal/netgate"
	"boxlite/internal/netpolicy"
)

// What the shim writes to standard input, version 1. `network` is the client's, unread by the shim.
type settings struct {
	Version int    `json:"version"`
	BoxID   string `json:"boxId"`
	Network struct {
		Policy netpolicy.Policy `json:"policy"`
		Ports  []netgate.Port   `json:"ports"`
		// Resolvers of allowed names, ip or ip:port; the host's own where there are none.
		DNS []string `json:"dns"`
	} `json:"network"`
	// What a netd before this one had come to.
	Restart *struct {
		Ports []netgate.Port `json:"ports"`
		// The request that was taken last.
		Request *netcontrol.Request `json:"request"`
	} `json:"restart"`
}

func readSettings() (*settings, error) {
	text, err := netcontrol.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	var read settings
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, fmt.Errorf("the settings: %w", err)
	}
	if read.Version != 1 {
		return nil, fmt.Errorf("settings of version %d", read.Version)
	}
	if len(os.Args) != 2 || os.Args[1] != read.BoxID {
		return nil, errors.New("expected the settings' box id as the only argument")
	}
	if read.Restart != nil {
		read.Network.Ports = read.Restart.Ports
		if request := read.Restart.Request; request != nil && request.Policy != nil {
			read.Network.Policy, read.Network.DNS = *request.Policy, request.DNS
		}
	}
	return &read, read.Network.Policy.Prepare()
}
