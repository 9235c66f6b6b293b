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

func TestQueryArrivesWhole(t *testing.T) {
	r := newRig(t, nil)
	body := strings.Repeat("q", 990)
	wantAnswer(t, r.send(t.Context(), "greedy", "POST", "/query", strings.NewReader(body)), 200, "answer to "+body)
	if request := <-r.arrived; request.ContentLength != 990 {
		t.Errorf("it has Content-Length %d", request.ContentLength)
	}
	chunked := io.MultiReader(strings.NewReader("a"), strings.NewReader("b"))
	wantAnswer(t, r.send(t.Context(), "greedy", "POST", "/query", chunked), 200, "answer to ab")
	if request := <-r.arrived; request.ContentLength != 2 || request.TransferEncoding != nil {
		t.Errorf("it has Content-Length %d, %v", request.ContentLength, request.TransferEncoding)
	}
	wantAnswer(t, r.send(t.Context(), "greedy", "GET", "/query", strings.NewReader("no need")), 200, "answer to ")
	if request := <-r.arrived; request.ContentLength != 0 {
		t.Errorf("a GET has a body of %d", request.ContentLength)
	}
}

func TestQueryThatIsTooLongReachesNobody(t *testing.T) {
	r := newRig(t, nil)
	long := strings.Repeat("q", 1000)
	wantAnswer(t, r.get(t, "greedy", "/query?query="+long), 413, "limits.query_bytes")
	wantAnswer(t, r.send(t.Context(), "greedy", "POST", "/query", strings.NewReader(long)), 413, "limits.query_bytes")
	wantAnswer(t, r.send(t.Context(), "greedy", "POST", "/query", io.MultiReader(strings.NewReader(long))), 413, "limits.query_bytes")
	if r.asked.Load() != 0 {
		t.Errorf("Prometheus was asked %d times", r.asked.Load())
	}
	r.wantCounted(t, queryBytes, "greedy", 3)
}

func TestQueryThatIsNestedTooDeepReachesNobody(t *testing.T) {
	r := newRig(t, nil)
	deep := strings.Repeat("(", 9) + "1" + strings.Repeat(")", 9)
	wantAnswer(t, r.get(t, "greedy", "/query?query="+deep), 413, "limits.query_nesting")
	wantAnswer(t, r.send(t.Context(), "greedy", "POST", "/query", strings.NewReader("query=%28"+deep)), 413, "10 brackets")
	if r.asked.Load() != 0 {
		t.Errorf("Prometheus was asked %d times", r.asked.Load())
	}
	r.wantCounted(t, queryNesting, "greedy", 2)
}

func TestBodyThatIsHeldBackEndsAndHoldsUpNobody(t *testing.T) {
	r := newRig(t, func(h *Handler) { h.BodyTimeout = caddy.Duration(300 * time.Millisecond) })
	var held []net.Conn
	for range 2 {
		held = append(held, r.holdBody(t, "greedy", 900))
	}
	wantAnswer(t, r.send(t.Context(), "modest", "POST", "/query", strings.NewReader("up")), 200, "answer to up")
	for _, connection := range held {
		if text, _ := io.ReadAll(connection); !strings.Contains(string(text), "408 ") || !strings.Contains(string(text), "limits.body_timeout") {
			t.Errorf("got %q", text)
		}
	}
	r.wantCounted(t, bodyTimeout, "greedy", 2)
	r.until(t, "their bytes are given back", func() bool { return r.board.bytes == 0 })
}

func TestHeldBodiesTakeTheirUsersBytesOnly(t *testing.T) {
	r := newRig(t, nil)
	r.holdBody(t, "greedy", 900)
	r.holdBody(t, "greedy", 900)
	r.until(t, "both are reserved", func() bool { return r.board.user("greedy").arriving == 2 })
	body := strings.Repeat("q", 900)
	wantAnswer(t, r.send(t.Context(), "greedy", "POST", "/query", strings.NewReader(body)), 429, "limits.buffered_bytes_per_user")
	wantAnswer(t, r.send(t.Context(), "modest", "POST", "/query", strings.NewReader(body)), 200, "answer to "+body)
	wantAnswer(t, r.get(t, "greedy", "/query"), 200, "answer")
	r.wantCounted(t, bufferedBytesPerUser, "greedy", 1)
}

