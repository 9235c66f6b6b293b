// Package limits keeps one user, or one stranger, from taking what all share:
// Caddy's memory and connections, and the places of Prometheus.
//
// Three modules of Caddy, in the order in which a request meets them: the
// listener wrapper `connections`, the handler `connection_state` before the
// users are known, and the handler `limits` once they are.
package limits

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"
)

func init() {
	caddy.RegisterModule(new(Handler))
}

// statusClientLeft is what nginx made usual in access logs; nobody receives it.
const statusClientLeft = 499

// Handler admits a request whose user is known: it bounds its size, reads its
// body, waits for a place, and passes on only the headers that are named.
type Handler struct {
	// QueryBytes is how much the request's URL and its body may have together.
	QueryBytes int64 `json:"query_bytes"`
	// QueryNesting is how deep brackets may stand in each other.
	QueryNesting int `json:"query_nesting"`
	// BodyTimeout is how long a body may take to arrive.
	BodyTimeout caddy.Duration `json:"body_timeout"`
	// Shares is what users share.
	Shares
	// PlaceTimeout is how long a query waits for a place.
	PlaceTimeout caddy.Duration `json:"place_timeout"`
	// Silence is how long Prometheus may take to begin its answer, with all attempts.
	Silence caddy.Duration `json:"silence"`
	// AnswerTimeout is how long an answer that has begun may take to be through.
	AnswerTimeout caddy.Duration `json:"answer_timeout"`
	// AbandonedFor is how long a query keeps its place that Prometheus has not
	// begun to answer, after its client has left or was told so.
	AbandonedFor caddy.Duration `json:"abandoned_for"`
	// RequestHeaders are passed on; no other is.
	RequestHeaders []string `json:"request_headers"`
	// Users are those whose counters exist from the start.
	Users []string `json:"users"`

	board *board
	// Refused with a sentence, and ended later; both by limit and user.
	refused, cutOff *prometheus.CounterVec
	running         running
	log             *slog.Logger
}

// CaddyModule implements caddy.Module.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.limits", New: func() caddy.Module { return new(Handler) }}
}

// Provision implements caddy.Provisioner.
func (h *Handler) Provision(ctx caddy.Context) error {
	app, err := ctx.App("events")
	if err != nil {
		return err
	}
	if err := app.(*caddyevents.App).On("unhealthy", &h.running); err != nil {
		return err
	}
	return h.prepare(ctx.GetMetricsRegistry(), ctx.Slogger())
}

func (h *Handler) prepare(registry prometheus.Registerer, log *slog.Logger) error {
	h.board, h.log = newBoard(h.Shares), log
	h.refused = h.counter(refusing, "prometheus_failover_refused_total", "Requests that a limit refused, by limit and user.")
	h.cutOff = h.counter(ending, "prometheus_failover_cut_off_total",
		"Queries that a limit ended after Prometheus had taken them, by limit and user.")
	return errors.Join(registry.Register(h.refused), registry.Register(h.cutOff), registry.Register(newUsage(h.board, h.Users)))
}

// counter has each of the limits for each user from the start.
func (h *Handler) counter(limits []limit, name, help string) *prometheus.CounterVec {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"limit", "user"})
	for _, user := range h.Users {
		for _, limit := range limits {
			counter.WithLabelValues(string(limit), user)
		}
	}
	return counter
}

