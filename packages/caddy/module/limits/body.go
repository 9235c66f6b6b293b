package limits

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// readBody reads a body to its end before any Prometheus sees the request. If it
// broke off on its way through, Caddy would take that for the fault of
// Prometheus, and one upload that its client gave up would move everybody's
// queries to the other one.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	patience := time.Duration(h.BodyTimeout)
	// Go itself takes the deadline away when it has seen the body's end.
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, &refusal{status: http.StatusInternalServerError, text: "This server cannot bound the time of a body."}
	}
	limit := h.QueryBytes - int64(len(r.RequestURI))
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, tooSlow(patience)
	case err != nil:
		return nil, &refusal{status: http.StatusBadRequest, text: "The body of this query broke off: send it again."}
	case int64(len(body)) > limit:
		return nil, tooLong(int64(len(r.RequestURI)+len(body)), h.QueryBytes)
	}
	// All of it is read: the connection may be used again.
	w.Header().Del("Connection")
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if r.Method != http.MethodPost {
		// What only is read needs none.
		r.Body, r.ContentLength = http.NoBody, 0
	}
	return body, nil
}
