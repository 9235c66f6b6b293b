package limits

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/sys/unix"
)

// Whatever breaks is older than `atOnce`, and younger than `late`.
const (
	atOnce = time.Nanosecond
	late   = time.Hour
)

func newOnce(t *testing.T, young time.Duration) *Once {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	t.Cleanup(cancel)
	once := &Once{Young: caddy.Duration(young), Unacknowledged: caddy.Duration(300 * time.Millisecond), Users: []string{"grafana"}}
	if err := once.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	return once
}

// fake is a server that does with each request, in turn, what it is told to.
type fake struct {
	address string
	// What it was asked.
	asked chan string
	// The connection of each request that it does not answer.
	taken chan *net.TCPConn
	turns chan bool
}

// newFake answers where `turns` says true, and takes the request where it says false.
func newFake(t *testing.T, turns ...bool) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	f := &fake{address: listener.Addr().String(), asked: make(chan string, 9), taken: make(chan *net.TCPConn, 9), turns: make(chan bool, 9)}
	for _, turn := range turns {
		f.turns <- turn
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = connection.Close() })
			go f.serve(connection.(*net.TCPConn))
		}
	}()
	return f
}

func (f *fake) serve(connection *net.TCPConn) {
	reader := bufio.NewReader(connection)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		body, _ := io.ReadAll(request.Body)
		f.asked <- request.Method + " " + string(body)
		if !<-f.turns {
			f.taken <- connection
			return
		}
		f.taken <- connection
		_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

// ask as Caddy does, whose replacer knows the user.
func (o *Once) ask(t *testing.T, address, method, body string) (*http.Response, error) {
	t.Helper()
	replacer := caddy.NewReplacer()
	replacer.Set("http.auth.user.id", "grafana")
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), caddy.ReplacerCtxKey, replacer), time.Minute)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, method, "http://"+address+"/api/v1/query", io.NopCloser(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = int64(len(body))
	if body == "" {
		request.Body = http.NoBody
	}
	answer, err := o.RoundTrip(request)
	if err == nil {
		// So that the connection rests.
		text, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		answer.Body = io.NopCloser(strings.NewReader(string(text)))
	}
	return answer, err
}

func wantTriedElsewhere(t *testing.T, answer *http.Response, err error) {
	t.Helper()
	var dial reverseproxy.DialError
	if !errors.As(err, &dial) {
		t.Errorf("got %v, %v, want an error that Caddy always tries elsewhere", answer, err)
	}
}

func wantBrokenOff(t *testing.T, answer *http.Response, err error) {
	t.Helper()
	if err != nil || answer.StatusCode != http.StatusBadGateway || answer.Header.Get(takenHeader) == "" {
		t.Fatalf("got %v, %v, want a 502 that is marked", answer, err)
	}
	if text, _ := io.ReadAll(answer.Body); !strings.Contains(string(text), "was not asked of another server") || strings.Count(string(text), "\n") != 1 {
		t.Errorf("it says %q", text)
	}
}

func TestServerThatCannotBeReachedTookNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	answer, err := newOnce(t, atOnce).ask(t, listener.Addr().String(), "GET", "")
	wantTriedElsewhere(t, answer, err)
}

var methods = []struct{ method, body string }{{"GET", ""}, {"HEAD", ""}, {"POST", "query=up"}, {"POST", ""}}

func TestQueryThatWasTakenIsAskedOnce(t *testing.T) {
	for _, rested := range []bool{false, true} {
		for _, each := range methods {
			once, server := newOnce(t, atOnce), newFake(t)
			if rested {
				server.turns <- true
				if answer, err := once.ask(t, server.address, "GET", ""); err != nil || answer.StatusCode != 200 {
					t.Fatal(answer, err)
				}
				<-server.taken
			}
			server.turns <- false
			go func() { _ = (<-server.taken).Close() }()
			answer, err := once.ask(t, server.address, each.method, each.body)
			wantBrokenOff(t, answer, err)
			if rested {
				<-server.asked
			}
			if got := <-server.asked; got != each.method+" "+each.body || len(server.asked) != 0 {
				t.Errorf("after a rest %v: asked %q, and %d more", rested, got, len(server.asked))
			}
			if got := testutil.ToFloat64(once.brokeOff.WithLabelValues("grafana")); got != 1 {
				t.Errorf("it was counted %v times", got)
			}
		}
	}
}

