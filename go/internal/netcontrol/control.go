// Package netcontrol is boxlite-netd's line to the shim: JSON documents, one a line, on a socket that no guest reaches.
package netcontrol

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"boxlite/internal/netdns"
	"boxlite/internal/netgate"
	"boxlite/internal/netpolicy"
)

const (
	longestLine = 1 << 20
	mostPending = 64
	// A shim that does not read is gone or stopped: what is said is then lost, and not waited for.
	writeTimeout = 5 * time.Second
	// How long a denied program waits until its command is found: it is told within 100 ms in any case.
	traceTimeout = 60 * time.Millisecond
)

// Request of a client of the shim.
type Request struct {
	N       int               `json:"n"`
	Op      string            `json:"op"`
	Policy  *netpolicy.Policy `json:"policy"`
	DNS     []string          `json:"dns"`
	Asks    bool              `json:"asks"`
	Port    netgate.Port      `json:"port"`
	ID      int               `json:"id"`
	Verdict netgate.Answer    `json:"verdict"`
}

type incoming struct {
	Client  uint64   `json:"client"`
	Request *Request `json:"request"`
	Gone    uint64   `json:"gone"`
	Traced  uint64   `json:"traced"`
}

// Control speaks with the shim, and through it with its clients.
type Control struct {
	conn net.Conn

	writing sync.Mutex

	mu     sync.Mutex
	gate   *netgate.Gate
	names  *netdns.Upstream
	asker  uint64
	asked  map[int]chan netgate.Answer
	lastID int
	// Denials whose command is being looked for.
	traced     map[uint64]chan struct{}
	lastDenial uint64
	// Ports that a client opened, by the client and the request that opened them.
	forwards map[forward]*netgate.Published
}

type forward struct {
	client uint64
	id     int
}

// New makes a control over its socket.
func New(conn net.Conn) *Control {
	return &Control{conn: conn, asked: map[int]chan netgate.Answer{}, traced: map[uint64]chan struct{}{}, forwards: map[forward]*netgate.Published{}}
}

// Ready says that the ports are open and the gate runs.
func (c *Control) Ready(ports []netgate.Port) error {
	return c.send(map[string]any{"ready": map[string]any{"ports": ports}})
}

// Fail says why there is no gate.
func (c *Control) Fail(err error) {
	_ = c.send(map[string]any{"error": asFailure(err)})
}

// Serve carries requests out until the shim is gone, which is the normal end.
func (c *Control) Serve(gate *netgate.Gate, names *netdns.Upstream) error {
	c.mu.Lock()
	c.gate, c.names = gate, names
	c.mu.Unlock()
	lines := bufio.NewScanner(c.conn)
	lines.Buffer(make([]byte, 0, 4096), longestLine)
	for lines.Scan() {
		var message incoming
		if err := json.Unmarshal(lines.Bytes(), &message); err != nil {
			return fmt.Errorf("the shim's line: %w", err)
		}
		switch {
		case message.Gone != 0:
			c.lose(message.Gone)
		case message.Traced != 0:
			c.endTrace(message.Traced)
		case message.Request != nil:
			c.answer(message.Client, *message.Request)
		}
	}
	return lines.Err()
}

func (c *Control) answer(client uint64, request Request) {
	value, err := c.carryOut(client, request)
	reply := map[string]any{"n": request.N, "value": value}
	if err != nil {
		reply = map[string]any{"n": request.N, "value": false, "error": asFailure(err)}
	}
	_ = c.send(map[string]any{"client": client, "reply": reply})
}

func (c *Control) carryOut(client uint64, request Request) (any, error) {
	switch request.Op {
	case "policy":
		return true, c.setPolicy(client, request)
	case "verdict":
		c.settle(request.ID, request.Verdict)
		return true, nil
	case "forward":
		published, err := c.gate.Publish(request.Port)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		c.forwards[forward{client, request.N}] = published
		c.mu.Unlock()
		return map[string]any{"id": request.N, "port": published.Port}, nil
	case "unforward":
		return c.closeForward(forward{client, request.ID}), nil
	case "counters":
		received, sent := c.gate.Bytes()
		return map[string]any{"fromGuest": received, "toGuest": sent}, nil
	}
	return nil, &netgate.Failure{Code: "protocol", Message: fmt.Sprintf("Unknown request %q to the box's network", request.Op)}
}

