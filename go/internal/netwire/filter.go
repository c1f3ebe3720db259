package netwire

import (
	"encoding/binary"
	"net/netip"
)

// The addresses of a box's own network.
var (
	Gateway = netip.MustParseAddr("192.168.127.1")
	Guest   = netip.MustParseAddr("192.168.127.2")
	// Host stands for the host's loopback address, which no guest could name.
	Host   = netip.MustParseAddr("192.168.127.254")
	Subnet = netip.MustParsePrefix("192.168.127.0/24")
)

// What becomes of a frame of the guest.
type fate int

const (
	drop fate = iota
	pass
	// Answered with an ICMP unreachable.
	refuse
)

const (
	etherIPv4 = 0x0800
	etherARP  = 0x0806

	protocolICMP = 1
	protocolTCP  = 6
	protocolUDP  = 17

	ipv4Bytes = 20
	arpBytes  = 28

	codeProtocol   = 2
	codeProhibited = 13
)

// judge lets through what our own guest sends to our gateway, and nothing that would fill the stack's tables.
func judge(frame []byte) (decided fate, code byte) {
	to := [6]byte(frame[:6])
	if to != GatewayMAC && to != broadcast {
		return drop, 0
	}
	packet := frame[headerBytes:]
	switch binary.BigEndian.Uint16(frame[12:14]) {
	case etherARP:
		return judgeARP(packet), 0
	case etherIPv4:
		return judgeIPv4(packet)
	}
	return drop, 0
}

// Requests for our two addresses; the guest's own answers are not needed, since its address is fixed.
func judgeARP(packet []byte) fate {
	if len(packet) < arpBytes || binary.BigEndian.Uint16(packet[6:8]) != 1 {
		return drop
	}
	if addr(packet[14:18]) != Guest {
		return drop
	}
	if target := addr(packet[24:28]); target != Gateway && target != Host {
		return drop
	}
	return pass
}

func judgeIPv4(packet []byte) (fate, byte) {
	if len(packet) < ipv4Bytes || packet[0]>>4 != 4 || addr(packet[12:16]) != Guest {
		return drop, 0
	}
	to := addr(packet[16:20])
	switch packet[9] {
	case protocolTCP, protocolUDP:
		return pass, 0
	case protocolICMP:
		if to == Gateway {
			return pass, 0
		}
		// A stack that speaks for every address would answer a ping for every address.
		return refuse, codeProhibited
	}
	return refuse, codeProtocol
}

func addr(bytes []byte) netip.Addr { return netip.AddrFrom4([4]byte(bytes)) }

// unreachable is the ICMP message that refuses a packet of the guest, as a frame's payload: RFC 792, RFC 1812.
func unreachable(packet []byte, code byte) []byte {
	quoted := packet[:min(len(packet), ipv4Bytes+8+40)]
	reply := make([]byte, ipv4Bytes+8+len(quoted))
	reply[0] = 0x45
	binary.BigEndian.PutUint16(reply[2:4], uint16(len(reply)))
	reply[8] = 64
	reply[9] = protocolICMP
	copy(reply[12:16], packet[16:20])
	copy(reply[16:20], packet[12:16])
	binary.BigEndian.PutUint16(reply[10:12], checksum(reply[:ipv4Bytes]))
	icmp := reply[ipv4Bytes:]
	icmp[0] = 3
	icmp[1] = code
	copy(icmp[8:], quoted)
	binary.BigEndian.PutUint16(icmp[2:4], checksum(icmp))
	return reply
}

func checksum(bytes []byte) uint16 {
	sum := uint32(0)
	for i := 0; i+1 < len(bytes); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(bytes[i:]))
	}
	if len(bytes)%2 == 1 {
		sum += uint32(bytes[len(bytes)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
