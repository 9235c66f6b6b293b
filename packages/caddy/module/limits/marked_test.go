package limits

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

func TestMarkedFollowsTheFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("HOME", folder)
	marked := &Marked{File: "{env.HOME}/draining"}
	if err := marked.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest("GET", "/-/ready", nil)
	matches := func(when string, want bool) {
		t.Helper()
		if got, err := marked.MatchWithError(request); err != nil || got != want {
			t.Errorf("%s: matches %v (%v), want %v", when, got, err, want)
		}
	}
	file := filepath.Join(folder, "draining")
	matches("without the file", false)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	matches("with the file", true)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	matches("when it is gone", false)
}

func TestMarkedWantsAFile(t *testing.T) {
	t.Setenv("HOME", "")
	if err := (&Marked{File: "{env.HOME}"}).Provision(caddy.Context{}); err == nil {
		t.Error("it was content with no file")
	}
}
