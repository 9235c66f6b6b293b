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
	// Closed when its first byte has come, and when nothing more will.
	began, ended chan struct{}
	// What the handler behind returned, or its panic. Set when `ended` is closed.
	err      error
	panicked any

	lock  sync.Mutex
	state state
	// Whether Prometheus worked on it for as long as it may keep a place.
	givenUp bool
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

// outcome is how it ended for the client.
type outcome int

const (
	// through: all that there was of the answer went to the client.
	through outcome = iota
	// left: the client did, before the answer began.
	left
	// silent: nothing came for too long.
	silent
	// cutOff: it began, and was not through in time.
	cutOff
)

// ask sends the query on, and calls `end` when Prometheus is done with it, or
// has not begun to answer it after `longest`.
func ask(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, longest time.Duration, end func(givenUp bool)) *answer {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	if variables, ok := ctx.Value(caddyhttp.VarsCtxKey).(map[string]any); ok {
		// Caddy reads its own for the access log, maybe while the query still runs.
		ctx = context.WithValue(ctx, caddyhttp.VarsCtxKey, maps.Clone(variables))
	}
	a := &answer{client: w, cancel: cancel, header: http.Header{}, began: make(chan struct{}), ended: make(chan struct{})}
	// Not a deadline: Caddy takes that for a fault of the server, and a cancelled request for nobody's.
	timer := time.AfterFunc(longest, a.giveUp)
	go func() {
		defer close(a.ended)
		defer func() { end(a.wasGivenUp()) }()
		defer cancel()
		defer timer.Stop()
		defer func() { a.panicked = recover() }()
		a.err = next.ServeHTTP(a, r.WithContext(ctx))
	}()
	return a
}

// await waits until the answer begins, for as long as `silence`, and then until
// it is through, for as long as `reading`.
func (a *answer) await(client context.Context, silence, reading time.Duration) (outcome, error) {
	timer := time.NewTimer(silence)
	defer timer.Stop()
	select {
	case <-a.ended:
	case <-a.began:
	case <-timer.C:
		if a.become(detached) == detached {
			return silent, nil
		}
	case <-client.Done():
		if a.become(detached) == detached {
			return left, nil
		}
	}
	return a.deliver(client, reading)
}

// deliver waits for the rest of an answer that has begun: it goes to the client,
// as long as there is one.
func (a *answer) deliver(client context.Context, reading time.Duration) (outcome, error) {
	stop := context.AfterFunc(client, a.cancel)
	defer stop()
	timer := time.NewTimer(reading)
	defer timer.Stop()
	select {
	case <-a.ended:
	case <-timer.C:
		// The first ends a write that the client does not take, the second a
		// read of what Prometheus does not send.
		_ = http.NewResponseController(a.client).SetWriteDeadline(time.Now())
		a.cancel()
		<-a.ended
		return cutOff, nil
	}
	if a.panicked != nil {
		// Caddy's proxy breaks an answer off by a panic.
		panic(a.panicked)
	}
	return through, a.err
}

// giveUp ends a query of which the answer has not begun.
func (a *answer) giveUp() {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.state != begun {
		a.givenUp = true
		a.cancel()
	}
}

func (a *answer) wasGivenUp() bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.givenUp
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
		close(a.began)
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
