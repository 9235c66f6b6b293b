package limits

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestAnswerThatHasBegunIsBoundedByNothingButItsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			_, _ = io.WriteString(w, "the beginning")
			select {
			case <-r.Context().Done():
				return r.Context().Err()
			case <-time.After(time.Minute):
				return nil
			}
		})
		ended := make(chan bool, 1)
		answer := ask(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), next, 2*time.Second, func(givenUp bool) { ended <- givenUp })
		if how, err := answer.await(t.Context(), time.Second, time.Hour); how != through || err != nil || <-ended {
			t.Errorf("it ended as %d, %v", how, err)
		}
	})
}
