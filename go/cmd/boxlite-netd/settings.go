package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

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
		Ports  []netgate.Port    `json:"ports"`
		Policy *netpolicy.Policy `json:"policy"`
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
		if read.Restart.Policy != nil {
			read.Network.Policy = *read.Restart.Policy
		}
	}
	return &read, read.Network.Policy.Prepare()
}

// resolvers gives those of the settings, else those of the host.
func (s *settings) resolvers() ([]netip.AddrPort, error) {
	if len(s.Network.DNS) == 0 {
		return hostResolvers("/etc/resolv.conf"), nil
	}
	var servers []netip.AddrPort
	for _, text := range s.Network.DNS {
		server, err := parseServer(text)
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	return servers, nil
}

func parseServer(text string) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(addr, 53), nil
	}
	return netip.ParseAddrPort(text)
}

// hostResolvers reads the nameserver lines of resolv.conf(5); without any, a resolver of this machine.
func hostResolvers(path string) []netip.AddrPort {
	text, _ := os.ReadFile(path)
	var servers []netip.AddrPort
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if addr, err := netip.ParseAddr(fields[1]); err == nil {
			servers = append(servers, netip.AddrPortFrom(addr, 53))
		}
	}
	if len(servers) == 0 {
		servers = append(servers, netip.MustParseAddrPort("127.0.0.1:53"))
	}
	return slices.Compact(servers)
}
