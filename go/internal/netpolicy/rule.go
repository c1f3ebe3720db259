package netpolicy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Rule is one rule of a policy, as the library has checked it: a host pattern or a cidr, and what it is limited to.
type Rule struct {
	Text     string   `json:"text"`
	Host     string   `json:"host,omitempty"`
	Cidr     string   `json:"cidr,omitempty"`
	Ports    []uint16 `json:"ports,omitempty"`
	Protocol string   `json:"protocol,omitempty"`

	prefix netip.Prefix
}

func (r *Rule) prepare() error {
	if (r.Host == "") == (r.Cidr == "") {
		return fmt.Errorf("a rule takes either host or cidr: %q", r.Text)
	}
	if r.Protocol != "" && r.Protocol != TCP && r.Protocol != UDP {
		return fmt.Errorf("protocol %q of the rule %q is neither tcp nor udp", r.Protocol, r.Text)
	}
	r.Host = CanonicalName(r.Host)
	if r.Cidr == "" {
		return nil
	}
	prefix, err := netip.ParsePrefix(r.Cidr)
	if err != nil || !prefix.Addr().Is4() {
		return fmt.Errorf("cidr %q of the rule %q is no IPv4 range", r.Cidr, r.Text)
	}
	r.prefix = prefix.Masked()
	return nil
}

func (r *Rule) coversPort(protocol string, port uint16) bool {
	return (r.Protocol == "" || r.Protocol == protocol) && (len(r.Ports) == 0 || slices.Contains(r.Ports, port))
}

func (r *Rule) coversName(name string) bool { return r.Host != "" && matchesHost(r.Host, name) }

func (r *Rule) coversAddr(addr netip.Addr) bool { return r.Cidr != "" && r.prefix.Contains(addr) }

// CanonicalName is a host name in the form in which names are compared.
func CanonicalName(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// matchesHost compares whole labels: '*.a.b' takes every name below a.b and not a.b itself, '*' every name.
func matchesHost(pattern, name string) bool {
	if pattern == "*" {
		return name != ""
	}
	if below, isWild := strings.CutPrefix(pattern, "*"); isWild {
		return len(name) > len(below) && strings.HasSuffix(name, below)
	}
	return pattern == name
}
