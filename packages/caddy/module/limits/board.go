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
	// WaitingPerUser is how many of a user's queries may arrive, or wait for a place, at once.
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
	bytes   int64
	waiting int
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

// admit reserves `bytes` for a request of user `name`, which from then on waits.
func (b *board) admit(name string, bytes int64) (*ticket, *refusal) {
	b.lock.Lock()
	defer b.lock.Unlock()
	user := b.user(name)
	switch {
	case user.waiting >= b.shares.WaitingPerUser:
		return nil, tooManyWaiting(name, b.shares.WaitingPerUser)
	case user.bytes+bytes > b.shares.BufferedBytesPerUser:
		return nil, userHoldsTooMuch(name, b.shares.BufferedBytesPerUser)
	case b.bytes+bytes > b.shares.BufferedBytes:
		return nil, allHoldTooMuch(b.shares.BufferedBytes)
	}
	user.waiting++
	user.bytes += bytes
	b.bytes += bytes
	return &ticket{board: b, user: user, bytes: bytes, waits: true}, nil
}

// ticket is what one request holds. It gives each thing back once, however
// often it is told to, and from any goroutine.
type ticket struct {
	board *board
	user  *user

	// Under the board's lock.
	bytes int64
	waits bool

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
	defer t.stopWaiting()
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

func (t *ticket) stopWaiting() {
	t.board.lock.Lock()
	defer t.board.lock.Unlock()
	if t.waits {
		t.waits = false
		t.user.waiting--
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
	t.stopWaiting()
	t.shrink(0)
	t.leavePlace()
}