func TestBodyThatBreaksOffIsItsClientsFault(t *testing.T) {
	r := newRig(t, nil)
	connection, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_, _ = io.WriteString(connection, "POST /query HTTP/1.1\r\nHost: x\r\nUser: greedy\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
	if text, _ := io.ReadAll(connection); !strings.Contains(string(text), "400 ") || !strings.Contains(string(text), "broke off") {
		t.Errorf("got %q", text)
	}
	if r.asked.Load() != 0 {
		t.Error("Prometheus was asked")
	}
}

func TestUserWithAllItsPlacesIsRefusedAndOthersAreServed(t *testing.T) {
	r := newRig(t, func(h *Handler) { h.PlaceTimeout = caddy.Duration(50 * time.Millisecond) })
	first, second := r.hold(t.Context(), "greedy"), r.hold(t.Context(), "greedy")
	refused := r.get(t, "greedy", "/query")
	wantAnswer(t, refused, 429, "User greedy has 2 queries running")
	if refused.header.Get("Retry-After") == "" {
		t.Error("it does not say when to ask again")
	}
	wantAnswer(t, r.get(t, "modest", "/query"), 200, "answer")
	<-r.arrived
	third := r.hold(t.Context(), "modest")
	wantAnswer(t, r.get(t, "third", "/query"), 503, "limits.queries")
	close(r.release)
	for _, held := range []<-chan said{first, second, third} {
		wantAnswer(t, <-held, 200, "answer")
	}
	wantAnswer(t, r.get(t, "greedy", "/query"), 200, "answer")
	r.wantCounted(t, queriesPerUser, "greedy", 1)
	r.wantCounted(t, queries, "third", 1)
}

func TestSilenceIsAskedOnceAndKeepsItsPlaceUntilItEnds(t *testing.T) {
	r := newRig(t, func(h *Handler) { h.Silence = caddy.Duration(50 * time.Millisecond) })
	wantAnswer(t, r.get(t, "greedy", "/hold"), 504, "prometheus.query_timeout")
	wantAnswer(t, r.get(t, "modest", "/query"), 200, "answer")
	if r.asked.Load() != 2 {
		t.Errorf("Prometheus was asked %d times", r.asked.Load())
	}
	r.wantCounted(t, queryTimeout, "greedy", 1)
	if len(r.board.user("greedy").places) != 1 || r.abandoned("greedy") != 1 {
		t.Error("its place is free, but Prometheus still works")
	}
	close(r.release)
	r.until(t, "its place is free", func() bool { return len(r.board.places) == 0 && r.board.bytes == 0 })
	if got := r.abandoned("greedy"); got != 0 {
		t.Errorf("%d queries are abandoned at the end", got)
	}
}

// abandoned is how many queries Prometheus works on for nobody.
func (r *rig) abandoned(name string) int {
	r.board.lock.Lock()
	defer r.board.lock.Unlock()
	return r.board.user(name).abandoned
}

func TestQueryWhoseClientLeftKeepsItsPlaceUntilItEnds(t *testing.T) {
	r := newRig(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	ended := r.hold(ctx, "greedy")
	leave()
	<-ended
	wantAnswer(t, r.get(t, "modest", "/query"), 200, "answer")
	r.until(t, "its client's leaving is seen", func() bool { return r.board.user("greedy").abandoned == 1 })
	if len(r.board.user("greedy").places) != 1 {
		t.Error("its place is free, but Prometheus still works")
	}
	close(r.release)
	r.until(t, "its place is free", func() bool { return len(r.board.places) == 0 && r.board.bytes == 0 })
}

func TestQueryThatNeverEndsIsGivenUp(t *testing.T) {
	r := newRig(t, func(h *Handler) {
		h.Silence, h.AbandonedFor = caddy.Duration(50*time.Millisecond), caddy.Duration(500*time.Millisecond)
	})
	wantAnswer(t, r.get(t, "greedy", "/hold"), 504, "500ms are over (limits.abandoned_for)")
	wantAnswer(t, r.get(t, "modest", "/query"), 200, "answer")
	r.until(t, "its place is free", func() bool { return len(r.board.places) == 0 && r.board.bytes == 0 })
	r.wantEnded(t, abandonedFor, "A query of user greedy was given up after 500ms (limits.abandoned_for)")
}

func TestAnswerThatPrometheusDoesNotEndIsCutOff(t *testing.T) {
	r := newRig(t, func(h *Handler) { h.AnswerTimeout = caddy.Duration(200 * time.Millisecond) })
	if got := r.get(t, "greedy", "/stall"); got.status != 200 || got.text != "the beginning" || got.err == nil {
		t.Errorf("got %+v, want its beginning, and that it is not whole", got)
	}
	wantAnswer(t, r.get(t, "modest", "/query"), 200, "answer")
	r.until(t, "its place is free", func() bool { return len(r.board.places) == 0 && r.board.bytes == 0 })
	r.wantEnded(t, answerTimeout, "a query of user greedy was not through after 200ms (limits.answer_timeout)")
}

func TestAnswerThatItsClientDoesNotReadIsCutOff(t *testing.T) {
	r := newRig(t, func(h *Handler) { h.AnswerTimeout = caddy.Duration(500 * time.Millisecond) })
	connection, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_, _ = io.WriteString(connection, "GET /endless HTTP/1.1\r\nHost: x\r\nUser: greedy\r\n\r\n")
	<-r.arrived
	wantAnswer(t, r.get(t, "modest", "/query"), 200, "answer")
	r.until(t, "its place is free", func() bool { return len(r.board.places) == 0 && r.board.bytes == 0 })
	r.wantEnded(t, answerTimeout, "a query of user greedy was not through after 500ms (limits.answer_timeout)")
}

func TestAnswerEndsWithItsClient(t *testing.T) {
	r := newRig(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, r.server.URL+"/endless", nil)
	request.Header.Set("User", "greedy")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	leave()
	r.until(t, "its place is free", func() bool { return len(r.board.places) == 0 && r.board.bytes == 0 })
}

func TestAnswerThatBreaksOffBreaksOffForItsClientToo(t *testing.T) {
	r := newRig(t, nil)
	if got := r.get(t, "greedy", "/panic"); got.err == nil {
		t.Errorf("got %+v", got)
	}
	r.until(t, "its place is free", func() bool { return len(r.board.places) == 0 && r.board.bytes == 0 })
	wantAnswer(t, r.get(t, "greedy", "/query"), 200, "answer")
}

func TestServerThatFailsItsHealthCheckGivesPlacesBack(t *testing.T) {
	r := newRig(t, nil)
	ended := []<-chan said{r.hold(t.Context(), "greedy"), r.hold(t.Context(), "greedy")}
	_ = r.running.Handle(t.Context(), caddy.Event{Data: map[string]any{"host": "10.0.0.2:8444"}})
	if len(r.board.places) != 2 {
		t.Fatal("places came back from a server that is healthy")
	}
	_ = r.running.Handle(t.Context(), caddy.Event{Data: map[string]any{"host": server}})
	wantAnswer(t, r.get(t, "greedy", "/query"), 200, "answer")
	close(r.release)
	for _, held := range ended {
		wantAnswer(t, <-held, 200, "answer")
	}
	r.until(t, "all places are free", func() bool { return len(r.board.places) == 0 })
}

func TestOnlyNamedHeadersArePassedOn(t *testing.T) {
	r := newRig(t, nil)
	wantAnswer(t, r.send(t.Context(), "greedy", "GET", "/query", nil, "Accept", "text/html", "Upgrade", "websocket", "Connection", "Upgrade",
		"X-Original-Url", "/-/quit", "X-Rewrite-Url", "/-/quit", "X-Http-Method-Override", "PUT", "Authorization", "Basic x", "Cookie", "a=b"), 200, "answer")
	if got := (<-r.arrived).Header; len(got) != 1 || got.Get("Accept") != "text/html" {
		t.Errorf("passed on: %v", got)
	}
}

func TestConfigurationThatBoundsNothingIsRefused(t *testing.T) {
	if err := new(Handler).Validate(); err == nil {
		t.Error("no limit at all is accepted")
	}
	early := newRig(t, nil).Handler
	early.AbandonedFor = early.Silence
	if err := early.Validate(); err == nil {
		t.Error("a query that is abandoned while its client waits is accepted")
	}
	wrong := newRig(t, nil).Handler
	wrong.BufferedBytesPerUser = wrong.QueryBytes - 1
	if err := wrong.Validate(); err == nil {
		t.Error("a user who cannot send one query is accepted")
	}
}

func TestUsageIsShown(t *testing.T) {
	r := newRig(t, nil)
	r.hold(t.Context(), "greedy")
	expected := "# HELP prometheus_failover_queries_running Queries of a user that have a place at Prometheus.\n" +
		"# TYPE prometheus_failover_queries_running gauge\n" +
		"prometheus_failover_queries_running{user=\"greedy\"} 1\nprometheus_failover_queries_running{user=\"modest\"} 0\n"
	if err := testutil.CollectAndCompare(newUsage(r.board, r.Users), strings.NewReader(expected), "prometheus_failover_queries_running"); err != nil {
		t.Error(err)
	}
	close(r.release)
}
