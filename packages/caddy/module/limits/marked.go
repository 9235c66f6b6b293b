package limits

import (
	"errors"
	"net/http"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	caddy.RegisterModule(new(Marked))
}

// Marked matches every request while a file exists. By such a file drain says
// that this instance is about to stop: Caddy has no other ear for it, since its
// admin API is off.
type Marked struct {
	// File may have placeholders, as {env.HOME}.
	File string `json:"file"`
}

// CaddyModule implements caddy.Module.
func (*Marked) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.matchers.marked", New: func() caddy.Module { return new(Marked) }}
}

// Provision implements caddy.Provisioner.
func (m *Marked) Provision(caddy.Context) error {
	m.File = caddy.NewReplacer().ReplaceAll(m.File, "")
	if m.File == "" {
		return errors.New("marked: file is missing")
	}
	return nil
}

// MatchWithError implements caddyhttp.RequestMatcherWithError. What cannot be
// looked at is no mark: an instance must not leave for a broken disk.
func (m *Marked) MatchWithError(*http.Request) (bool, error) {
	_, err := os.Stat(m.File)
	return err == nil, nil
}

var (
	_ caddy.Provisioner                 = (*Marked)(nil)
	_ caddyhttp.RequestMatcherWithError = (*Marked)(nil)
)
