package erstest

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

const (
	basePath     = "/ers-api"
	sessionPath  = basePath + "/v1/ProfessionalSession"
	sessionType  = "uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession"
	maxRequest   = 1 << 20
	jsonType     = "application/json"
	asidHeader   = "XAPI_ASID"
	sessionIDKey = "HTTP_X_SESSION_KEY"
)

// Call is one of A001 to A003.
type Call string

// The three calls.
const (
	// A001 creates a session from a ticket.
	A001 Call = "A001"
	// A002 selects a role.
	A002 Call = "A002"
	// A003 deletes a session.
	A003 Call = "A003"
)

// reply is an answer not yet sent, or cut.
type reply struct {
	status int
	header map[string]string
	body   []byte
}

func refused(status int) reply { return reply{status: status} }

func answered(status int, value any) reply {
	body, err := json.Marshal(value)
	if err != nil {
		// The values are structs of this file.
		panic(err)
	}
	return reply{status, map[string]string{"Content-Type": jsonType}, body}
}

// serveHTTP answers one request, with the fault ordered for it.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.handlers.Done()

	// The whole body is read first: only then does the request's context end with the connection.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		s.send(w, r, "", refused(http.StatusBadRequest))
		return
	}
	call, id, wrong := route(r)
	if wrong != 0 {
		s.send(w, r, call, refused(wrong))
		return
	}
	handle := func() reply { return s.handle(call, id, r, body) }
	if fault, ordered := s.faults.take(call); ordered {
		s.fail(w, r, call, fault, handle)
		return
	}
	if answer, shed := s.conditions.shed(); shed {
		s.send(w, r, call, answer)
		return
	}
	s.send(w, r, call, handle())
}

// route returns the call and the session id in its path.
func route(r *http.Request) (call Call, id string, wrong int) {
	rest, found := strings.CutPrefix(r.URL.Path, sessionPath)
	id = strings.TrimPrefix(rest, "/")
	if !found || rest != "" && !strings.HasPrefix(rest, "/") {
		return "", "", http.StatusNotFound
	}
	switch {
	case id == "" && r.Method == http.MethodPost:
		return A001, "", 0
	case id != "" && r.Method == http.MethodPut:
		return A002, id, 0
	case id != "" && r.Method == http.MethodDelete:
		return A003, id, 0
	}
	return "", "", http.StatusMethodNotAllowed
}

// send writes an answer and its entry in the journal.
func (s *Server) send(w http.ResponseWriter, r *http.Request, call Call, answer reply) {
	s.journal.add(Request{call, r.Method, answer.status})
	s.conditions.date(w.Header())
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.status)
	// A client that disconnected needs no answer.
	_, _ = w.Write(answer.body)
}

// handle carries a call out.
func (s *Server) handle(call Call, id string, r *http.Request, body []byte) reply {
	if !s.asids[r.Header.Get(asidHeader)] {
		return refused(http.StatusForbidden)
	}
	// The header must name the path's session. A mismatch is treated as a call out of order.
	if id != "" && r.Header.Get(sessionIDKey) != id {
		return refused(http.StatusForbidden)
	}
	if call == A003 {
		if !s.sessions.end(id) {
			return refused(http.StatusForbidden)
		}
		return reply{status: http.StatusNoContent}
	}
	if !accepts(r) {
		return refused(http.StatusNotAcceptable)
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != jsonType {
		return refused(http.StatusUnsupportedMediaType)
	}
	var request struct {
		TypeInfo   string `json:"typeInfo"`
		Token      string `json:"token"`
		Permission *struct {
			BusinessFunction string `json:"businessFunction"`
			OrgIdentifier    string `json:"orgIdentifier"`
		} `json:"permission"`
	}
	if json.Unmarshal(body, &request) != nil {
		return refused(http.StatusBadRequest)
	}
	if request.TypeInfo != sessionType {
		return invalid("typeInfo is not " + sessionType)
	}
	if call == A001 {
		created, known := s.sessions.create(request.Token)
		if !known {
			return refused(http.StatusForbidden)
		}
		return answered(http.StatusCreated, created.asA001())
	}
	if request.Permission == nil || request.Permission.BusinessFunction == "" || request.Permission.OrgIdentifier == "" {
		return invalid("permission needs businessFunction and orgIdentifier")
	}
	wanted := Role{BusinessFunction: request.Permission.BusinessFunction, OrgIdentifier: request.Permission.OrgIdentifier}
	selected, outcome := s.sessions.selectRole(id, request.Token, wanted)
	switch outcome {
	case selectionRefused:
		return refused(http.StatusForbidden)
	case selectionRepeated:
		return refused(http.StatusBadRequest)
	}
	return answered(http.StatusOK, selected.asA002())
}

func accepts(r *http.Request) bool {
	for _, header := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(header, ",") {
			mediaType, _, err := mime.ParseMediaType(part)
			if err == nil && slices.Contains([]string{jsonType, "application/*", "*/*"}, mediaType) {
				return true
			}
		}
	}
	return false
}

type wireSession struct {
	TypeInfo   string   `json:"typeInfo"`
	ID         string   `json:"id"`
	Token      string   `json:"token"`
	User       wireUser `json:"user"`
	Permission *Role    `json:"permission"`
}

type wireUser struct {
	Identifier  string  `json:"identifier"`
	FirstName   string  `json:"firstName"`
	LastName    string  `json:"lastName"`
	MiddleName  *string `json:"middleName"`
	Permissions []Role  `json:"permissions"`
}

func (s session) asA001() wireSession {
	user := wireUser{s.user.Identifier, s.user.FirstName, s.user.LastName, nil, []Role{}}
	if s.user.MiddleName != "" {
		user.MiddleName = &s.user.MiddleName
	}
	user.Permissions = append(user.Permissions, s.user.Roles...)
	return wireSession{sessionType, s.id, s.ticket, user, nil}
}

// asA002 begins organisation names with a blank and has another token, as in the published example.
func (s session) asA002() wireSession {
	wire := s.asA001()
	wire.Token = newToken()
	for i := range wire.User.Permissions {
		wire.User.Permissions[i].OrgName = " " + wire.User.Permissions[i].OrgName
	}
	role := *s.role
	role.OrgName = " " + role.OrgName
	wire.Permission = &role
	return wire
}

// invalid is a 422 with an eRS-OperationOutcome-1.
func invalid(diagnostics string) reply {
	type coding struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display"`
	}
	type details struct {
		Coding []coding `json:"coding"`
	}
	type issue struct {
		Severity    string  `json:"severity"`
		Code        string  `json:"code"`
		Details     details `json:"details"`
		Diagnostics string  `json:"diagnostics"`
	}
	return answered(http.StatusUnprocessableEntity, struct {
		ResourceType string  `json:"resourceType"`
		Issue        []issue `json:"issue"`
	}{"OperationOutcome", []issue{{
		"error", "invalid",
		details{[]coding{{"urn:erstest", "VALIDATION_ERROR", "The request failed validation"}}},
		diagnostics,
	}}})
}
