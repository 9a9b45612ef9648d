package erstest

import (
	"context"
	"net/http"

	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/secret"
)

// The files that a stand-in in another process is found by: see package testserver.
const (
	URLFile     = testserver.URLFile
	ControlFile = testserver.ControlFile
	// UsersFile may exist before the stand-in starts: a JSON list of users and their tickets. On
	// the command line every user of the machine could read the tickets.
	UsersFile = "users.json"
)

// UserEntry is an element of UsersFile.
type UserEntry struct {
	Ticket string `json:"ticket"`
	User
}

// sessionReport is a session in the control endpoint's answer, with its key, which tests compare
// with what arrived elsewhere. The sessions are invented, and the endpoint's address is a secret.
type sessionReport struct {
	Key            string `json:"key"`
	UserIdentifier string `json:"userIdentifier"`
	UserName       string `json:"userName"`
	Valid          bool   `json:"valid"`
	Role           Role   `json:"role"`
}

type sessionsReport struct {
	Sessions []sessionReport `json:"sessions"`
	Ended    int             `json:"ended"`
}

type revocation struct {
	Ticket string `json:"ticket"`
}

// ServeControl opens the control endpoint, and returns its address for OpenControl.
func (s *Server) ServeControl() (address string, err error) {
	return s.Server.ServeControl(func(mux *http.ServeMux) {
		mux.HandleFunc("GET /sessions", func(w http.ResponseWriter, _ *http.Request) { testserver.Respond(w, s.report()) })
		testserver.Accept(mux, "/revoke", func(order revocation) error { s.Revoke(order.Ticket); return nil })
	})
}

func (s *Server) report() sessionsReport {
	report := sessionsReport{Sessions: []sessionReport{}, Ended: s.Ended()}
	for _, one := range s.Sessions() {
		report.Sessions = append(report.Sessions,
			sessionReport{one.Key.Reveal(), one.UserIdentifier, one.UserName, one.Valid, one.Role})
	}
	return report
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

// Sessions returns the present sessions, and how many have ended.
func (c *Control) Sessions(ctx context.Context) (now []SessionInfo, ended int, err error) {
	var report sessionsReport
	if err := c.Call(ctx, http.MethodGet, "/sessions", nil, &report); err != nil {
		return nil, 0, err
	}
	for _, one := range report.Sessions {
		now = append(now, SessionInfo{secret.New(one.Key), one.UserIdentifier, one.UserName, one.Valid, one.Role})
	}
	return now, report.Ended, nil
}

// Revoke ends a ticket and its sessions, as Server.Revoke does.
func (c *Control) Revoke(ctx context.Context, ticket string) error {
	return c.Call(ctx, http.MethodPost, "/revoke", revocation{ticket}, nil)
}
