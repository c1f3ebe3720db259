package netwire

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// How often a second the guest is told that a packet of it goes nowhere.
const mostRefusals = 200

// Endpoint is the stack's network card: a wire with our guest at its other end.
type Endpoint struct {
	wire       *Wire
	dispatcher stack.NetworkDispatcher

	// Bytes of frames from and to the guest.
	Received atomic.Uint64
	Sent     atomic.Uint64

	refusals int
	second   int64
}

// NewEndpoint makes a card over the wire; Run moves the guest's frames.
func NewEndpoint(wire *Wire) *Endpoint { return &Endpoint{wire: wire} }

// Run takes the guest's frames until the wire ends.
func (e *Endpoint) Run() error {
	for {
		frame, err := e.wire.Read()
		if err != nil {
			return err
		}
		e.Received.Add(uint64(len(frame)))
		switch decided, code := judge(frame); decided {
		case pass:
			e.deliver(frame)
		case refuse:
			e.refuse(frame[headerBytes:], code)
		}
	}
}

func (e *Endpoint) deliver(frame []byte) {
	data := buffer.MakeWithData(frame)
	data.TrimFront(headerBytes)
	packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: data})
	defer packet.DecRef()
	e.dispatcher.DeliverNetworkPacket(tcpip.NetworkProtocolNumber(binary.BigEndian.Uint16(frame[12:14])), packet)
}

func (e *Endpoint) refuse(packet []byte, code byte) {
	now := time.Now().Unix()
	if now != e.second {
		e.second, e.refusals = now, 0
	}
	if e.refusals++; e.refusals > mostRefusals {
		return
	}
	_ = e.send(etherIPv4, unreachable(packet, code))
}

func (e *Endpoint) send(protocol uint16, parts ...[]byte) error {
	head := make([]byte, headerBytes, headerBytes)
	copy(head, GuestMAC[:])
	copy(head[6:], GatewayMAC[:])
	binary.BigEndian.PutUint16(head[12:], protocol)
	size := headerBytes
	for _, part := range parts {
		size += len(part)
	}
	e.Sent.Add(uint64(size))
	return e.wire.Write(append([][]byte{head}, parts...)...)
}

// WritePackets sends the stack's packets: there is one neighbour, so every one goes to it.
func (e *Endpoint) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	sent := 0
	for _, packet := range packets.AsSlice() {
		if err := e.send(uint16(packet.NetworkProtocolNumber), packet.AsSlices()...); err != nil {
			return sent, &tcpip.ErrClosedForSend{}
		}
		sent++
	}
	return sent, nil
}

func (e *Endpoint) MTU() uint32                               { return MTU }
func (e *Endpoint) SetMTU(uint32)                             {}
func (e *Endpoint) MaxHeaderLength() uint16                   { return 0 }
func (e *Endpoint) LinkAddress() tcpip.LinkAddress            { return tcpip.LinkAddress(GatewayMAC[:]) }
func (e *Endpoint) SetLinkAddress(tcpip.LinkAddress)          {}
func (e *Endpoint) Attach(dispatcher stack.NetworkDispatcher) { e.dispatcher = dispatcher }
func (e *Endpoint) IsAttached() bool                          { return e.dispatcher != nil }
func (e *Endpoint) Wait()                                     {}
func (e *Endpoint) ARPHardwareType() header.ARPHardwareType   { return header.ARPHardwareEther }
func (e *Endpoint) AddHeader(*stack.PacketBuffer)             {}
func (e *Endpoint) ParseHeader(*stack.PacketBuffer) bool      { return true }
func (e *Endpoint) Close()                                    {}
func (e *Endpoint) SetOnCloseAction(func())                   {}

// Capabilities: the guest may leave checksums to us, since nothing between it and us can damage a packet.
func (e *Endpoint) Capabilities() stack.LinkEndpointCapabilities {
	return stack.CapabilityRXChecksumOffload
}