// setPolicy without a policy only says who is asked from now on.
func (c *Control) setPolicy(client uint64, request Request) error {
	servers, err := netdns.ParseServers(request.DNS)
	if err == nil && request.Policy != nil {
		err = request.Policy.Prepare()
	}
	if err != nil {
		return &netgate.Failure{Code: "invalid-argument", Message: err.Error()}
	}
	c.mu.Lock()
	c.asker = 0
	if request.Asks {
		c.asker = client
	}
	c.mu.Unlock()
	if request.Policy == nil {
		return nil
	}
	if c.names.Use(servers) {
		c.gate.ForgetNames()
	}
	c.gate.SetPolicy(request.Policy)
	return nil
}

// Denied tells every client, and waits until the guest's agent has found the command whose it was: the command's end then comes
// after that.
func (c *Control) Denied(denied netpolicy.Denied) {
	c.mu.Lock()
	c.lastDenial++
	n, found := c.lastDenial, make(chan struct{})
	c.traced[n] = found
	c.mu.Unlock()
	if c.send(map[string]any{"denial": n, "flow": denied.Flow, "denied": denied}) == nil {
		select {
		case <-found:
		case <-time.After(traceTimeout):
		}
	}
	c.endTrace(n)
}

func (c *Control) endTrace(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.traced[n]; found != nil {
		close(found)
		delete(c.traced, n)
	}
}

// Ask asks the client that set the policy.
func (c *Control) Ask(ctx context.Context, denied netpolicy.Denied) netgate.Answer {
	c.mu.Lock()
	client := c.asker
	if client == 0 || len(c.asked) >= mostPending {
		c.mu.Unlock()
		return netgate.Nobody
	}
	c.lastID++
	id, answer := c.lastID, make(chan netgate.Answer, 1)
	c.asked[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.asked, id)
		c.mu.Unlock()
	}()
	notice := map[string]any{"type": "ask", "id": id, "denied": denied}
	if c.send(map[string]any{"client": client, "notice": notice}) != nil {
		return netgate.Nobody
	}
	select {
	case given := <-answer:
		return given
	case <-ctx.Done():
		return netgate.Deny
	}
}

func (c *Control) settle(id int, answer netgate.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if waiting := c.asked[id]; waiting != nil {
		select {
		case waiting <- answer:
		default:
		}
	}
}

func (c *Control) closeForward(key forward) bool {
	c.mu.Lock()
	published := c.forwards[key]
	delete(c.forwards, key)
	c.mu.Unlock()
	if published != nil {
		published.Close()
	}
	return published != nil
}

// lose ends what belonged to a client: its ports, and its part in answering.
func (c *Control) lose(client uint64) {
	c.mu.Lock()
	if c.asker == client {
		c.asker = 0
		for _, waiting := range c.asked {
			select {
			case waiting <- netgate.Deny:
			default:
			}
		}
	}
	var closing []forward
	for key := range c.forwards {
		if key.client == client {
			closing = append(closing, key)
		}
	}
	c.mu.Unlock()
	for _, key := range closing {
		c.closeForward(key)
	}
}

func (c *Control) send(message any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	written, err := c.conn.Write(append(line, '\n'))
	if err != nil && written > 0 {
		// Half a line would spoil the next one.
		_ = c.conn.Close()
	}
	return err
}

func asFailure(err error) *netgate.Failure {
	var failure *netgate.Failure
	if errors.As(err, &failure) {
		return failure
	}
	return &netgate.Failure{Code: "boot-failed", Message: "The box's network: " + err.Error()}
}
