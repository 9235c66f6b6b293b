package limits

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// answer is what Prometheus says to one query. The query runs apart from its
// client's request: when the client leaves, or has waited long enough, the
// query goes on, because Prometheus may go on with it whatever we do, and its
// place must not be given away meanwhile.
type answer struct {
	client http.ResponseWriter
	cancel context.CancelFunc
	// Of this answer only: the client's own may be gone.
	header http.Header
	ended  chan struct{}
	// What the handler behind returned, or its panic. Set when `ended` is closed.
	err      error
	panicked any

	lock  sync.Mutex
	state state
}

type state int

const (
	// waiting: nothing has come yet.
	waiting state = iota
	// begun: the answer is on its way to the client.
	begun
	// detached: the client has left, or was told that it takes too long.
	detached
)

// ask sends the query on, and calls `end` when Prometheus is done with it or
// `longest` is over.
func ask(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, longest time.Duration, end func()) *answer {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	if variables, ok := ctx.Value(caddyhttp.VarsCtxKey).(map[string]any); ok {
		// Caddy reads its own for the access log, maybe while the query still runs.
		ctx = context.WithValue(ctx, caddyhttp.VarsCtxKey, maps.Clone(variables))
	}
	a := &answer{client: w, cancel: cancel, header: http.Header{}, ended: make(chan struct{})}
	// Not a deadline: Caddy takes that for a fault of the server, and a cancelled request for nobody's.
	timer := time.AfterFunc(longest, cancel)
	go func() {
		defer close(a.ended)
		defer end()
		defer cancel()
		defer timer.Stop()
		defer func() { a.panicked = recover() }()
		a.err = next.ServeHTTP(a, r.WithContext(ctx))
	}()
	return a
}

// await returns what happened first: the answer is through, the client has
// left, or nothing came for so long.
func (a *answer) await(client context.Context, patience time.Duration) (answered bool, err error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-a.ended:
	case <-timer.C:
		if a.become(detached) == detached {
			return false, nil
		}
	case <-client.Done():
		if a.become(detached) == detached {
			return false, client.Err()
		}
	}
	// It has begun, so it goes to the client, as long as there is one.
	stop := context.AfterFunc(client, a.cancel)
	defer stop()
	<-a.ended
	if a.panicked != nil {
		// Caddy's proxy breaks an answer off by a panic.
		panic(a.panicked)
	}
	return true, a.err
}

// become returns the state that it is in then: the first one stays.
func (a *answer) become(next state) state {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.state == waiting {
		a.state = next
	}
	return a.state
}

// begin is whether the answer has somebody to go to.
func (a *answer) begin(status int) bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.state == waiting {
		a.state = begun
		maps.Copy(a.client.Header(), a.header)
		a.client.WriteHeader(status)
	}
	return a.state == begun
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header {
	return a.header
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	// Prometheus sends none of the others before its answer.
	if status >= http.StatusOK && !a.begin(status) {
		a.cancel()
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(part []byte) (int, error) {
	if !a.begin(http.StatusOK) {
		return 0, context.Canceled
	}
	return a.client.Write(part)
}

// FlushError is what http.ResponseController calls.
func (a *answer) FlushError() error {
	if !a.begin(http.StatusOK) {
		return context.Canceled
	}
	return http.NewResponseController(a.client).Flush()
}
