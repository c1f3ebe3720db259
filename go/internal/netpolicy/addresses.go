package netpolicy

import "net/netip"

// Ranges that no rule reaches unless a cidr rule names them: RFC 6890 and the registries that follow it.
var special = []struct {
	prefix netip.Prefix
	name   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "an address of this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address"},
	{netip.MustParsePrefix("100.64.0.0/10"), "a shared private address"},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address of the host"},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address, as metadata services have"},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address"},
	{netip.MustParsePrefix("192.0.0.0/24"), "an address for special purposes"},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address"},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for benchmarks"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"},
}

// specialRange gives the special range of an address and what to call it; nothing for a public one.
func specialRange(addr netip.Addr) (netip.Prefix, string, bool) {
	for _, one := range special {
		if one.prefix.Contains(addr) {
			return one.prefix, one.name, true
		}
	}
	return netip.Prefix{}, "", false
}

// names says whether a rule's prefix speaks of the range itself: 0.0.0.0/0 holds 10.0.0.0/8 and does not name it.
func names(rule, rangeOf netip.Prefix) bool {
	return rule.Bits() >= rangeOf.Bits() && rangeOf.Contains(rule.Addr())
}
