// Package netpolicy decides what a box may reach. It does no I/O.
package netpolicy

import (
	"fmt"
	"net/netip"
)

const (
	TCP = "tcp"
	UDP = "udp"
	DNS = "dns"
)

// Modes of a policy.
const (
	None   = "none"
	Public = "public"
	Rules  = "rules"
)

// Policy is what a box may reach.
type Policy struct {
	Mode  string `json:"mode"`
	Allow []Rule `json:"allow,omitempty"`
	Deny  []Rule `json:"deny,omitempty"`
}

// Prepare checks the policy once, before it decides anything.
func (p *Policy) Prepare() error {
	if p.Mode != None && p.Mode != Public && p.Mode != Rules {
		return fmt.Errorf("mode %q of the policy is none of none, public and rules", p.Mode)
	}
	for _, rules := range [][]Rule{p.Allow, p.Deny} {
		for i := range rules {
			if err := rules[i].prepare(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Target is a connection that the guest wants. Names are those whose answers led to the address.
type Target struct {
	Protocol string
	Addr     netip.Addr
	Port     uint16
	Names    []string
}

// Verdict says whether a target is reached, and by what it is not.
type Verdict struct {
	Allowed bool
	// Rule is the text of the deny rule, or what stands in for one.
	Rule string
	// Why is the middle of a sentence.
	Why string
	// Add is the rule that would allow it; empty where none would.
	Add string
}

var allowed = Verdict{Allowed: true}

// Connect decides on a connection; isOwn tells the host's own addresses.
func (p *Policy) Connect(target Target, isOwn func(netip.Addr) bool) Verdict {
	if rule := p.denyRule(target); rule != nil {
		return Verdict{Rule: rule.Text, Why: fmt.Sprintf("the rule '%s' of network.deny forbids it", rule.Text)}
	}
	if p.namesAddr(target.Addr, target.Protocol, target.Port, isOwn) {
		return allowed
	}
	if p.Mode == None {
		return p.notAllowed(suggestion(target))
	}
	reachable := p.Mode == Public || p.allowsName(target)
	if closed, why := isClosed(target.Addr, isOwn); closed {
		return Verdict{Rule: "private", Why: fmt.Sprintf("%s is %s", target.Addr, why), Add: addrRule(target.Addr, target.Port)}
	}
	if reachable {
		return allowed
	}
	return p.notAllowed(suggestion(target))
}

// Lookup decides on a name, whatever its addresses are.
func (p *Policy) Lookup(name string) Verdict {
	name = CanonicalName(name)
	for i := range p.Deny {
		// A rule for some ports only leaves the name to the others.
		if rule := &p.Deny[i]; rule.coversName(name) && len(rule.Ports) == 0 && rule.Protocol == "" {
			return Verdict{Rule: rule.Text, Why: fmt.Sprintf("the rule '%s' of network.deny forbids it", rule.Text)}
		}
	}
	if p.Mode == Public {
		return allowed
	}
	for i := range p.Allow {
		if p.Allow[i].coversName(name) {
			return allowed
		}
	}
	return p.notAllowed(name)
}

// Answer decides whether an address may stand in the answer for an allowed name: some port of it can be reached.
func (p *Policy) Answer(addr netip.Addr, isOwn func(netip.Addr) bool) Verdict {
	closed, why := isClosed(addr, isOwn)
	if !closed || p.namesAnyPort(addr, isOwn) {
		return allowed
	}
	return Verdict{Rule: "private", Why: fmt.Sprintf("its address %s is %s", addr, why), Add: addrRule(addr, 0)}
}

func (p *Policy) denyRule(target Target) *Rule {
	for i := range p.Deny {
		rule := &p.Deny[i]
		if rule.coversPort(target.Protocol, target.Port) && (rule.coversAddr(target.Addr) || coversAny(rule, target.Names)) {
			return rule
		}
	}
	return nil
}

func (p *Policy) allowsName(target Target) bool {
	for i := range p.Allow {
		if p.Allow[i].coversPort(target.Protocol, target.Port) && coversAny(&p.Allow[i], target.Names) {
			return true
		}
	}
	return false
}

func (p *Policy) namesAddr(addr netip.Addr, protocol string, port uint16, isOwn func(netip.Addr) bool) bool {
	for i := range p.Allow {
		if rule := &p.Allow[i]; rule.coversPort(protocol, port) && rule.opens(addr, isOwn) {
			return true
		}
	}
	return false
}

func (p *Policy) namesAnyPort(addr netip.Addr, isOwn func(netip.Addr) bool) bool {
	for i := range p.Allow {
		if p.Allow[i].opens(addr, isOwn) {
			return true
		}
	}
	return false
}

// opens says whether a cidr rule reaches the address: a special one only by naming its range, the host's own only alone.
func (r *Rule) opens(addr netip.Addr, isOwn func(netip.Addr) bool) bool {
	if !r.coversAddr(addr) {
		return false
	}
	rangeOf, _, isSpecial := specialRange(addr)
	if isSpecial && !names(r.prefix, rangeOf) {
		return false
	}
	isLoopback := isSpecial && rangeOf.Addr().IsLoopback()
	return isLoopback || !isOwn(addr) || r.prefix.Bits() == 32
}

func (p *Policy) notAllowed(add string) Verdict {
	if p.Mode == None {
		return Verdict{Rule: "none", Why: "this box's network is 'none'", Add: add}
	}
	return Verdict{Rule: "not-allowed", Why: "no rule of network.allow covers it", Add: add}
}

func isClosed(addr netip.Addr, isOwn func(netip.Addr) bool) (bool, string) {
	if _, why, isSpecial := specialRange(addr); isSpecial {
		return true, why
	}
	if isOwn(addr) {
		return true, "an address of the host itself"
	}
	return false, ""
}

func coversAny(rule *Rule, names []string) bool {
	for _, name := range names {
		if rule.coversName(name) {
			return true
		}
	}
	return false
}

func suggestion(target Target) string {
	if len(target.Names) > 0 {
		return fmt.Sprintf("%s:%d", target.Names[len(target.Names)-1], target.Port)
	}
	return addrRule(target.Addr, target.Port)
}

func addrRule(addr netip.Addr, port uint16) string {
	if port == 0 {
		return addr.String() + "/32"
	}
	return fmt.Sprintf("%s/32:%d", addr, port)
}
