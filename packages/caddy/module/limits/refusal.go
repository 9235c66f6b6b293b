package limits

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// limit is the name of a limit: that of the job's property, in the counters too.
type limit string

const (
	queryBytes           limit = "query_bytes"
	queryNesting         limit = "query_nesting"
	bodyTimeout          limit = "body_timeout"
	queries              limit = "queries"
	queriesPerUser       limit = "queries_per_user"
	waitingPerUser       limit = "waiting_per_user"
	bufferedBytes        limit = "buffered_bytes"
	bufferedBytesPerUser limit = "buffered_bytes_per_user"
	queryTimeout         limit = "query_timeout"
	answerTimeout        limit = "answer_timeout"
	abandonedFor         limit = "abandoned_for"
)

// refusing limits answer with a sentence; ending ones come when an answer has
// begun, or nobody waits for one: theirs goes to the log.
var (
	refusing = []limit{
		queryBytes, queryNesting, bodyTimeout, queries, queriesPerUser, waitingPerUser,
		bufferedBytes, bufferedBytesPerUser, queryTimeout,
	}
	ending = []limit{answerTimeout, abandonedFor}
)

// refusal is an answer of our own: one sentence that says which limit, whose,
// and what to do.
type refusal struct {
	// limit is empty where none was reached.
	limit  limit
	status int
	text   string
	// retryAfter is in whole seconds.
	retryAfter int
}

func (r *refusal) write(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	if r.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(r.retryAfter))
	}
	w.WriteHeader(r.status)
	if r.text != "" {
		// A client that left needs no answer.
		_, _ = io.WriteString(w, r.text+"\n")
	}
}

// clientLeft is for the access log; nobody receives it.
var clientLeft = &refusal{status: statusClientLeft}

func tooLong(found, most int64) *refusal {
	return &refusal{limit: queryBytes, status: http.StatusRequestEntityTooLarge, text: fmt.Sprintf(
		"This query has %d bytes or more, its URL and its body together may have %d (limits.query_bytes): ask in parts.", found, most)}
}

func tooDeep(found, most int) *refusal {
	return &refusal{limit: queryNesting, status: http.StatusRequestEntityTooLarge, text: fmt.Sprintf(
		"This query has %d brackets in each other, a query may have %d (limits.query_nesting): write it flatter.", found, most)}
}

func tooSlow(patience time.Duration) *refusal {
	return &refusal{limit: bodyTimeout, status: http.StatusRequestTimeout, text: fmt.Sprintf(
		"The body of this query did not arrive within %s (limits.body_timeout): send it again.", patience)}
}

func tooManyQueries(user string, most int, patience time.Duration) *refusal {
	return &refusal{limit: queriesPerUser, status: http.StatusTooManyRequests, retryAfter: 10, text: fmt.Sprintf(
		"User %s has %d queries running, as many as one user may have (limits.queries_per_user), and none ended within %s (limits.place_timeout): ask again later.",
		user, most, patience)}
}

func tooManyArriving(user string, most int) *refusal {
	return &refusal{limit: waitingPerUser, status: http.StatusTooManyRequests, retryAfter: 1, text: fmt.Sprintf(
		"%d bodies of user %s are arriving, as many as of one user may (limits.waiting_per_user): send each one whole, then the next.", most, user)}
}

func tooManyWaiting(user string, most int) *refusal {
	return &refusal{limit: waitingPerUser, status: http.StatusTooManyRequests, retryAfter: 1, text: fmt.Sprintf(
		"User %s has %d queries waiting, as many as one user may have (limits.waiting_per_user): ask again when they are answered.", user, most)}
}

func userHoldsTooMuch(user string, most int64) *refusal {
	return &refusal{limit: bufferedBytesPerUser, status: http.StatusTooManyRequests, retryAfter: 1, text: fmt.Sprintf(
		"The unanswered queries of user %s would have more than %d bytes together (limits.buffered_bytes_per_user): ask again when they are answered.",
		user, most)}
}

func allHoldTooMuch(most int64) *refusal {
	return &refusal{limit: bufferedBytes, status: http.StatusServiceUnavailable, retryAfter: 1, text: fmt.Sprintf(
		"The unanswered queries of all users would have more than %d bytes together (limits.buffered_bytes): ask again later.", most)}
}

func allPlacesTaken(most int, patience time.Duration) *refusal {
	return &refusal{limit: queries, status: http.StatusServiceUnavailable, retryAfter: 10, text: fmt.Sprintf(
		"All users together have %d queries running, as many as Prometheus is given at once (limits.queries), and none ended within %s (limits.place_timeout): ask again later.",
		most, patience)}
}

func silence(patience, longest time.Duration) *refusal {
	return &refusal{limit: queryTimeout, status: http.StatusGatewayTimeout, text: fmt.Sprintf(
		"Prometheus did not begin to answer this query within %s (prometheus.query_timeout and 5 s). It was not asked of another server, "+
			"where it would only run twice: ask for less. Until it ends, or %s are over (limits.abandoned_for), it keeps its place.", patience, longest)}
}

func notThrough(user string, patience time.Duration) string {
	return fmt.Sprintf("The answer to a query of user %s was not through after %s (limits.answer_timeout), and its connection was closed: "+
		"its client reads too slowly, or Prometheus stopped in the middle. Ask for less, or look whether Prometheus hangs.", user, patience)
}

func stillRunning(user string, patience time.Duration) string {
	return fmt.Sprintf("A query of user %s was given up after %s (limits.abandoned_for), and its place goes to others: Prometheus may still work on it. "+
		"Ask the user what it was; if the processor stays busy, restart Prometheus.", user, patience)
}
