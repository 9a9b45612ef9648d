package erstest

import (
	"fmt"
	"net/http"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// UsersFile may exist before the stand-in starts: a JSON list of users and their tickets. On
// the command line every user of the machine could read the tickets.
const UsersFile = "users.json"

// UserEntry is an element of UsersFile.
type UserEntry struct {
	Ticket string `json:"ticket"`
	User
}

// StartIn starts the server for clients in other processes: it adds the users in UsersFile, and
// writes the client's files, ControlFile and, last, URLFile into the folder.
func (s *Server) StartIn(folder string) error {
	users, err := testserver.ReadList[UserEntry](folder, UsersFile)
	if err != nil {
		return err
	}
	for i, entry := range users {
		if entry.Ticket == "" {
			return fmt.Errorf("%s: user %d has no ticket", UsersFile, i+1)
		}
		s.AddUser(entry.Ticket, entry.User)
	}
	if err := s.Start(); err != nil {
		return err
	}
	if _, err := s.WriteFiles(folder); err != nil {
		return err
	}
	return s.Announce(folder, s.URL, func(mux *http.ServeMux) {
		mux.HandleFunc("GET /sessions", func(w http.ResponseWriter, _ *http.Request) {
			testserver.Respond(w, Report{s.Sessions(), s.Ended()})
		})
	})
}

// Report is the control endpoint's answer at /sessions, with the sessions' keys, which tests compare
// with what arrived elsewhere. The sessions are invented, and the endpoint's address is a secret.
type Report struct {
	Sessions []SessionInfo
	Ended    int
}
