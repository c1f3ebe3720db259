// boxlite-netd <box id>: the network of one box. A child of its shim, with the other end of the guest's network device;
// settings on standard input, one line to and from the shim on descriptor 3, frames on descriptor 4.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"

	"boxlite/internal/netcontrol"
	"boxlite/internal/netdns"
	"boxlite/internal/netgate"
	"boxlite/internal/netjail"
	"boxlite/internal/netwire"
)

const (
	controlFD = 3
	wireFD    = 4
	// Soft: beyond it the collector works harder. Connections are bounded by their number.
	memoryLimit = 64 << 20
)

func main() {
	runtime.GOMAXPROCS(min(2, runtime.NumCPU()))
	debug.SetMemoryLimit(memoryLimit)
	debug.SetGCPercent(50)
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "netd: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	conn, err := inherited(controlFD)
	if err != nil {
		return err
	}
	control := netcontrol.New(conn)
	names := netdns.NewUpstream(netdns.HostServers("/etc/resolv.conf"))
	gate, ports, err := open(control, names)
	if err != nil {
		control.Fail(err)
		return err
	}
	if err := control.Ready(ports); err != nil {
		return err
	}
	// The machine's end is the end of its wire; the shim, which may keep an end of it, says so by its own.
	go func() {
		if err := gate.Run(); err != nil {
			fmt.Fprintf(os.Stderr, "netd: the wire to the guest ended: %v\n", err)
		}
	}()
	return control.Serve(gate, names)
}

// open does all that may fail, and the last of what needs files, before the guest's frames are looked at.
func open(control *netcontrol.Control, names *netdns.Upstream) (*netgate.Gate, []netgate.Port, error) {
	settings, err := readSettings()
	if err != nil {
		return nil, nil, err
	}
	servers, err := netdns.ParseServers(settings.Network.DNS)
	if err != nil {
		return nil, nil, err
	}
	names.Use(servers)
	conn, err := inherited(wireFD)
	if err != nil {
		return nil, nil, err
	}
	wire, err := netwire.Open(conn, settings.Restart != nil)
	if err != nil {
		return nil, nil, err
	}
	gate, err := netgate.New(wire, &settings.Network.Policy, hostWith(names), control)
	if err != nil {
		return nil, nil, err
	}
	ports := make([]netgate.Port, 0, len(settings.Network.Ports))
	for _, port := range settings.Network.Ports {
		published, err := gate.Publish(port)
		if err != nil {
			return nil, nil, err
		}
		ports = append(ports, published.Port)
	}
	return gate, ports, netjail.Enter()
}

func hostWith(names *netdns.Upstream) netgate.Host {
	own := &ownAddresses{}
	return netgate.Host{Dial: dialExactly, IsOwn: own.has, Resolver: names}
}

// dialExactly connects to an address that was decided on: what the kernel is about to connect to must be that very one.
func dialExactly(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Control: func(_, final string, _ syscall.RawConn) error {
		if final != address {
			return fmt.Errorf("a connection to %s that was decided on as %s", final, address)
		}
		return nil
	}}
	return dialer.DialContext(ctx, network, address)
}

func inherited(fd uintptr) (*net.UnixConn, error) {
	file := os.NewFile(fd, "")
	if file == nil {
		return nil, fmt.Errorf("descriptor %d is not open", fd)
	}
	defer func() { _ = file.Close() }()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", fd, err)
	}
	unix, isUnix := conn.(*net.UnixConn)
	if !isUnix {
		return nil, errors.New("expected a unix socket")
	}
	return unix, nil
}
