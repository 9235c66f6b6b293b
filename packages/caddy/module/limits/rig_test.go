package limits

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// rig is a server with the handler before a Prometheus that holds queries whose
// path is /hold until they may end.
type rig struct {
	*Handler
	server  *httptest.Server
	asked   atomic.Int64
	arrived chan *http.Request
	release chan struct{}
	logged  lines
}

// lines are what is logged.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

const server = "10.0.0.1:8444"

func newRig(t *testing.T, change func(*Handler)) *rig {
	t.Helper()
	handler := &Handler{
		QueryBytes: 1000, QueryNesting: 8, BodyTimeout: caddy.Duration(time.Minute), PlaceTimeout: caddy.Duration(time.Minute),
		Silence: caddy.Duration(time.Minute), AnswerTimeout: caddy.Duration(time.Minute), AbandonedFor: caddy.Duration(time.Hour),
		Shares:         Shares{Queries: 3, QueriesPerUser: 2, WaitingPerUser: 4, BufferedBytes: 4000, BufferedBytesPerUser: 2000},
		RequestHeaders: []string{"Accept", "Content-Type"}, Users: []string{"greedy", "modest"},
	}
	if change != nil {
		change(handler)
	}
	if err := handler.Validate(); err != nil {
		t.Fatal(err)
	}
	logged := make(lines, 10)
	if err := handler.prepare(prometheus.NewRegistry(), slog.New(slog.NewTextHandler(logged, nil))); err != nil {
		t.Fatal(err)
	}
	r := &rig{Handler: handler, arrived: make(chan *http.Request, 100), release: make(chan struct{}), logged: logged}
	r.server = httptest.NewServer(http.HandlerFunc(r.enter))
	t.Cleanup(r.server.Close)
	return r
}

// As Caddy calls it, with the user whom authentication found.
func (r *rig) enter(w http.ResponseWriter, request *http.Request) {
	replacer := caddy.NewReplacer()
	replacer.Set("http.auth.user.id", request.Header.Get("User"))
	replacer.Set("http.reverse_proxy.upstream.hostport", server)
	request = request.WithContext(context.WithValue(request.Context(), caddy.ReplacerCtxKey, replacer))
	_ = new(ConnectionState).ServeHTTP(w, request, caddyhttp.HandlerFunc(func(w http.ResponseWriter, request *http.Request) error {
		return r.ServeHTTP(w, request, caddyhttp.HandlerFunc(r.prometheus))
	}))
}

func (r *rig) prometheus(w http.ResponseWriter, request *http.Request) error {
	r.asked.Add(1)
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return err
	}
	r.arrived <- request
	if strings.HasPrefix(request.URL.Path, "/hold") {
		select {
		case <-r.release:
		case <-request.Context().Done():
			// As Caddy's proxy does.
			w.WriteHeader(statusClientLeft)
			return nil
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(request.URL.Path, "/stall") {
		_, _ = io.WriteString(w, "the beginning")
		_ = http.NewResponseController(w).Flush()
		<-request.Context().Done()
		return nil
	}
	for strings.HasPrefix(request.URL.Path, "/endless") && request.Context().Err() == nil {
		if _, err := io.WriteString(w, strings.Repeat("more", 1000)); err != nil {
			return err
		}
	}
	if strings.HasPrefix(request.URL.Path, "/panic") {
		panic(http.ErrAbortHandler)
	}
	_, err = fmt.Fprintf(w, "answer to %s", body)
	return err
}

type said struct {
	status int
	text   string
	header http.Header
	err    error
}

func (r *rig) send(ctx context.Context, user, method, target string, body io.Reader, headers ...string) said {
	request, err := http.NewRequestWithContext(ctx, method, r.server.URL+target, body)
	if err != nil {
		return said{err: err}
	}
	request.Header.Set("User", user)
	for at := 0; at < len(headers); at += 2 {
		request.Header.Set(headers[at], headers[at+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return said{err: err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return said{response.StatusCode, string(text), response.Header, err}
}

func (r *rig) get(t *testing.T, user, target string) said {
	return r.send(t.Context(), user, http.MethodGet, target, nil)
}

// hold starts a query that Prometheus works on, and waits until it does.
func (r *rig) hold(ctx context.Context, user string) <-chan said {
	ended := make(chan said, 1)
	go func() { ended <- r.send(ctx, user, http.MethodGet, "/hold", nil) }()
	<-r.arrived
	return ended
}

// holdBody sends all of a body but the last byte.
func (r *rig) holdBody(t *testing.T, user string, size int) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	_, err = fmt.Fprintf(connection, "POST /query HTTP/1.1\r\nHost: x\r\nUser: %s\r\nContent-Length: %d\r\n\r\n%s", user, size, strings.Repeat("u", size-1))
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

func (r *rig) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 6000 {
		r.board.lock.Lock()
		done := holds()
		r.board.lock.Unlock()
		if done {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func wantAnswer(t *testing.T, got said, status int, says string) {
	t.Helper()
	if got.err != nil || got.status != status || !strings.Contains(got.text, says) {
		t.Fatalf("got %+v, want %d that says %q", got, status, says)
	}
	if status >= 400 && (strings.Count(got.text, "\n") != 1 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain")) {
		t.Errorf("%q is not one line of plain text", got.text)
	}
}

// wantEnded waits until a limit has ended one query of greedy's, and wants it to be told of.
func (r *rig) wantEnded(t *testing.T, limit limit, says string) {
	t.Helper()
	select {
	case line := <-r.logged:
		if strings.Count(line, "\n") != 1 || !strings.Contains(line, says) {
			t.Errorf("the log says %q, want one line with %q", line, says)
		}
	case <-time.After(time.Minute):
		t.Errorf("the log says nothing, want %q", says)
	}
	if got := testutil.ToFloat64(r.cutOff.WithLabelValues(string(limit), "greedy")); got != 1 {
		t.Errorf("%s was counted %v times", limit, got)
	}
}

func (r *rig) wantCounted(t *testing.T, limit limit, user string, want float64) {
	t.Helper()
	if got := testutil.ToFloat64(r.refused.WithLabelValues(string(limit), user)); got != want {
		t.Errorf("%s of %s was counted %v times, want %v", limit, user, got, want)
	}
}
