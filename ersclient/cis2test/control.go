package cis2test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/secret"
)

// PersonasFile may exist before a stand-in starts in its folder: a JSON list of personas.
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
	control, err := s.ServeControl()
	if err != nil {
		return err
	}
	return testserver.Announce(folder, control, s.URL)
}

// sessionReport is a session in the control endpoint's answer, with its tokens, which tests compare
// with what arrived elsewhere. The sessions are invented, and the endpoint's address is a secret.
type sessionReport struct {
	AccessToken  string    `json:"accessToken"`
	RefreshToken string    `json:"refreshToken"`
	Persona      Persona   `json:"persona"`
	Refreshed    int       `json:"refreshed"`
	AccessEnds   time.Time `json:"accessEnds"`
	Ends         time.Time `json:"ends"`
}

type personaOrder struct {
	Persona string `json:"persona"`
}

type timeOrder struct {
	Pass time.Duration `json:"pass"`
}

// ServeControl opens the control endpoint, and returns its address for OpenControl.
func (s *Server) ServeControl() (address string, err error) {
	return s.Server.ServeControl(func(mux *http.ServeMux) {
		mux.HandleFunc("GET /sessions", func(w http.ResponseWriter, _ *http.Request) {
			report := []sessionReport{}
			for _, one := range s.Sessions() {
				report = append(report, sessionReport{
					one.AccessToken.Reveal(), one.RefreshToken.Reveal(), one.Persona, one.Refreshed, one.AccessEnds, one.Ends,
				})
			}
			testserver.Respond(w, report)
		})
		testserver.Accept(mux, "/revoke", func(order personaOrder) error { s.Revoke(order.Persona); return nil })
		testserver.Accept(mux, "/sign-in-as", func(order personaOrder) error { s.SignInAs(order.Persona); return nil })
		testserver.Accept(mux, "/pass", func(order timeOrder) error { s.Pass(order.Pass); return nil })
	})
}

// Control talks to the control endpoint of a stand-in in another process.
type Control struct{ *testserver.Control }

// OpenControl returns the Control of the stand-in that serves from folder.
func OpenControl(folder string) (*Control, error) {
	control, err := testserver.OpenControl(folder)
	if err != nil {
		return nil, err
	}
	return &Control{control}, nil
}

// Sessions returns the present sessions, as Server.Sessions does.
func (c *Control) Sessions(ctx context.Context) ([]SessionInfo, error) {
	var report []sessionReport
	if err := c.Call(ctx, http.MethodGet, "/sessions", nil, &report); err != nil {
		return nil, err
	}
	var now []SessionInfo
	for _, one := range report {
		now = append(now, SessionInfo{
			secret.New(one.AccessToken), secret.New(one.RefreshToken), one.Persona, one.Refreshed, one.AccessEnds, one.Ends,
		})
	}
	return now, nil
}

// Revoke ends the sessions of a persona, as Server.Revoke does.
func (c *Control) Revoke(ctx context.Context, persona string) error {
	return c.Call(ctx, http.MethodPost, "/revoke", personaOrder{persona}, nil)
}

// SignInAs chooses a persona in place of the user, as Server.SignInAs does.
func (c *Control) SignInAs(ctx context.Context, persona string) error {
	return c.Call(ctx, http.MethodPost, "/sign-in-as", personaOrder{persona}, nil)
}

// Pass lets time pass, as Server.Pass does.
func (c *Control) Pass(ctx context.Context, d time.Duration) error {
	return c.Call(ctx, http.MethodPost, "/pass", timeOrder{d}, nil)
}
