package limits

import (
	"context"
	"sync"
	"time"
)

// Shares is what all users have together, and how much of it one of them may have.
type Shares struct {
	// Queries is how many queries may be with Prometheus at once.
	Queries int `json:"queries"`
	// QueriesPerUser is how many of them may be one user's.
	QueriesPerUser int `json:"queries_per_user"`
	// WaitingPerUser is how many bodies of a user may arrive at once, and how many of
	// its queries may wait for a place: who holds bodies back still gets his turn.
	WaitingPerUser int `json:"waiting_per_user"`
	// BufferedBytes is how much memory the URLs and bodies of all queries may have that are not answered.
	BufferedBytes int64 `json:"buffered_bytes"`
	// BufferedBytesPerUser is how much of it one user's may have.
	BufferedBytesPerUser int64 `json:"buffered_bytes_per_user"`
}

// board knows who holds how much.
type board struct {
	shares Shares
	places chan struct{}

	lock  sync.Mutex
	bytes int64
	users map[string]*user
}

// user is what one of them holds. Only names that authentication let in become
// one, so there are never more than are configured.
type user struct {
	name   string
	places chan struct{}

	// Under the board's lock.
	bytes                        int64
	arriving, waiting, abandoned int
}

func newBoard(shares Shares) *board {
	return &board{shares: shares, places: make(chan struct{}, shares.Queries), users: map[string]*user{}}
}

func (b *board) user(name string) *user {
	if known := b.users[name]; known != nil {
		return known
	}
	b.users[name] = &user{name: name, places: make(chan struct{}, b.shares.QueriesPerUser)}
	return b.users[name]
}

// admit reserves `bytes` for a request of user `name`, whose body then arrives.
func (b *board) admit(name string, bytes int64, hasBody bool) (*ticket, *refusal) {
	b.lock.Lock()
	defer b.lock.Unlock()
	user := b.user(name)
	switch {
	case hasBody && user.arriving >= b.shares.WaitingPerUser:
		return nil, tooManyArriving(name, b.shares.WaitingPerUser)
	case user.bytes+bytes > b.shares.BufferedBytesPerUser:
		return nil, userHoldsTooMuch(name, b.shares.BufferedBytesPerUser)
	case b.bytes+bytes > b.shares.BufferedBytes:
		return nil, allHoldTooMuch(b.shares.BufferedBytes)
	}
	ticket := &ticket{board: b, user: user, bytes: bytes}
	user.bytes += bytes
	b.bytes += bytes
	if hasBody {
		ticket.counted = &user.arriving
		user.arriving++
	}
	return ticket, nil
}

// ticket is what one request holds. It gives each thing back once, however
// often it is told to, and from any goroutine.
type ticket struct {
	board *board
	user  *user

	// Under the board's lock.
	bytes int64
	// What it is counted in: what arrives, what waits, what is abandoned, or none.
	counted *int
	closed  bool

	place sync.Mutex
	// Whether it holds a place.
	placed bool
}

// shrink gives back what the request turned out not to need.
func (t *ticket) shrink(bytes int64) {
	t.board.lock.Lock()
	defer t.board.lock.Unlock()
	spare := max(t.bytes-bytes, 0)
	t.bytes -= spare
	t.user.bytes -= spare
	t.board.bytes -= spare
}

// awaitPlace waits for a place among the user's own first: one who has them all
// holds none of the others' while he waits. Who waits longest is next.
func (t *ticket) awaitPlace(left context.Context, patience time.Duration) *refusal {
	if refusal := t.beginWaiting(); refusal != nil {
		return refusal
	}
	defer t.uncount()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	shares := t.board.shares
	if refusal := enter(t.user.places, left, timer.C, tooManyQueries(t.user.name, shares.QueriesPerUser, patience)); refusal != nil {
		return refusal
	}
	if refusal := enter(t.board.places, left, timer.C, allPlacesTaken(shares.Queries, patience)); refusal != nil {
		<-t.user.places
		return refusal
	}
	t.place.Lock()
	defer t.place.Unlock()
	t.placed = true
	return nil
}

func enter(places chan<- struct{}, left context.Context, expired <-chan time.Time, full *refusal) *refusal {
	select {
	case places <- struct{}{}:
		return nil
	case <-expired:
		return full
	case <-left.Done():
		return clientLeft
	}
}

// beginWaiting counts it among what waits, and no longer among what arrives.
func (t *ticket) beginWaiting() *refusal {
	t.uncount()
	t.board.lock.Lock()
	defer t.board.lock.Unlock()
	if t.user.waiting >= t.board.shares.WaitingPerUser {
		return tooManyWaiting(t.user.name, t.board.shares.WaitingPerUser)
	}
	t.counted = &t.user.waiting
	t.user.waiting++
	return nil
}

func (t *ticket) uncount() {
	t.board.lock.Lock()
	defer t.board.lock.Unlock()
	t.uncountLocked()
}

func (t *ticket) uncountLocked() {
	if t.counted != nil {
		*t.counted--
		t.counted = nil
	}
}

// abandon counts it among what Prometheus is not done with, for nobody.
func (t *ticket) abandon() {
	t.board.lock.Lock()
	defer t.board.lock.Unlock()
	if !t.closed {
		t.counted = &t.user.abandoned
		t.user.abandoned++
	}
}

func (t *ticket) leavePlace() {
	t.place.Lock()
	defer t.place.Unlock()
	if t.placed {
		t.placed = false
		<-t.user.places
		<-t.board.places
	}
}

func (t *ticket) close() {
	t.board.lock.Lock()
	t.closed = true
	t.uncountLocked()
	t.board.lock.Unlock()
	t.shrink(0)
	t.leavePlace()
}
