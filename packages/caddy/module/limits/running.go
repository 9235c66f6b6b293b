package limits

import (
	"context"
	"sync"

	"github.com/caddyserver/caddy/v2"
)

// running are the queries that have a place.
type running struct {
	lock    sync.Mutex
	queries map[*query]struct{}
}

// query is one of them. Caddy's replacer knows where it is.
type query struct {
	ticket   *ticket
	replacer *caddy.Replacer
}

func (r *running) add(added *query) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.queries == nil {
		r.queries = map[*query]struct{}{}
	}
	r.queries[added] = struct{}{}
}

func (r *running) remove(removed *query) {
	r.lock.Lock()
	defer r.lock.Unlock()
	delete(r.queries, removed)
}

// Handle implements caddyevents.Handler, for the event that a server is no
// longer healthy. What it was asked keeps waiting, but no longer takes places
// from the server that is asked from now on: a server that hangs must not keep
// its users from the one that does not.
func (r *running) Handle(_ context.Context, event caddy.Event) error {
	r.lock.Lock()
	defer r.lock.Unlock()
	for query := range r.queries {
		if asked, _ := query.replacer.GetString("http.reverse_proxy.upstream.hostport"); asked == event.Data["host"] {
			query.ticket.leavePlace()
		}
	}
	return nil
}