func TestQueryOnAConnectionThatBreaksAtOnceIsTriedElsewhere(t *testing.T) {
	for _, each := range methods {
		once, server := newOnce(t, late), newFake(t, false)
		go func() { _ = (<-server.taken).Close() }()
		answer, err := once.ask(t, server.address, each.method, each.body)
		wantTriedElsewhere(t, answer, err)
	}
}

func TestServerThatClosedARestingConnectionIsAskedOnANewOne(t *testing.T) {
	once, server := newOnce(t, late), newFake(t, true, false, true)
	if answer, err := once.ask(t, server.address, "GET", ""); err != nil || answer.StatusCode != 200 {
		t.Fatal(answer, err)
	}
	<-server.taken
	go func() { _ = (<-server.taken).Close() }()
	if answer, err := once.ask(t, server.address, "GET", ""); err != nil || answer.StatusCode != 200 {
		t.Fatal(answer, err)
	}
}

// As when the other VM, or a firewall between, drops what is sent and says nothing.
func TestRestingConnectionThatWasDroppedIsGivenUpSoon(t *testing.T) {
	for _, each := range methods {
		once, server := newOnce(t, late), newFake(t, true, true)
		if answer, err := once.ask(t, server.address, "GET", ""); err != nil || answer.StatusCode != 200 {
			t.Fatal(answer, err)
		}
		<-server.asked
		dropAll(t, <-server.taken)
		answer, err := once.ask(t, server.address, each.method, each.body)
		if each.method == "POST" {
			wantTriedElsewhere(t, answer, err)
			continue
		}
		if err != nil || answer.StatusCode != 200 || len(server.asked) != 1 {
			t.Errorf("%s got %v, %v", each.method, answer, err)
		}
	}
}

// dropAll lets the kernel throw away what arrives, before it confirms it.
func dropAll(t *testing.T, connection *net.TCPConn) {
	t.Helper()
	raw, err := connection.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	// "Keep no byte."
	filter := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	var refused error
	err = raw.Control(func(descriptor uintptr) {
		program := unix.SockFprog{Len: 1, Filter: &filter[0]}
		refused = unix.SetsockoptSockFprog(int(descriptor), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program)
	})
	if err = errors.Join(err, refused); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyWhatTheNetworkNeverConfirmedMayBeOlder(t *testing.T) {
	once := &Once{Young: caddy.Duration(time.Second), Unacknowledged: caddy.Duration(3 * time.Second)}
	for _, each := range []struct {
		err   error
		age   time.Duration
		taken bool
	}{
		{io.EOF, 0, false}, {io.EOF, 2 * time.Second, true}, {syscall.ECONNRESET, 2 * time.Minute, true},
		{syscall.ETIMEDOUT, 3 * time.Second, false}, {syscall.ETIMEDOUT, 5 * time.Second, true},
	} {
		attempt := &attempt{since: time.Now().Add(-each.age)}
		if got := once.took(attempt, &net.OpError{Op: "read", Err: each.err}); got != each.taken {
			t.Errorf("%v after %s: taken is %v", each.err, each.age, got)
		}
	}
	if once.took(newAttempt(), io.EOF) {
		t.Error("what had no connection was taken")
	}
}

func TestClientThatLeftIsNoFaultOfTheServer(t *testing.T) {
	once, server := newOnce(t, atOnce), newFake(t, false)
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+server.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-server.taken
		leave()
	}()
	if answer, err := once.RoundTrip(request); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", answer, err)
	}
}

func TestTransportWithoutTimesIsRefused(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	if err := new(Once).Provision(ctx); err == nil {
		t.Error("it is accepted")
	}
}
