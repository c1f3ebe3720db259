package netdns

import (
	"net/netip"
	"os"
	"slices"
	"strings"
)

// ParseServers reads resolvers, each ip or ip:port.
func ParseServers(texts []string) ([]netip.AddrPort, error) {
	var servers []netip.AddrPort
	for _, text := range texts {
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
		return netip.AddrPortFrom(addr, port), nil
	}
	return netip.ParseAddrPort(text)
}

// HostServers reads the nameserver lines of a resolv.conf(5); without any, a resolver of this machine.
func HostServers(path string) []netip.AddrPort {
	text, _ := os.ReadFile(path)
	var servers []netip.AddrPort
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if addr, err := netip.ParseAddr(fields[1]); err == nil {
			servers = append(servers, netip.AddrPortFrom(addr, port))
		}
	}
	if len(servers) == 0 {
		servers = append(servers, netip.MustParseAddrPort("127.0.0.1:53"))
	}
	return slices.Compact(servers)
}
