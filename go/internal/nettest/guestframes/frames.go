package main

import (
	"encoding/binary"
	"math/rand/v2"
)

var kinds = map[string]func(at int, random *rand.Rand) []byte{
	"syn":       synFrame,
	"arp":       arpFrame,
	"dhcp":      dhcpFrame,
	"oversized": oversizedFrame,
	"fuzz":      fuzzedFrame,
}

// A SYN to another port, from another port, each time.
func synFrame(at int, _ *rand.Rand) []byte {
	return syn(at, stranger, uint16(1+at%50_000))
}

// A SYN to one port of the host, which it answers: the connection is made, and left.
func synTo(port uint16) func(int, *rand.Rand) []byte {
	return func(at int, _ *rand.Rand) []byte { return syn(at, host, port) }
}

func syn(at int, to []byte, port uint16) []byte {
	segment := make([]byte, 20)
	binary.BigEndian.PutUint16(segment, uint16(1024+at%60_000))
	binary.BigEndian.PutUint16(segment[2:], port)
	binary.BigEndian.PutUint32(segment[4:], uint32(at))
	segment[12], segment[13] = 5<<4, 2
	binary.BigEndian.PutUint16(segment[14:], 65535)
	packet := ipv4(6, guest, to, segment)
	binary.BigEndian.PutUint16(packet[20+16:], transportSum(packet))
	return ethernet(gatewayMAC, 0x0800, packet)
}

// A request from another sender, for another address, each time.
func arpFrame(at int, _ *rand.Rand) []byte {
	request := make([]byte, 28)
	copy(request, []byte{0, 1, 8, 0, 6, 4, 0, 1})
	binary.BigEndian.PutUint32(request[10:], uint32(at))
	binary.BigEndian.PutUint32(request[14:], 0xc0a87f02+uint32(at%3))
	binary.BigEndian.PutUint32(request[24:], 0xc0a87f01+uint32(at%254))
	return ethernet(broadcast, 0x0806, request)
}

// A DHCPDISCOVER of another client each time: RFC 2131.
func dhcpFrame(at int, _ *rand.Rand) []byte {
	message := make([]byte, 240, 244)
	copy(message, []byte{1, 1, 6, 0})
	binary.BigEndian.PutUint32(message[4:], uint32(at))
	binary.BigEndian.PutUint32(message[30:], uint32(at))
	copy(message[236:], []byte{99, 130, 83, 99})
	message = append(message, 53, 1, 1, 255)
	datagram := make([]byte, 8, 8+len(message))
	binary.BigEndian.PutUint16(datagram, 68)
	binary.BigEndian.PutUint16(datagram[2:], 67)
	binary.BigEndian.PutUint16(datagram[4:], uint16(8+len(message)))
	sender := []byte{0, 0, 0, 0}
	if at%2 == 1 {
		sender = guest
	}
	return ethernet(broadcast, 0x0800, ipv4(17, sender, []byte{255, 255, 255, 255}, append(datagram, message...)))
}

func oversizedFrame(at int, _ *rand.Rand) []byte {
	frame := make([]byte, largest-at%15)
	copy(frame, ethernet(gatewayMAC, 0x0800, ipv4(17, guest, stranger, make([]byte, 8))))
	return frame
}

// Mostly packets that are nearly right: a head that lies about what follows.
func fuzzedFrame(_ int, random *rand.Rand) []byte {
	payload := make([]byte, random.IntN(200))
	for i := range payload {
		payload[i] = byte(random.Uint32())
	}
	to := [][]byte{gateway, stranger, {224, 0, 0, 1}, {192, 168, 127, 254}, {127, 0, 0, 1}}[random.IntN(5)]
	packet := ipv4([]byte{1, 2, 6, 17, 132}[random.IntN(5)], guest, to, payload)
	for range random.IntN(4) {
		packet[random.IntN(20)] = byte(random.Uint32())
	}
	packet = packet[:1+random.IntN(len(packet))]
	kind := []uint16{0x0800, 0x0800, 0x0800, 0x0806, 0x86dd, 0x8100}[random.IntN(6)]
	return ethernet([][]byte{gatewayMAC, gatewayMAC, broadcast}[random.IntN(3)], kind, packet)
}

func ethernet(to []byte, kind uint16, packet []byte) []byte {
	head := append(append([]byte{}, to...), 0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xee)
	return append(binary.BigEndian.AppendUint16(head, kind), packet...)
}

func ipv4(protocol byte, from, to, payload []byte) []byte {
	head := make([]byte, 20, 20+len(payload))
	head[0], head[8], head[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(head[2:], uint16(len(head)+len(payload)))
	copy(head[12:], from)
	copy(head[16:], to)
	binary.BigEndian.PutUint16(head[10:], folded(sum(0, head)))
	return append(head, payload...)
}

// transportSum is the checksum of a packet's segment, behind its pseudo head: RFC 9293, section 3.1.
func transportSum(packet []byte) uint16 {
	total := sum(uint32(packet[9])+uint32(len(packet)-20), packet[12:20])
	return folded(sum(total, packet[20:]))
}

func sum(total uint32, bytes []byte) uint32 {
	for i := 0; i+1 < len(bytes); i += 2 {
		total += uint32(binary.BigEndian.Uint16(bytes[i:]))
	}
	if len(bytes)%2 == 1 {
		total += uint32(bytes[len(bytes)-1]) << 8
	}
	return total
}

func folded(total uint32) uint16 {
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return ^uint16(total)
}
