package netpolicy

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Denied is one denial, as it crosses to the library.
type Denied struct {
	At       string `json:"at"`
	Host     string `json:"host,omitempty"`
	IP       string `json:"ip"`
	Port     uint16 `json:"port"`
	Protocol string `json:"protocol"`
	Rule     string `json:"rule"`
	Message  string `json:"message"`
	// Flow tells the guest's agent which command it was.
	Flow Flow `json:"-"`
}

// Flow is a connection or a datagram as the guest's kernel knows it.
type Flow struct {
	Protocol   string     `json:"protocol"`
	SourcePort uint16     `json:"sourcePort"`
	IP         netip.Addr `json:"ip"`
	Port       uint16     `json:"port"`
}

// DeniedConnection describes a connection that was denied.
func DeniedConnection(target Target, verdict Verdict, flow Flow) Denied {
	host, where := "", target.Addr.String()
	if len(target.Names) > 0 {
		host = target.Names[len(target.Names)-1]
		where = fmt.Sprintf("%s (%s)", host, target.Addr)
	}
	what := fmt.Sprintf("%s to %s port %d", strings.ToUpper(target.Protocol), where, target.Port)
	return Denied{
		At: now(), Host: host, IP: target.Addr.String(), Port: target.Port, Protocol: target.Protocol,
		Rule: verdict.Rule, Message: sentence(what, verdict), Flow: flow,
	}
}

// DeniedLookup describes a name that was not answered; addr is what it led to, where that was the reason.
func DeniedLookup(name string, addr netip.Addr, verdict Verdict, flow Flow) Denied {
	ip := ""
	if addr.IsValid() {
		ip = addr.String()
	}
	return Denied{
		At: now(), Host: name, IP: ip, Port: 53, Protocol: DNS,
		Rule: verdict.Rule, Message: sentence("The lookup of the name "+name, verdict), Flow: flow,
	}
}

func sentence(what string, verdict Verdict) string {
	if verdict.Add == "" {
		return fmt.Sprintf("%s was denied: %s.", what, verdict.Why)
	}
	return fmt.Sprintf("%s was denied: %s; to allow it, add '%s' to network.allow.", what, verdict.Why, verdict.Add)
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }
