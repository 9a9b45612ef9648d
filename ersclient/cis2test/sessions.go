package cis2test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

const (
	// maxSessions bounds the sessions and codes kept; the oldest makes room for a new one.
	maxSessions = 1000
	// codeLife is how long a code can be redeemed. The gateway's is not public.
	codeLife = 5 * time.Minute
)

// SessionInfo describes a session from the server's side.
type SessionInfo struct {
	AccessToken, RefreshToken string
	Persona                   Persona
	// Refreshed is how often the session was refreshed.
	Refreshed int
	// AccessEnds and Ends are when the access token and the session end.
	AccessEnds, Ends time.Time
}

// session is what a code was redeemed for.
type session struct {
	SessionInfo
	clientID string
}

// grant is a code that is not redeemed yet.
type grant struct {
	code, clientID, redirectURI, challenge string
	persona                                Persona
	ends                                   time.Time
}

// sessions holds all codes and sessions, the oldest first.
type sessions struct {
	mu                    sync.Mutex
	accessLife, totalLife time.Duration
	passed                time.Duration
	signedInAs            string
	grants                []grant
	list                  []*session
}

func newSessions() *sessions {
	return &sessions{accessLife: AccessLife, totalLife: TotalLife}
}

// now is the time for tokens. The caller holds the mutex.
func (s *sessions) now() time.Time { return time.Now().Add(s.passed) }

// grant makes a code.
func (s *sessions) grant(made grant) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	made.code, made.ends = newToken(24), s.now().Add(codeLife)
	s.grants = append(s.grants[max(0, len(s.grants)-maxSessions+1):], made)
	return made.code
}

// redeem takes a code, which works once.
func (s *sessions) redeem(code, clientID string) (grant, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.grants, func(g grant) bool { return g.code == code && g.clientID == clientID })
	if i < 0 {
		return grant{}, false
	}
	found := s.grants[i]
	s.grants = slices.Delete(s.grants, i, i+1)
	return found, s.now().Before(found.ends)
}

// begin makes a session of a code.
func (s *sessions) begin(from grant) session {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := &session{SessionInfo{Persona: from.persona, Ends: s.now().Add(s.totalLife)}, from.clientID}
	s.list = append(s.list[max(0, len(s.list)-maxSessions+1):], made)
	return s.renew(made)
}

// renew gives a session other tokens. That the previous access token ends at once is a choice. The
// caller holds the mutex.
func (s *sessions) renew(one *session) session {
	one.AccessToken, one.RefreshToken = newToken(21), newToken(24)
	one.AccessEnds = s.now().Add(s.accessLife)
	return *one
}

// refresh takes a refresh token, which works once.
func (s *sessions) refresh(token, clientID string) (session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(one *session) bool { return one.RefreshToken == token && one.clientID == clientID })
	switch {
	case i < 0:
		return session{}, errors.New("refresh_token is invalid")
	case !s.now().Before(s.list[i].Ends):
		return session{}, errors.New("refresh token refresh period has expired")
	}
	s.list[i].Refreshed++
	return s.renew(s.list[i]), nil
}

// What is wrong with the bearer token of a request.
var (
	errInvalidToken = errors.New("invalid access token")
	errExpiredToken = errors.New("access token expired")
)

// bearer returns the session whose access token a request has.
func (s *Server) bearer(r *http.Request) (session, error) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found || token == "" {
		return session{}, errInvalidToken
	}
	if made, err := s.sessions.accept(token); s.broker == nil || !errors.Is(err, errInvalidToken) {
		return made, err
	}
	if persona, known := s.Persona(s.broker(r.Context(), token)); known {
		return session{SessionInfo: SessionInfo{Persona: persona}}, nil
	}
	return session{}, errInvalidToken
}

// accept returns the session of an access token of this server's.
func (s *sessions) accept(token string) (session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.list, func(one *session) bool { return one.AccessToken == token })
	switch {
	case i < 0:
		return session{}, errInvalidToken
	case !s.now().Before(s.list[i].AccessEnds):
		return session{}, errExpiredToken
	}
	return *s.list[i], nil
}

// Sessions returns the present sessions, the oldest first.
func (s *Server) Sessions() []SessionInfo {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	infos := make([]SessionInfo, 0, len(s.sessions.list))
	for _, one := range s.sessions.list {
		infos = append(infos, one.SessionInfo)
	}
	return infos
}

// Revoke ends the sessions of a persona behind the back of their clients, as CIS2 may.
func (s *Server) Revoke(persona string) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.sessions.list = slices.DeleteFunc(s.sessions.list, func(one *session) bool { return one.Persona.ID == persona })
}

// Pass lets time pass for codes and tokens.
func (s *Server) Pass(d time.Duration) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.sessions.passed += d
}

// SignInAs answers each authorisation from now on with a persona, or with Cancel, instead of the
// page, as while CIS2 remembers who signed in last. An empty persona ends that.
func (s *Server) SignInAs(persona string) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.sessions.signedInAs = persona
}

func (s *sessions) automatic() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signedInAs
}

func newToken(bytes int) string {
	return base64.RawURLEncoding.EncodeToString(testserver.RandomBytes(bytes))
}
