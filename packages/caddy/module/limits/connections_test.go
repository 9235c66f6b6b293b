package limits

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// A server whose handler says that a request is there, and answers when it may.
type bounded struct {
	*Connections
	address string
	arrived chan struct{}
	release chan struct{}
}

func newBounded(t *testing.T, most int) *bounded {
	t.Helper()
	connections := &Connections{Name: "public", Most: most}
	if err := connections.prepare(prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bounded{connections, listener.Addr().String(), make(chan struct{}, 100), make(chan struct{})}
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.Path == "/slow" {
			b.arrived <- struct{}{}
			<-b.release
		}
		_, err := io.WriteString(w, "served")
		return err
	})
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = new(ConnectionState).ServeHTTP(w, r, next)
		}),
	}
	go func() { _ = server.Serve(connections.WrapListener(listener)) }()
	t.Cleanup(func() { _ = server.Close() })
	return b
}

func (b *bounded) dial(t *testing.T, sends string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", b.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	// Longer than any test may take; none waits for it when all is well.
	_ = connection.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(connection, sends); err != nil {
		t.Fatal(err)
	}
	return connection
}

func answerOf(connection net.Conn) string {
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return "closed"
	}
	body, _ := io.ReadAll(response.Body)
	return string(body)
}

const (
	quick   = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	slow    = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
	started = "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
)

func TestConnectionThatRestsLongestMakesRoom(t *testing.T) {
	b := newBounded(t, 3)
	var held []net.Conn
	for range 50 {
		held = append(held, b.dial(t, started))
	}
	if got := answerOf(b.dial(t, quick)); got != "served" {
		t.Errorf("while headers are held back, another one is %s", got)
	}
	if got := answerOf(held[0]); got != "closed" {
		t.Errorf("the one that rested longest is %s", got)
	}
	if got := testutil.ToFloat64(b.closed.WithLabelValues("public", "resting")); got != 48 {
		t.Errorf("%v were counted", got)
	}
}

func TestConnectionThatCarriesARequestIsNeverClosedForAnother(t *testing.T) {
	b := newBounded(t, 2)
	carriers := []net.Conn{b.dial(t, slow), b.dial(t, slow)}
	<-b.arrived
	<-b.arrived
	if got := answerOf(b.dial(t, "")); got != "closed" {
		t.Errorf("one too many is %s", got)
	}
	close(b.release)
	for _, carrier := range carriers {
		if got := answerOf(carrier); got != "served" {
			t.Errorf("a carrier is %s", got)
		}
	}
	// They rest now, and make room.
	if got := answerOf(b.dial(t, quick)); got != "served" {
		t.Errorf("a later one is %s", got)
	}
	if got := testutil.ToFloat64(b.closed.WithLabelValues("public", "new")); got != 1 {
		t.Errorf("%v were counted", got)
	}
}

func TestAnswerDoesNotWaitForABodyThatNobodyReads(t *testing.T) {
	b := newBounded(t, 2)
	held := b.dial(t, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"+strings.Repeat("u", 999))
	if got := answerOf(held); got != "served" {
		t.Errorf("it is %s", got)
	}
	if _, err := io.Copy(io.Discard, held); err != nil {
		t.Errorf("the connection is not closed: %s", err)
	}
}

func TestConnectionsAreCountedOnceHoweverOftenTheyAreClosed(t *testing.T) {
	b := newBounded(t, 1)
	mine, theirs := net.Pipe()
	defer theirs.Close()
	only := b.admit(mine)
	only.begin()
	for range 3 {
		_ = only.Close()
	}
	only.end()
	if b.all != 0 || b.resting.Len() != 0 {
		t.Errorf("%d connections, %d of them resting", b.all, b.resting.Len())
	}
}
