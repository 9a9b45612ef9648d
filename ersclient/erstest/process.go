package erstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// StartIn starts the server for clients in other processes: it adds the users in UsersFile, and
// writes the client's files, ControlFile and, last, URLFile into the folder.
func (s *Server) StartIn(folder string) error {
	if err := s.readUsers(filepath.Join(folder, UsersFile)); err != nil {
		return err
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
	if err := testserver.WriteFile(filepath.Join(folder, ControlFile), 0o600, []byte(control+"\n")); err != nil {
		return err
	}
	return testserver.WriteFile(filepath.Join(folder, URLFile), 0o644, []byte(s.URL+"\n"))
}

func (s *Server) readUsers(path string) error {
	data, err := os.ReadFile(path) //nolint:gosec // G304: the caller names the folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("could not read the users: %w", err)
	}
	var users []UserEntry
	if err := json.Unmarshal(data, &users); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i, entry := range users {
		if entry.Ticket == "" {
			return fmt.Errorf("%s: user %d has no ticket", path, i+1)
		}
		s.AddUser(entry.Ticket, entry.User)
	}
	return nil
}
