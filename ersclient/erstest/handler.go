package erstest

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

const (
	basePath     = "/ers-api"
	sessionPath  = basePath + "/v1/ProfessionalSession"
	sessionType  = "uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession"
	jsonType     = "application/json"
	asidHeader   = "XAPI_ASID"
	sessionIDKey = "HTTP_X_SESSION_KEY"
)

// The three calls.
const (
	// A001 creates a session from a ticket.
	A001 testserver.Call = "A001"
	// A002 selects a role.
	A002 testserver.Call = "A002"
	// A003 deletes a session.
	A003 testserver.Call = "A003"
)

func refused(status int) testserver.Reply { return testserver.Reply{Status: status} }

// answer answers one request.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	call, id, wrong := route(r)
	s.Answer(w, r, call, func() testserver.Reply {
		if wrong != 0 {
			return refused(wrong)
		}
		return s.handle(call, id, r, body)
	})
}

// route returns the call and the session id in its path.
func route(r *http.Request) (call testserver.Call, id string, wrong int) {
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

// handle carries a call out.
func (s *Server) handle(call testserver.Call, id string, r *http.Request, body []byte) testserver.Reply {
	if r.Header.Get(asidHeader) != ASID {
		return refused(http.StatusForbidden)
	}
	// The header must name the path's session. A mismatch is treated as a call out of order.
	if id != "" && r.Header.Get(sessionIDKey) != id {
		return refused(http.StatusForbidden)
	}
	if call == A003 {
		if !s.end(id) {
			return refused(http.StatusForbidden)
		}
		return refused(http.StatusNoContent)
	}
	if !testserver.Accepts(r, jsonType) {
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
		created, known := s.create(request.Token)
		if !known {
			return refused(http.StatusForbidden)
		}
		return testserver.JSON(http.StatusCreated, created.asA001())
	}
	if request.Permission == nil || request.Permission.BusinessFunction == "" || request.Permission.OrgIdentifier == "" {
		return invalid("permission needs businessFunction and orgIdentifier")
	}
	wanted := Role{BusinessFunction: request.Permission.BusinessFunction, OrgIdentifier: request.Permission.OrgIdentifier}
	selected, wrong := s.selectRole(id, request.Token, wanted)
	if wrong != 0 {
		return refused(wrong)
	}
	return testserver.JSON(http.StatusOK, selected.asA002())
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

// Outcome returns the fault of a 422 with an OperationOutcome.
func Outcome(diagnostics string) testserver.Fault { return invalid(diagnostics).Fault() }

// invalid is a 422 with an eRS-OperationOutcome-1.
func invalid(diagnostics string) testserver.Reply {
	type object = map[string]any
	return testserver.JSON(http.StatusUnprocessableEntity, object{
		"resourceType": "OperationOutcome",
		"issue": []object{{
			"severity": "error", "code": "invalid", "diagnostics": diagnostics,
			"details": object{"coding": []object{{
				"system": "urn:erstest", "code": "VALIDATION_ERROR", "display": "The request failed validation",
			}}},
		}},
	})
}
