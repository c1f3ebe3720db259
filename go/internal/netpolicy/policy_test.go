package netpolicy

import (
	"net/netip"
	"strings"
	"testing"
)

var own = netip.MustParseAddr("198.51.100.9")

func isOwn(addr netip.Addr) bool { return addr == own || addr == netip.MustParseAddr("10.1.1.1") }

func prepared(t *testing.T, policy Policy) *Policy {
	t.Helper()
	if err := policy.Prepare(); err != nil {
		t.Fatal(err)
	}
	return &policy
}

func rules(allow ...Rule) Policy { return Policy{Mode: Rules, Allow: allow} }

func TestConnect(t *testing.T) {
	https := []uint16{443}
	cases := []struct {
		name    string
		policy  Policy
		target  string
		names   []string
		allowed bool
		rule    string
	}{
		{"public reaches a public address", Policy{Mode: Public}, "tcp 93.184.216.34 80", nil, true, ""},
		{"public does not reach loopback", Policy{Mode: Public}, "tcp 127.0.0.1 80", nil, false, "private"},
		{"public does not reach a metadata service", Policy{Mode: Public}, "tcp 169.254.169.254 80", nil, false, "private"},
		{"public does not reach 10/8", Policy{Mode: Public}, "tcp 10.0.0.1 80", nil, false, "private"},
		{"public does not reach 172.16/12", Policy{Mode: Public}, "udp 172.31.255.255 80", nil, false, "private"},
		{"public reaches what lies beside 172.16/12", Policy{Mode: Public}, "udp 172.32.0.0 80", nil, true, ""},
		{"public does not reach 192.168/16", Policy{Mode: Public}, "tcp 192.168.1.1 80", nil, false, "private"},
		{"public does not reach shared addresses", Policy{Mode: Public}, "tcp 100.100.100.200 80", nil, false, "private"},
		{"public does not reach multicast", Policy{Mode: Public}, "udp 224.0.0.251 5353", nil, false, "private"},
		{"public does not reach broadcast", Policy{Mode: Public}, "udp 255.255.255.255 67", nil, false, "private"},
		{"public does not reach the host's own address", Policy{Mode: Public}, "tcp 198.51.100.9 22", nil, false, "private"},
		{"none says so of a private address too", Policy{Mode: None}, "tcp 127.0.0.1 80", nil, false, "none"},
		{"none reaches nothing", Policy{Mode: None}, "tcp 93.184.216.34 80", nil, false, "none"},

		{"a name is reached", rules(Rule{Host: "a.example"}), "tcp 1.2.3.4 80", []string{"a.example"}, true, ""},
		{"names are compared without case or final dot", rules(Rule{Host: "A.Example."}), "tcp 1.2.3.4 80", []string{"a.example"}, true, ""},
		{"another name is not", rules(Rule{Host: "a.example"}), "tcp 1.2.3.4 80", []string{"b.example"}, false, "not-allowed"},
		{"a literal address is not, where only names are allowed", rules(Rule{Host: "a.example"}), "tcp 1.2.3.4 80", nil, false, "not-allowed"},
		{"a name that leads to a private address is not", rules(Rule{Host: "a.example"}), "tcp 10.0.0.1 80", []string{"a.example"}, false, "private"},
		{"a name that leads to the host itself is not", rules(Rule{Host: "a.example"}), "tcp 198.51.100.9 80", []string{"a.example"}, false, "private"},
		{"a name on its port is reached", rules(Rule{Host: "a.example", Ports: https}), "tcp 1.2.3.4 443", []string{"a.example"}, true, ""},
		{"a name on another port is not", rules(Rule{Host: "a.example", Ports: https}), "tcp 1.2.3.4 80", []string{"a.example"}, false, "not-allowed"},
		{"a name by its protocol is reached", rules(Rule{Host: "a.example", Protocol: UDP}), "udp 1.2.3.4 443", []string{"a.example"}, true, ""},
		{"a name by another protocol is not", rules(Rule{Host: "a.example", Protocol: UDP}), "tcp 1.2.3.4 443", []string{"a.example"}, false, "not-allowed"},

		{"a wildcard takes a label", rules(Rule{Host: "*.a.example"}), "tcp 1.2.3.4 80", []string{"x.a.example"}, true, ""},
		{"a wildcard takes many labels", rules(Rule{Host: "*.a.example"}), "tcp 1.2.3.4 80", []string{"x.y.a.example"}, true, ""},
		{"a wildcard does not take its own name", rules(Rule{Host: "*.a.example"}), "tcp 1.2.3.4 80", []string{"a.example"}, false, "not-allowed"},
		{"a wildcard takes no half label", rules(Rule{Host: "*.a.example"}), "tcp 1.2.3.4 80", []string{"bada.example"}, false, "not-allowed"},
		{"a lone star takes every name", rules(Rule{Host: "*"}), "tcp 1.2.3.4 80", []string{"any.example"}, true, ""},
		{"a lone star takes no literal address", rules(Rule{Host: "*"}), "tcp 1.2.3.4 80", nil, false, "not-allowed"},

		{"a cidr is reached", rules(Rule{Cidr: "1.2.3.0/24"}), "tcp 1.2.3.4 80", nil, true, ""},
		{"beside a cidr is not", rules(Rule{Cidr: "1.2.3.0/24"}), "tcp 1.2.4.4 80", nil, false, "not-allowed"},
		{"a cidr that names a private range reaches it", rules(Rule{Cidr: "10.0.0.0/8"}), "tcp 10.2.3.4 80", nil, true, ""},
		{"a part of a private range is named too", rules(Rule{Cidr: "10.2.0.0/16"}), "tcp 10.2.3.4 80", nil, true, ""},
		{"a cidr on its ports alone", rules(Rule{Cidr: "10.0.0.0/8", Ports: https}), "tcp 10.2.3.4 80", nil, false, "private"},
		{"everything does not name a private range", rules(Rule{Cidr: "0.0.0.0/0"}), "tcp 10.2.3.4 80", nil, false, "private"},
		{"everything reaches a public address", rules(Rule{Cidr: "0.0.0.0/0"}), "tcp 1.2.3.4 80", nil, true, ""},
		{"everything does not reach the host itself", rules(Rule{Cidr: "0.0.0.0/0"}), "tcp 198.51.100.9 80", nil, false, "private"},
		{"a private range does not name the host's address in it", rules(Rule{Cidr: "10.0.0.0/8"}), "tcp 10.1.1.1 80", nil, false, "private"},
		{"the host's address alone names it", rules(Rule{Cidr: "10.1.1.1/32"}), "tcp 10.1.1.1 80", nil, true, ""},
		{"loopback is named", rules(Rule{Cidr: "127.0.0.1/32"}), "tcp 127.0.0.1 80", nil, true, ""},
		{"a private address under a name is reached where a cidr names it", rules(Rule{Host: "a.example"}, Rule{Cidr: "10.0.0.0/8"}), "tcp 10.0.0.1 80", []string{"a.example"}, true, ""},

		{"deny is over allow, by name", Policy{Mode: Rules, Allow: []Rule{{Host: "*.a.example"}}, Deny: []Rule{{Text: "x.a.example", Host: "x.a.example"}}}, "tcp 1.2.3.4 80", []string{"x.a.example"}, false, "x.a.example"},
		{"deny is over allow, by cidr", Policy{Mode: Rules, Allow: []Rule{{Cidr: "1.0.0.0/8"}}, Deny: []Rule{{Text: "1.2.0.0/16", Cidr: "1.2.0.0/16"}}}, "tcp 1.2.3.4 80", nil, false, "1.2.0.0/16"},
		{"deny on another port leaves this one", Policy{Mode: Rules, Allow: []Rule{{Cidr: "1.0.0.0/8"}}, Deny: []Rule{{Text: "d", Cidr: "1.2.0.0/16", Ports: https}}}, "tcp 1.2.3.4 80", nil, true, ""},
		{"of two names of an address one denied is enough", Policy{Mode: Rules, Allow: []Rule{{Host: "a.example"}}, Deny: []Rule{{Text: "d", Host: "b.example"}}}, "tcp 1.2.3.4 80", []string{"b.example", "a.example"}, false, "d"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			target := parseTarget(t, c.target)
			target.Names = c.names
			verdict := prepared(t, c.policy).Connect(target, isOwn)
			if verdict.Allowed != c.allowed || verdict.Rule != c.rule {
				t.Fatalf("got %+v", verdict)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	cases := []struct {
		name, lookup string
		policy       Policy
		allowed      bool
	}{
		{"public answers every name", "a.example", Policy{Mode: Public}, true},
		{"none answers no name", "a.example", Policy{Mode: None}, false},
		{"an allowed name is answered", "A.example.", rules(Rule{Host: "a.example", Ports: []uint16{443}}), true},
		{"a name below it is not: it could carry data out", "secret.a.example", rules(Rule{Host: "a.example"}), false},
		{"a cidr rule answers no name", "a.example", rules(Rule{Cidr: "1.2.3.4/32"}), false},
		{"a denied name is not answered", "x.a.example", Policy{Mode: Rules, Allow: []Rule{{Host: "*.a.example"}}, Deny: []Rule{{Host: "x.a.example"}}}, false},
		{"a name denied on one port is answered for the others", "x.a.example", Policy{Mode: Rules, Allow: []Rule{{Host: "*.a.example"}}, Deny: []Rule{{Host: "x.a.example", Ports: []uint16{25}}}}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if verdict := prepared(t, c.policy).Lookup(c.lookup); verdict.Allowed != c.allowed {
				t.Fatalf("got %+v", verdict)
			}
		})
	}
}

func TestAnswersLeaveOutWhatCannotBeReached(t *testing.T) {
	private, loopback, public := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("1.2.3.4")
	byName := prepared(t, rules(Rule{Host: "a.example"}))
	for _, addr := range []netip.Addr{private, loopback, own} {
		if byName.Answer(addr, isOwn).Allowed {
			t.Errorf("%s stands in an answer", addr)
		}
	}
	if !byName.Answer(public, isOwn).Allowed {
		t.Error("a public address does not stand in an answer")
	}
	if !prepared(t, rules(Rule{Host: "a.example"}, Rule{Cidr: "127.0.0.1/32", Ports: []uint16{80}})).Answer(loopback, isOwn).Allowed {
		t.Error("a named address does not stand in an answer")
	}
}

func TestMessagesNameHostPortAndTheRuleToAdd(t *testing.T) {
	target := parseTarget(t, "tcp 1.2.3.4 443")
	target.Names = []string{"a.example"}
	policy := prepared(t, rules(Rule{Host: "b.example"}))
	denied := DeniedConnection(target, policy.Connect(target, isOwn), Flow{})
	want := "TCP to a.example (1.2.3.4) port 443 was denied: no rule of network.allow covers it; to allow it, add 'a.example:443' to network.allow."
	if denied.Message != want {
		t.Errorf("got %q", denied.Message)
	}
	lookup := DeniedLookup("x.example", netip.Addr{}, policy.Lookup("x.example"), Flow{})
	if !strings.Contains(lookup.Message, "add 'x.example' to network.allow") || lookup.Protocol != DNS {
		t.Errorf("got %+v", lookup)
	}
}

func TestPoliciesThatSayNothingAreRefused(t *testing.T) {
	for _, policy := range []Policy{
		{Mode: "other"}, rules(Rule{}), rules(Rule{Host: "a", Cidr: "1.2.3.4/32"}), rules(Rule{Cidr: "::/0"}),
		rules(Rule{Cidr: "1.2.3.4"}), rules(Rule{Host: "a", Protocol: "sctp"}),
	} {
		if policy.Prepare() == nil {
			t.Errorf("%+v was taken", policy)
		}
	}
}

func parseTarget(t *testing.T, text string) Target {
	t.Helper()
	fields := strings.Fields(text)
	at, err := netip.ParseAddrPort(fields[1] + ":" + fields[2])
	if err != nil {
		t.Fatal(err)
	}
	return Target{Protocol: fields[0], Addr: at.Addr(), Port: at.Port()}
}
