package erstest

import (
	"fmt"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

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
	control, err := s.ServeControl()
	if err != nil {
		return err
	}
	return testserver.Announce(folder, control, s.URL)
}
