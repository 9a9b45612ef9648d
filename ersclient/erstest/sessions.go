package erstest

import (
	"encoding/base64"
	"slices"
	"sync"

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

// sessions holds all users and sessions.
type sessions struct {
	mu    sync.Mutex
	users map[string]User
	byID  map[string]*session
	order []*session
	ended int
}

func newSessions() *sessions {
	return &sessions{users: make(map[string]User), byID: make(map[string]*session)}
}

// AddUser adds a user with a ticket. A known ticket changes its user.
func (s *Server) AddUser(ticket string, user User) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	user.Roles = slices.Clone(user.Roles)
	s.sessions.users[ticket] = user
}

// Revoke ends a ticket and the sessions created from it, without notice, as when the card is
// removed.
func (s *Server) Revoke(ticket string) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	delete(s.sessions.users, ticket)
	for _, one := range slices.Clone(s.sessions.order) {
		if one.ticket == ticket {
			s.sessions.remove(one)
		}
	}
}

// create makes a provisional session. It returns false for an unknown ticket.
func (s *sessions) create(ticket string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, known := s.users[ticket]
	if !known {
		return session{}, false
	}
	if len(s.order) == maxSessions {
		s.remove(s.order[0])
	}
	created := &session{id: newSessionID(), ticket: ticket, user: user}
	s.byID[created.id] = created
	s.order = append(s.order, created)
	return *created, true
}

// selection is the result of an attempt to select a role.
type selection int

const (
	selectionDone selection = iota
	// selectionRefused: no such session, another's ticket, or a role that the user does not have.
	selectionRefused
	// selectionRepeated: the session has a role already.
	selectionRepeated
)

func (s *sessions) selectRole(id, ticket string, wanted Role) (session, selection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, known := s.byID[id]
	if !known || found.ticket != ticket {
		return session{}, selectionRefused
	}
	if found.role != nil {
		return session{}, selectionRepeated
	}
	index := slices.IndexFunc(found.user.Roles, wanted.same)
	if index < 0 {
		return session{}, selectionRefused
	}
	found.role = &found.user.Roles[index]
	found.formerID, found.id = found.id, newSessionID()
	s.byID[found.id] = found
	return *found, selectionDone
}

// end deletes a session by its id or former id. It returns false if there is none.
func (s *sessions) end(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, known := s.byID[id]
	if known {
		s.remove(found)
	}
	return known
}

func (s *sessions) remove(gone *session) {
	delete(s.byID, gone.id)
	delete(s.byID, gone.formerID)
	s.order = slices.DeleteFunc(s.order, func(one *session) bool { return one == gone })
	s.ended++
}

// Sessions returns the present sessions, the oldest first.
func (s *Server) Sessions() []SessionInfo {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	infos := make([]SessionInfo, 0, len(s.sessions.order))
	for _, one := range s.sessions.order {
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
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	return s.sessions.ended
}

// newSessionID returns an id of the published form.
func newSessionID() string { return "pro-xapi-session_" + testserver.UUID() }

// newToken returns a token of the published form for A002's answer, which differs from the one
// sent. Its use is not public; here it has none.
func newToken() string {
	return "AQIC5wM2LY4S" + base64.StdEncoding.EncodeToString(testserver.RandomBytes(27)) + "@AAJTSQACMDE=#"
}
