// Package netgate is the gateway of a box's network: it carries what the policy allows between guest and host.
package netgate

import (
	"errors"

	"boxlite/internal/netwire"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

const (
	nic = 1
	// Of one connection in one direction; with the most connections this bounds what a guest can make us hold.
	bufferBytes = 256 << 10
)

// newStack makes the gateway's end of the guest's network: it speaks for every address, and sends to the guest alone.
func newStack(card stack.LinkEndpoint) (*stack.Stack, error) {
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
	})
	if err := setBuffers(s); err != nil {
		return nil, err
	}
	if err := s.CreateNIC(nic, card); err != nil {
		return nil, asError(err)
	}
	for _, own := range []tcpip.Address{address(netwire.Gateway.As4()), address(netwire.Host.As4())} {
		with := tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: own.WithPrefix()}
		if err := s.AddProtocolAddress(nic, with, stack.AddressProperties{}); err != nil {
			return nil, asError(err)
		}
	}
	s.SetSpoofing(nic, true)
	s.SetPromiscuousMode(nic, true)
	subnet := tcpip.AddressWithPrefix{Address: address(netwire.Subnet.Addr().As4()), PrefixLen: netwire.Subnet.Bits()}
	s.SetRouteTable([]tcpip.Route{{Destination: subnet.Subnet(), NIC: nic}})
	return s, nil
}

func setBuffers(s *stack.Stack) error {
	receive := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4096, Default: bufferBytes, Max: bufferBytes}
	send := tcpip.TCPSendBufferSizeRangeOption{Min: 4096, Default: bufferBytes, Max: bufferBytes}
	moderate := tcpip.TCPModerateReceiveBufferOption(false)
	selective := tcpip.TCPSACKEnabled(true)
	for _, option := range []tcpip.SettableTransportProtocolOption{&receive, &send, &moderate, &selective} {
		if err := s.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return asError(err)
		}
	}
	return nil
}

func address(bytes [4]byte) tcpip.Address { return tcpip.AddrFrom4(bytes) }

func asError(err tcpip.Error) error { return errors.New(err.String()) }
