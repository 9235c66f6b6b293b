package limits

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var small = Shares{Queries: 3, QueriesPerUser: 2, WaitingPerUser: 4, BufferedBytes: 100, BufferedBytesPerUser: 60}

func mustAdmit(t *testing.T, board *board, name string, bytes int64) *ticket {
	t.Helper()
	ticket, refusal := board.admit(name, bytes, true)
	if refusal != nil {
		t.Fatalf("%s was refused: %s", name, refusal.text)
	}
	return ticket
}

func mustRun(t *testing.T, board *board, name string) *ticket {
	t.Helper()
	ticket := mustAdmit(t, board, name, 1)
	if refusal := ticket.awaitPlace(context.Background(), time.Second); refusal != nil {
		t.Fatalf("%s got no place: %s", name, refusal.text)
	}
	return ticket
}

func wantRefusal(t *testing.T, got *refusal, limit limit, status int, says string) {
	t.Helper()
	if got == nil || got.limit != limit || got.status != status || !strings.Contains(got.text, says) {
		t.Fatalf("got %+v, want status %d of %s that says %q", got, status, limit, says)
	}
}

func TestUserWithAllItsPlacesLeavesThoseOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(small)
		first := mustRun(t, board, "greedy")
		mustRun(t, board, "greedy")
		third := mustAdmit(t, board, "greedy", 1)
		wantRefusal(t, third.awaitPlace(t.Context(), time.Second), queriesPerUser, http.StatusTooManyRequests, "User greedy has 2 queries running")
		mustRun(t, board, "modest")
		first.close()
		mustRun(t, board, "greedy")
	})
}

func TestAllPlacesTakenIsToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(small)
		for _, name := range []string{"a", "b", "c"} {
			mustRun(t, board, name)
		}
		fourth := mustAdmit(t, board, "d", 1)
		wantRefusal(t, fourth.awaitPlace(t.Context(), time.Second), queries, http.StatusServiceUnavailable, "All users together have 3")
		fourth.close()
		if left := len(board.user("d").places); left != 0 {
			t.Errorf("the refused one keeps %d of its user's places", left)
		}
	})
}

func TestWhoWaitsLongestIsNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(Shares{Queries: 1, QueriesPerUser: 1, WaitingPerUser: 9, BufferedBytes: 9, BufferedBytesPerUser: 9})
		holder := mustRun(t, board, "a")
		var order []int
		for number := range 3 {
			ticket := mustAdmit(t, board, "a", 1)
			go func() {
				if refusal := ticket.awaitPlace(context.Background(), time.Minute); refusal == nil {
					order = append(order, number)
					ticket.close()
				}
			}()
			synctest.Wait()
		}
		holder.close()
		synctest.Wait()
		if len(order) != 3 || order[0] != 0 || order[1] != 1 || order[2] != 2 {
			t.Errorf("the order was %v", order)
		}
	})
}

func TestClientThatLeavesWhileItWaitsHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(small)
		mustRun(t, board, "a")
		mustRun(t, board, "a")
		waiting := mustAdmit(t, board, "a", 1)
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		wantRefusal(t, waiting.awaitPlace(ctx, time.Hour), "", statusClientLeft, "")
		waiting.close()
		if board.user("a").waiting != 0 || board.bytes != 2 {
			t.Errorf("waiting %d, bytes %d", board.user("a").waiting, board.bytes)
		}
	})
}

func TestBytesAndWaitingAreBoundedForEachUserAndInAll(t *testing.T) {
	board := newBoard(small)
	mustAdmit(t, board, "a", 60)
	_, refusal := board.admit("a", 1, true)
	wantRefusal(t, refusal, bufferedBytesPerUser, http.StatusTooManyRequests, "user a")
	mustAdmit(t, board, "b", 40)
	_, refusal = board.admit("c", 1, true)
	wantRefusal(t, refusal, bufferedBytes, http.StatusServiceUnavailable, "all users")

	board = newBoard(small)
	for range small.WaitingPerUser {
		mustAdmit(t, board, "a", 1)
	}
	_, refusal = board.admit("a", 1, true)
	wantRefusal(t, refusal, waitingPerUser, http.StatusTooManyRequests, "bodies of user a")
	mustAdmit(t, board, "b", 1)
	if _, refusal = board.admit("a", 1, false); refusal != nil {
		t.Errorf("what has no body is refused: %s", refusal.text)
	}
}

func TestWaitingIsBoundedForEachUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := newBoard(small)
		mustRun(t, board, "a")
		mustRun(t, board, "a")
		for range small.WaitingPerUser {
			ticket := mustAdmit(t, board, "a", 1)
			go func() {
				ticket.awaitPlace(context.Background(), time.Minute)
				ticket.close()
			}()
		}
		synctest.Wait()
		one := mustAdmit(t, board, "a", 1)
		wantRefusal(t, one.awaitPlace(t.Context(), time.Minute), waitingPerUser, http.StatusTooManyRequests, "User a")
		mustRun(t, board, "b")
		// Until all of them have given up.
		time.Sleep(time.Hour)
	})
}

// Whatever users do, in whatever order: no limit is exceeded, and at the end nobody holds anything.
func TestNothingIsEverExceededOrLost(t *testing.T) {
	for round := range 30 {
		seed := uint64(time.Now().UnixNano()) + uint64(round)
		t.Logf("seed %d", seed)
		synctest.Test(t, func(t *testing.T) {
			crowd(t, seed)
		})
	}
}

func crowd(t *testing.T, seed uint64) {
	board := newBoard(small)
	var running, most atomic.Int64
	var group sync.WaitGroup
	for worker := range 40 {
		random := rand.New(rand.NewPCG(seed, uint64(worker)))
		group.Go(func() {
			for range 20 {
				oneRequest(t, board, random, &running, &most)
			}
		})
	}
	group.Wait()
	if most.Load() > int64(small.Queries) {
		t.Errorf("seed %d: %d ran at once", seed, most.Load())
	}
	for name, user := range board.users {
		if user.bytes != 0 || user.arriving != 0 || user.waiting != 0 || len(user.places) != 0 {
			t.Errorf("seed %d: %s still holds %+v", seed, name, user)
		}
	}
	if board.bytes != 0 || len(board.places) != 0 {
		t.Errorf("seed %d: %d bytes, %d places are still taken", seed, board.bytes, len(board.places))
	}
}

func oneRequest(t *testing.T, board *board, random *rand.Rand, running, most *atomic.Int64) {
	pause := func() { time.Sleep(time.Duration(random.IntN(50)) * time.Millisecond) }
	name := string(rune('a' + random.IntN(4)))
	bytes := random.Int64N(70)
	pause()
	ticket, _ := board.admit(name, bytes, random.IntN(2) == 0)
	if ticket == nil {
		return
	}
	defer ticket.close()
	pause()
	ticket.shrink(random.Int64N(bytes + 1))
	ctx, leave := context.WithTimeout(context.Background(), time.Duration(random.IntN(100))*time.Millisecond)
	defer leave()
	if ticket.awaitPlace(ctx, time.Duration(random.IntN(100))*time.Millisecond) != nil {
		return
	}
	now := running.Add(1)
	for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
	}
	pause()
	running.Add(-1)
	board.lock.Lock()
	if board.bytes > small.BufferedBytes || board.user(name).bytes > small.BufferedBytesPerUser || board.user(name).waiting > small.WaitingPerUser ||
		board.user(name).arriving > small.WaitingPerUser {
		t.Errorf("exceeded: %d bytes, %+v", board.bytes, board.user(name))
	}
	board.lock.Unlock()
	if random.IntN(4) == 0 {
		ticket.leavePlace()
	}
}
