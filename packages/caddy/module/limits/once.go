package limits

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

func init() {
	caddy.RegisterModule(new(Once))
}

// takenHeader marks the answer to a query that a server took and broke off. It
// has the milliseconds that the server had the query. Whoever sees it asks no other server.
const takenHeader = "X-Query-Taken"

// Once is Caddy's transport `http` for what only one server may work on. It
// tells apart what Caddy does not: a query that no server took is an error of
// dialing, which Caddy always tries elsewhere; one that a server took, and may
// have died of, is answered 502 here, which ends it.
type Once struct {
	reverseproxy.HTTPTransport
	// Young is the age until which a query on a connection that breaks is not
	// what broke it: a server that is stopped breaks all its connections.
	Young caddy.Duration `json:"young"`
	// Unacknowledged is how long the network may take to confirm what was sent
	// (TCP_USER_TIMEOUT). It does so whatever the server does with it, so a query
	// that is not confirmed reached nobody, and one that is worked on is.
	Unacknowledged caddy.Duration `json:"unacknowledged"`
	// Users whose counters exist from the start. Without any, nothing is counted.
	Users []string `json:"users,omitempty"`

	brokeOff *prometheus.CounterVec
}

// CaddyModule implements caddy.Module.
func (*Once) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.transport.once", New: func() caddy.Module { return new(Once) }}
}

// Provision implements caddy.Provisioner.
func (o *Once) Provision(ctx caddy.Context) error {
	if o.Young <= 0 || o.Unacknowledged <= 0 {
		return errors.New("once: want young and unacknowledged to be more than 0")
	}
	if err := o.HTTPTransport.Provision(ctx); err != nil {
		return err
	}
	o.Transport.DialContext = o.confirmed(o.Transport.DialContext)
	return o.prepare(ctx.GetMetricsRegistry())
}

func (o *Once) prepare(registry prometheus.Registerer) error {
	if len(o.Users) == 0 {
		return nil
	}
	o.brokeOff = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "prometheus_failover_broke_off_total",
		Help: "Queries of which the connection broke after a server took them, and that were asked of no other.",
	}, []string{"user"})
	for _, user := range o.Users {
		o.brokeOff.WithLabelValues(user)
	}
	return registry.Register(o.brokeOff)
}

type dial func(ctx context.Context, network, address string) (net.Conn, error)

// confirmed gives each connection its TCP_USER_TIMEOUT.
func (o *Once) confirmed(dial dial) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := dial(ctx, network, address)
		if tcp, ok := connection.(*net.TCPConn); ok && err == nil {
			err = setUserTimeout(tcp, time.Duration(o.Unacknowledged))
		}
		return connection, err
	}
}

func setUserTimeout(connection *net.TCPConn, timeout time.Duration) error {
	raw, err := connection.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	err = raw.Control(func(descriptor uintptr) {
		refused = unix.SetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(timeout.Milliseconds()))
	})
	return errors.Join(err, refused)
}

// RoundTrip implements http.RoundTripper.
func (o *Once) RoundTrip(request *http.Request) (*http.Response, error) {
	attempt := newAttempt()
	answer, err := o.HTTPTransport.RoundTrip(attempt.of(request))
	if err != nil && attempt.mayGoOn(request) && !o.took(attempt, err) && attempt.wasReused() {
		// As Go does it itself: the connection may have been closed because it rested.
		attempt = newAttempt()
		answer, err = o.HTTPTransport.RoundTrip(attempt.of(request))
	}
	switch {
	case err == nil:
	case request.Context().Err() != nil:
		return nil, err
	case o.took(attempt, err):
		answer = brokenOff(request, attempt.age())
	default:
		return nil, reverseproxy.NewDialError(err)
	}
	if o.brokeOff != nil && answer.Header.Get(takenHeader) != "" {
		if replacer, ok := request.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
			if user, known := replacer.GetString("http.auth.user.id"); known {
				o.brokeOff.WithLabelValues(user).Inc()
			}
		}
	}
	return answer, nil
}

// took is whether a server had the query for so long that it may have died of it.
func (o *Once) took(attempt *attempt, err error) bool {
	young := time.Duration(o.Young)
	if errors.Is(err, syscall.ETIMEDOUT) {
		// The network confirmed nothing from the start, or the server vanished later.
		young += time.Duration(o.Unacknowledged)
	}
	return attempt.age() > young
}

// attempt is one of at most two to ask one server.
type attempt struct {
	lock   sync.Mutex
	since  time.Time
	reused bool
}

func newAttempt() *attempt {
	return new(attempt)
}

// of returns a request that Go does not repeat by itself, as it does a GET
// on a connection that was used before, however old: Go repeats none whose body
// it cannot read twice. This one's is empty, which Go finds out before it sends.
func (a *attempt) of(request *http.Request) *http.Request {
	trace := &httptrace.ClientTrace{GotConn: func(connection httptrace.GotConnInfo) {
		a.lock.Lock()
		defer a.lock.Unlock()
		a.since, a.reused = time.Now(), connection.Reused
	}}
	traced := request.WithContext(httptrace.WithClientTrace(request.Context(), trace))
	traced.GetBody = nil
	if hasNoBody(request) {
		traced.Body, traced.ContentLength = io.NopCloser(strings.NewReader("")), 0
	}
	return traced
}

func hasNoBody(request *http.Request) bool {
	reads := request.Method == http.MethodGet || request.Method == http.MethodHead
	return reads && request.ContentLength == 0
}

// mayGoOn is whether the same can be sent again, to somebody who still waits.
func (a *attempt) mayGoOn(request *http.Request) bool {
	return hasNoBody(request) && request.Context().Err() == nil
}

func (a *attempt) wasReused() bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.reused
}

// age is the time since a server could be sent the query; zero if none could.
func (a *attempt) age() time.Duration {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.since.IsZero() {
		return 0
	}
	return time.Since(a.since)
}

func brokenOff(request *http.Request, age time.Duration) *http.Response {
	text := fmt.Sprintf("Prometheus had this query for %s when its connection broke, and may have died of it. "+
		"It was not asked of another server: ask for less, or again.\n", age.Round(100*time.Millisecond))
	return &http.Response{
		Status: "502 Bad Gateway", StatusCode: http.StatusBadGateway, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Content-Type": {"text/plain; charset=utf-8"}, "Content-Length": {strconv.Itoa(len(text))},
			takenHeader: {strconv.FormatInt(age.Milliseconds(), 10)},
		},
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: request,
	}
}

var (
	_ caddy.Provisioner = (*Once)(nil)
	_ http.RoundTripper = (*Once)(nil)
)
