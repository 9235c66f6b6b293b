package limits

import (
	"container/list"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"
)

func init() {
	caddy.RegisterModule(new(Connections))
	caddy.RegisterModule(new(ConnectionState))
}

// unreadBodyTimeout is how long the rest of a refused body may take.
const unreadBodyTimeout = time.Second

// Connections bounds how many connections a listener has. When one more comes,
// the one that has rested longest is closed for it: its client has no request
// with us, or has not managed to send all of one's headers. Only if every one
// carries a request is the new one closed.
type Connections struct {
	// Name of the listener, for the counter.
	Name string `json:"name"`
	// Most is how many there may be.
	Most int `json:"most"`

	closed *prometheus.CounterVec
	lock   sync.Mutex
	all    int
	// resting ones, the one that has rested longest first.
	resting *list.List
}

// CaddyModule implements caddy.Module.
func (*Connections) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.listeners.connections", New: func() caddy.Module { return new(Connections) }}
}

// Provision implements caddy.Provisioner.
func (c *Connections) Provision(ctx caddy.Context) error {
	return c.prepare(ctx.GetMetricsRegistry())
}

func (c *Connections) prepare(registry prometheus.Registerer) error {
	if c.Most <= 0 {
		return errors.New("connections: most is not positive")
	}
	c.resting = list.New()
	c.closed = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "prometheus_failover_connections_closed_total",
		Help: "Connections that were closed because a listener had as many as it may: the one that rested longest, or the new one.",
	}, []string{"listener", "which"})
	var registered prometheus.AlreadyRegisteredError
	if err := registry.Register(c.closed); errors.As(err, &registered) {
		c.closed = registered.ExistingCollector.(*prometheus.CounterVec)
	} else if err != nil {
		return err
	}
	c.closed.WithLabelValues(c.Name, "resting")
	c.closed.WithLabelValues(c.Name, "new")
	return nil
}

// WrapListener implements caddy.ListenerWrapper.
func (c *Connections) WrapListener(listener net.Listener) net.Listener {
	return &boundedListener{Listener: listener, connections: c}
}

type boundedListener struct {
	net.Listener
	connections *Connections
}

// Accept implements net.Listener.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if connection := l.connections.admit(accepted); connection != nil {
			return connection, nil
		}
		_ = accepted.Close()
	}
}

// admit returns nothing where there is no room for it.
func (c *Connections) admit(accepted net.Conn) *connection {
	c.lock.Lock()
	if c.all < c.Most {
		defer c.lock.Unlock()
		return c.add(accepted)
	}
	oldest := c.resting.Front()
	if oldest == nil {
		defer c.lock.Unlock()
		c.closed.WithLabelValues(c.Name, "new").Inc()
		return nil
	}
	c.closed.WithLabelValues(c.Name, "resting").Inc()
	// Out of the list before the lock is gone: it must not begin a request and be closed in it.
	evicted := oldest.Value.(*connection)
	evicted.forget()
	given := c.add(accepted)
	c.lock.Unlock()
	_ = evicted.Conn.Close()
	return given
}

func (c *Connections) add(accepted net.Conn) *connection {
	added := &connection{Conn: accepted, of: c}
	added.rests = c.resting.PushBack(added)
	c.all++
	return added
}

// connection knows whether it carries a request.
type connection struct {
	net.Conn
	of *Connections

	// Under the lock of `of`. Nil while it carries a request, and when it is closed.
	rests  *list.Element
	closed bool
}

// address is a connection's local one, and leads to the connection: of all that
// Go and Caddy wrap around it, a request's context has only this.
type address struct {
	net.Addr
	of *connection
}

// LocalAddr implements net.Conn.
func (c *connection) LocalAddr() net.Addr {
	return address{c.Conn.LocalAddr(), c}
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.of.lock.Lock()
	c.forget()
	c.of.lock.Unlock()
	return c.Conn.Close()
}

// forget counts it no longer; under the lock.
func (c *connection) forget() {
	if !c.closed {
		c.closed = true
		c.of.all--
		c.unlist()
	}
}

func (c *connection) unlist() {
	if c.rests != nil {
		c.of.resting.Remove(c.rests)
		c.rests = nil
	}
}

func (c *connection) begin() {
	c.of.lock.Lock()
	defer c.of.lock.Unlock()
	c.unlist()
}

func (c *connection) end() {
	c.of.lock.Lock()
	defer c.of.lock.Unlock()
	if !c.closed && c.rests == nil {
		c.rests = c.of.resting.PushBack(c)
	}
}

// ConnectionState tells the listener which connections carry a request. It
// stands before everything else, so nobody has been let in: it also sees to it
// that no answer waits for a body which nobody reads.
type ConnectionState struct{}

// CaddyModule implements caddy.Module.
func (*ConnectionState) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.connection_state", New: func() caddy.Module { return new(ConnectionState) }}
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (*ConnectionState) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if carrier := carrierOf(r); carrier != nil {
		carrier.begin()
		defer carrier.end()
	}
	if r.ContentLength != 0 {
		// Otherwise Go reads up to 256 KiB of it before it sends the answer.
		w.Header().Set("Connection", "close")
		defer hurry(w)
	}
	return next.ServeHTTP(w, r)
}

// hurry ends the reading of a body that nobody wanted. Go goes on with it after
// the answer, so that a client which is still sending does not lose that.
func hurry(w http.ResponseWriter) {
	if w.Header().Get("Connection") == "close" {
		// A connection without deadlines is only kept for longer.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unreadBodyTimeout))
	}
}

func carrierOf(r *http.Request) *connection {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(address)
	return local.of
}

var (
	_ caddy.Provisioner           = (*Connections)(nil)
	_ caddy.ListenerWrapper       = (*Connections)(nil)
	_ caddyhttp.MiddlewareHandler = (*ConnectionState)(nil)
)
