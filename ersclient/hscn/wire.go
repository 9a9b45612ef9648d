package hscn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
)

// sessionType is the typeInfo of every request. Answers are not checked for it: refusing a complete
// session over a label would keep a clinician from working.
const sessionType = "uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession"

// maxKeyLength bounds a session key in bytes. Published ones have 53; package handoff reserves this
// many.
const maxKeyLength = 256

// wireRequest is the body of A001, and with a Permission that of A002.
type wireRequest struct {
	TypeInfo   string          `json:"typeInfo"`
	Token      string          `json:"token"`
	Permission *wirePermission `json:"permission,omitempty"`
}

type wirePermission struct {
	BusinessFunction string `json:"businessFunction"`
	OrgIdentifier    string `json:"orgIdentifier"`
	OrgName          string `json:"orgName,omitempty"`
}

func (w wirePermission) permission() ersclient.Permission {
	return ersclient.Permission{
		BusinessFunction: ersclient.BusinessFunction(strings.TrimSpace(w.BusinessFunction)),
		OrgIdentifier:    strings.TrimSpace(w.OrgIdentifier), OrgName: strings.TrimSpace(w.OrgName),
	}
}

// encodeRequest makes the body of A001, or with a permission that of A002, which does not select by
// the organisation's name.
func encodeRequest(ticket ersclient.Ticket, permission *ersclient.Permission) []byte {
	request := wireRequest{TypeInfo: sessionType, Token: strings.TrimSpace(ticket.Reveal())}
	if permission != nil {
		request.Permission = &wirePermission{BusinessFunction: string(permission.BusinessFunction), OrgIdentifier: permission.OrgIdentifier}
	}
	body, _ := json.Marshal(request) // texts can always be encoded
	return body
}

// decodeSession reads A001's answer. Null or missing members leave their field empty, unknown ones
// are ignored. Beside an error, the Session holds the Key if the answer has one. The answer's token
// is ignored: A002's differs from the one sent, and both calls want the card's.
func decodeSession(answer []byte) (ersclient.Session, error) {
	var session ersclient.Session
	var wire struct {
		ID   string `json:"id"`
		User *struct {
			Identifier  string           `json:"identifier"`
			FirstName   string           `json:"firstName"`
			MiddleName  string           `json:"middleName"`
			LastName    string           `json:"lastName"`
			Permissions []wirePermission `json:"permissions"`
		} `json:"user"`
	}
	err := transport.Decode(answer, &wire)
	key, unusable := keyOf(wire.ID, answer)
	if unusable == nil {
		session.Key = key
	}
	if err := errors.Join(err, unusable); err != nil {
		return session, err
	}
	if wire.User == nil {
		// Taken for a user without roles, this would send people to the Registration Authority in
		// vain.
		return session, errors.New("the answer has no user")
	}
	session.User = ersclient.User{
		Identifier: strings.TrimSpace(wire.User.Identifier), FirstName: strings.TrimSpace(wire.User.FirstName),
		MiddleName: strings.TrimSpace(wire.User.MiddleName), LastName: strings.TrimSpace(wire.User.LastName),
	}
	// Those with unknown business functions are kept.
	for _, one := range wire.User.Permissions {
		if permission := one.permission(); selectable(permission) {
			session.User.Permissions = append(session.User.Permissions, permission)
		}
	}
	return session, nil
}

// mergeSelection applies A002's answer to the session. Names and permissions stay as in A001, since
// A002 spells them worse. Beside an error, the Session holds the latest known Key.
func mergeSelection(session ersclient.Session, answer []byte, wanted ersclient.Permission) (ersclient.Session, error) {
	var wire struct {
		ID   string `json:"id"`
		User struct {
			Identifier string `json:"identifier"`
		} `json:"user"`
		Permission wirePermission `json:"permission"`
	}
	err := transport.Decode(answer, &wire)
	key, unusable := keyOf(wire.ID, answer)
	if unusable == nil {
		session.Key = key
	}
	if err != nil {
		return session, err
	}
	identifier, selected := strings.TrimSpace(wire.User.Identifier), wire.Permission.permission()
	switch {
	// Without an id in the answer, A001's stays.
	case unusable != nil && !key.IsZero():
		return session, unusable
	case identifier != session.User.Identifier && identifier != "" && session.User.Identifier != "":
		return session, errors.New("the answer is for another user")
	case !selectable(selected):
		return session, errors.New("the answer has no permission")
	case !selected.Same(wanted):
		return session, errors.New("the answer has another permission than the requested one")
	}
	if selected.OrgName == "" {
		selected.OrgName = wanted.OrgName
	}
	session.Permission = &selected
	return session, nil
}

// keyOf returns the key of a session whose id was read from an answer. If nothing was, the answer
// may be cut behind the id: the session must be deleted all the same. The error is checkKey's.
func keyOf(id string, answer []byte) (ersclient.SessionKey, error) {
	if id == "" {
		id = cutID(answer)
	}
	key := ersclient.NewSessionKey(strings.TrimSpace(id))
	return key, checkKey(key)
}

// cutID returns the id of an answer of which only a part is JSON; "" if that has none.
func cutID(answer []byte) (id string) {
	decoder := json.NewDecoder(bytes.NewReader(answer))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return ""
	}
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return ""
		}
		if name == "id" && json.Unmarshal(value, &id) == nil {
			return id
		}
	}
	return ""
}

// selectable reports whether a permission has both halves that A002 selects by.
func selectable(permission ersclient.Permission) bool {
	return permission.BusinessFunction != "" && permission.OrgIdentifier != ""
}

// checkKey returns an error if a session key would be altered in a header or path.
func checkKey(key ersclient.SessionKey) error {
	id := key.Reveal()
	switch {
	case id == "":
		return errors.New("there is no session id")
	case len(id) > maxKeyLength:
		return fmt.Errorf("the session id is longer than %d characters", maxKeyLength)
	case id == "." || id == "..":
		return errors.New("the session id is a step in a path")
	case !transport.IsToken(id, maxKeyLength):
		return errors.New("the session id holds other characters than printable ASCII")
	}
	return nil
}