// Validate implements caddy.Validator.
func (h *Handler) Validate() error {
	positive := map[string]int64{
		"query_bytes": h.QueryBytes, "query_nesting": int64(h.QueryNesting), "body_timeout": int64(h.BodyTimeout),
		"buffered_bytes": h.BufferedBytes, "buffered_bytes_per_user": h.BufferedBytesPerUser, "queries": int64(h.Queries),
		"queries_per_user": int64(h.QueriesPerUser), "waiting_per_user": int64(h.WaitingPerUser),
		"place_timeout": int64(h.PlaceTimeout), "silence": int64(h.Silence),
		"answer_timeout": int64(h.AnswerTimeout), "abandoned_for": int64(h.AbandonedFor),
	}
	for name, value := range positive {
		if value <= 0 {
			return fmt.Errorf("limits: %s is %d, want more than 0", name, value)
		}
	}
	if h.QueryBytes > h.BufferedBytesPerUser || h.BufferedBytesPerUser > h.BufferedBytes {
		return errors.New("limits: want query_bytes <= buffered_bytes_per_user <= buffered_bytes")
	}
	if h.AbandonedFor <= h.Silence {
		// Its client would still wait, and read nothing.
		return errors.New("limits: want abandoned_for > silence")
	}
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	replacer := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	user, _ := replacer.GetString("http.auth.user.id")
	ticket, refusal := h.admit(w, r, user)
	if refusal != nil {
		h.refuse(w, user, refusal)
		return nil
	}
	h.strip(r)
	if refusal = ticket.awaitPlace(r.Context(), time.Duration(h.PlaceTimeout)); refusal != nil {
		ticket.close()
		h.refuse(w, user, refusal)
		return nil
	}
	return h.pass(w, r, next, ticket, replacer)
}

// admit returns a request's ticket when all of the request has arrived and is
// as small as it has to be.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, user string) (*ticket, *refusal) {
	size := int64(len(r.RequestURI)) + max(r.ContentLength, 0)
	if size > h.QueryBytes {
		return nil, tooLong(size, h.QueryBytes)
	}
	if r.ContentLength < 0 {
		// In chunks: it may become as long as is allowed.
		size = h.QueryBytes
	}
	ticket, refusal := h.board.admit(user, size, r.ContentLength != 0)
	if refusal != nil {
		return nil, refusal
	}
	body, refusal := h.readBody(w, r)
	if refusal == nil {
		refusal = h.checkNesting(r, body)
	}
	if refusal != nil {
		ticket.close()
		return nil, refusal
	}
	ticket.shrink(int64(len(r.RequestURI) + len(body)))
	return ticket, nil
}

// pass sends the request on. It keeps its place until Prometheus is done with it.
func (h *Handler) pass(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, ticket *ticket, replacer *caddy.Replacer) error {
	query := &query{ticket: ticket, replacer: replacer}
	h.running.add(query)
	user, longest, reading := ticket.user.name, time.Duration(h.AbandonedFor), time.Duration(h.AnswerTimeout)
	answer := ask(w, r, next, longest, func(givenUp bool) {
		h.running.remove(query)
		ticket.close()
		if givenUp {
			h.end(abandonedFor, user, stillRunning(user, longest))
		}
	})
	how, err := answer.await(r.Context(), time.Duration(h.Silence), reading)
	switch how {
	case left:
		ticket.abandon()
		h.refuse(w, user, clientLeft)
	case silent:
		ticket.abandon()
		h.refuse(w, user, silence(time.Duration(h.Silence), longest))
	case cutOff:
		h.end(answerTimeout, user, notThrough(user, reading))
		// Nothing can be said in the middle of an answer: closing the connection shows that it is not whole.
		panic(http.ErrAbortHandler)
	}
	return err
}

// end counts and tells of a query that a limit ended, and that nobody could be told of.
func (h *Handler) end(limit limit, user, text string) {
	h.cutOff.WithLabelValues(string(limit), user).Inc()
	h.log.Warn(text)
}

func (h *Handler) refuse(w http.ResponseWriter, user string, refusal *refusal) {
	if refusal.limit != "" {
		h.refused.WithLabelValues(string(refusal.limit), user).Inc()
	}
	refusal.write(w)
}

// strip leaves only the headers that are named: what is left out cannot mean
// more to Prometheus than it means to us.
func (h *Handler) strip(r *http.Request) {
	named := make(http.Header, len(h.RequestHeaders))
	for _, name := range h.RequestHeaders {
		if values := r.Header.Values(name); len(values) > 0 {
			named[http.CanonicalHeaderKey(name)] = values
		}
	}
	r.Header = named
	r.Trailer, r.TransferEncoding = nil, nil
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.Validator             = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
