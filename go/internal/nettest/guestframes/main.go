// guestframes runs in the guest of a test, as its root:
//
//	guestframes KIND COUNT SEED   writes raw frames to eth0: syn, arp, dhcp, oversized, fuzz, or open:PORT of the host
//	guestframes udp HOST:PORT TEXT prints the answer to a datagram, or the error of it
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	device   = "eth0"
	patience = 10 * time.Second
	// Past every length that boxlite-netd takes, and within what a virtio device sends.
	largest = 65535 + 14
)

var (
	gatewayMAC = []byte{0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xdd}
	broadcast  = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	guest      = []byte{192, 168, 127, 2}
	gateway    = []byte{192, 168, 127, 1}
	host       = []byte{192, 168, 127, 254}
	stranger   = []byte{203, 0, 113, 1}
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: guestframes KIND COUNT SEED | udp HOST:PORT TEXT")
	}
	if args[0] == "udp" {
		return askOverUDP(args[1], args[2])
	}
	kind, port, _ := strings.Cut(args[0], ":")
	make, isKnown := kinds[kind]
	if number, err := strconv.ParseUint(port, 10, 16); err == nil {
		make, isKnown = synTo(uint16(number)), true
	}
	count, err := strconv.Atoi(args[1])
	seed, wrong := strconv.ParseUint(args[2], 10, 64)
	if !isKnown || err != nil || wrong != nil {
		return fmt.Errorf("no kind %q, or no numbers in %q", args[0], args[1:])
	}
	return send(count, make, rand.New(rand.NewPCG(seed, seed)))
}

func askOverUDP(address, text string) error {
	conn, err := net.Dial("udp4", address)
	if err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte(text)); err != nil {
		return err
	}
	answer := make([]byte, 1500)
	count, err := conn.Read(answer)
	if err != nil {
		return err
	}
	fmt.Println(string(answer[:count]))
	return nil
}

func send(count int, make func(int, *rand.Rand) []byte, random *rand.Rand) error {
	card, err := net.InterfaceByName(device)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return err
	}
	to := &unix.SockaddrLinklayer{Ifindex: card.Index, Protocol: binary.NativeEndian.Uint16([]byte{0x08, 0x00})}
	for at := range count {
		frame := make(at, random)
		for {
			err := unix.Sendto(fd, frame, 0, to)
			if err == nil {
				break
			}
			// The device's queue is full: it is emptied as fast as the other end reads.
			if !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EAGAIN) {
				return fmt.Errorf("frame %d of %d bytes: %w", at, len(frame), err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	fmt.Println(count)
	return nil
}
