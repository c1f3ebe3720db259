package netcontrol

import (
	"bufio"
	"encoding/json"
	"net"
	"net/netip"
	"testing"
	"time"

	"boxlite/internal/netpolicy"
)

const patience = 20 * time.Second

func denial() netpolicy.Denied {
	flow := netpolicy.Flow{Protocol: netpolicy.TCP, SourcePort: 40000, IP: netip.MustParseAddr("203.0.113.7"), Port: 443}
	return netpolicy.Denied{IP: "203.0.113.7", Port: 443, Protocol: netpolicy.TCP, Rule: "not-allowed", Flow: flow}
}

type told struct {
	Denial uint64
	Flow   netpolicy.Flow
	Denied netpolicy.Denied
}

// deny tells one denial and gives what the shim reads of it, and the channel that says when it may go on.
func deny(t *testing.T, shim net.Conn, control *Control) (told, chan struct{}) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		control.Denied(denial())
		close(done)
	}()
	_ = shim.SetDeadline(time.Now().Add(patience))
	line, err := bufio.NewReader(shim).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var read told
	if err := json.Unmarshal(line, &read); err != nil {
		t.Fatal(err)
	}
	return read, done
}

func TestADenialWaitsForTheWordThatItsCommandWasLookedFor(t *testing.T) {
	shim, own := net.Pipe()
	control := New(own)
	go func() { _ = control.Serve(nil, nil) }()
	read, done := deny(t, shim, control)
	if read.Flow != denial().Flow || read.Denied.IP != "203.0.113.7" {
		t.Fatalf("told %+v", read)
	}
	// Of another one: this one goes on waiting, as far as it does.
	if _, err := shim.Write([]byte(`{"traced":99}` + "\n" + `{"traced":1}` + "\n")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("it waits still")
	}
}

func TestADenialDoesNotWaitForAnAgentThatSaysNothing(t *testing.T) {
	shim, own := net.Pipe()
	control := New(own)
	for n := uint64(1); n <= 2; n++ {
		read, done := deny(t, shim, control)
		if read.Denial != n {
			t.Fatalf("denial %d has number %d", n, read.Denial)
		}
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatal("it waits still")
		}
	}
	if len(control.traced) != 0 {
		t.Fatal("what nobody waits for is kept")
	}
}
