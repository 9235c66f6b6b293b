package limits

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

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
