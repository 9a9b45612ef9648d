package cis2test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// PersonasFile may exist before a stand-in starts in its folder: a JSON list of personas. The sign-in
// page says of each what About has.
const PersonasFile = "personas.json"

// StartIn starts the server for clients in other processes: it adds the personas in PersonasFile,
// and writes testserver.CAFile, testserver.ControlFile and, last, testserver.URLFile into the
// folder.
func (s *Server) StartIn(folder string) error {
	personas, err := testserver.ReadList[Persona](folder, PersonasFile)
	if err != nil {
		return err
	}
	for i, persona := range personas {
		if persona.ID == "" || persona.ID == Cancel {
			return fmt.Errorf("%s: persona %d has no id that can be used", PersonasFile, i+1)
		}
		s.addPersona(persona)
	}
	if err := s.Start(); err != nil {
		return err
	}
	if err := testserver.WriteFile(filepath.Join(folder, testserver.CAFile), 0o644, s.authority.PEM()); err != nil {
		return err
	}
	return s.Announce(folder, s.URL, func(mux *http.ServeMux) {
		// The tokens are in it: tests compare them with what arrived elsewhere. The sessions are invented,
		// and the endpoint's address is a secret.
		mux.HandleFunc("GET /sessions", func(w http.ResponseWriter, _ *http.Request) { testserver.Respond(w, s.Sessions()) })
		testserver.Accept(mux, "/revoke", func(persona string) error { s.Revoke(persona); return nil })
		testserver.Accept(mux, "/pass", func(d time.Duration) error { s.Pass(d); return nil })
	})
}

// Control talks to the control endpoint of a stand-in in another process.
type Control struct{ *testserver.Control }

// OpenControl returns the Control of the stand-in that serves from folder.
func OpenControl(folder string) (*Control, error) {
	control, err := testserver.OpenControl(folder)
	return &Control{control}, err
}

// Sessions returns the present sessions, as Server.Sessions does.
func (c *Control) Sessions(ctx context.Context) (now []SessionInfo, err error) {
	err = c.Control.Sessions(ctx, &now)
	return now, err
}

// Revoke ends the sessions of a persona, as Server.Revoke does.
func (c *Control) Revoke(ctx context.Context, persona string) error {
	return c.Call(ctx, http.MethodPost, "/revoke", persona, nil)
}

// Pass lets time pass, as Server.Pass does.
func (c *Control) Pass(ctx context.Context, d time.Duration) error {
	return c.Call(ctx, http.MethodPost, "/pass", d, nil)
}
