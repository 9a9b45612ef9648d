package erstest

import (
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// maxSessions bounds the sessions kept; the oldest makes room for a new one.
const maxSessions = 1000

// SessionInfo describes a professional session from the server's side.
type SessionInfo struct {
	// Key is the current id: A002's if there is one.
	Key string
	// UserIdentifier and UserName identify the user.
	UserIdentifier, UserName string
	// Valid reports whether a role was selected; before that the session is provisional.
	Valid bool
	// Role is the selected one while the session is Valid.
	Role Role
}

// session is one professional session.
type session struct {
	id string
	// formerID is A001's id after A002 has answered with another. Its fate is not public. Here it
	// still names the session, so that a client that missed A002's answer can delete it.
	formerID string
	ticket   string
	user     User
	role     *Role
}

// AddUser adds a user with a ticket. A known ticket changes its user.
func (s *Server) AddUser(ticket string, user User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user.Roles = slices.Clone(user.Roles)
	s.users[ticket] = user
}

// Revoke ends a ticket and the sessions created from it, without notice, as when the card is
// removed.
func (s *Server) Revoke(ticket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users, ticket)
	for _, one := range slices.Clone(s.sessions) {
		if one.ticket == ticket {
			s.remove(one)
		}
	}
}

// create makes a provisional session. It returns false for an unknown ticket.
func (s *Server) create(ticket string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, known := s.users[ticket]
	if !known {
		return session{}, false
	}
	if len(s.sessions) == maxSessions {
		s.remove(s.sessions[0])
	}
	created := &session{id: newSessionID(), ticket: ticket, user: user}
	s.sessions = append(s.sessions, created)
	return *created, true
}

// find returns a session by its id or former id, or nil. The caller holds the mutex.
func (s *Server) find(id string) *session {
	i := slices.IndexFunc(s.sessions, func(one *session) bool { return one.id == id || one.formerID == id })
	if i < 0 {
		return nil
	}
	return s.sessions[i]
}

// selectRole returns the status of a refusal: for a session or role that the user does not have, or
// for another's ticket, 403, and 400 for a session that has a role already.
func (s *Server) selectRole(id, ticket string, wanted Role) (selected session, wrong int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(id)
	switch {
	case found == nil || found.ticket != ticket:
		return session{}, http.StatusForbidden
	case found.role != nil:
		return session{}, http.StatusBadRequest
	}
	index := slices.IndexFunc(found.user.Roles, wanted.same)
	if index < 0 {
		return session{}, http.StatusForbidden
	}
	found.role = &found.user.Roles[index]
	found.formerID, found.id = found.id, newSessionID()
	return *found, 0
}

// end deletes a session by its id or former id. It returns false if there is none.
func (s *Server) end(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(id)
	if found != nil {
		s.remove(found)
	}
	return found != nil
}

func (s *Server) remove(gone *session) {
	s.sessions = slices.DeleteFunc(s.sessions, func(one *session) bool { return one == gone })
	s.ended++
}

// Sessions returns the present sessions, the oldest first.
func (s *Server) Sessions() []SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	infos := make([]SessionInfo, 0, len(s.sessions))
	for _, one := range s.sessions {
		info := SessionInfo{Key: one.id, UserIdentifier: one.user.Identifier, UserName: one.user.FirstName + " " + one.user.LastName}
		if one.role != nil {
			info.Valid, info.Role = true, *one.role
		}
		infos = append(infos, info)
	}
	return infos
}

// Ended returns the number of ended sessions: deleted with A003, with their ticket, or to make
// room.
func (s *Server) Ended() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// newSessionID returns an id of the published form.
func newSessionID() string { return "pro-xapi-session_" + testserver.UUID() }

// newToken returns a token of the published form for A002's answer, which differs from the one
// sent. Its use is not public; here it has none.
func newToken() string {
	return "AQIC5wM2LY4S" + base64.StdEncoding.EncodeToString(testserver.RandomBytes(27)) + "@AAJTSQACMDE=#"
}
