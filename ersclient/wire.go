package ersclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// sessionType is the typeInfo of every body. It is not asked of answers: what counts there is whether they hold what a
// session is made of, and refusing one over a label would keep a clinician from working.
const sessionType = "uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession"

// maxKeyLength bounds a session key. The published ones have 53 characters.
const maxKeyLength = 512

type wireRequest struct {
	TypeInfo   string          `json:"typeInfo"`
	Token      string          `json:"token"`
	Permission *wireSelectable `json:"permission,omitempty"`
}

// wireSelectable is what A002 selects by. The organisation's name is not part of it.
type wireSelectable struct {
	BusinessFunction string `json:"businessFunction"`
	OrgIdentifier    string `json:"orgIdentifier"`
}

// encodeRequest makes the body of A001, and with a permission that of A002.
func encodeRequest(token Token, permission *Permission) ([]byte, error) {
	body := wireRequest{TypeInfo: sessionType, Token: strings.TrimSpace(token.Reveal())}
	if permission != nil {
		body.Permission = &wireSelectable{string(permission.BusinessFunction), permission.OrgIdentifier}
	}
	return json.Marshal(body)
}

// decodeSession reads A001's answer. A member that is null or missing leaves its field empty, unknown ones are ignored.
// Beside an error, the Session holds the Key if the answer has one.
//
// The answer's token is left where it is: A002 answers with another than the one that was sent, what it is good for is not
// public, and the ticket of the card is the one that both calls want.
func decodeSession(answer []byte) (Session, error) {
	var id string
	var user *User
	err := readJSON(answer, func(r *jsonReader) error {
		return r.object(func(name []byte) (err error) {
			switch string(name) {
			case "id":
				id, err = r.string()
			case "user":
				user, err = decodeUser(r)
			}
			return err
		})
	})
	var session Session
	key := NewSessionKey(strings.TrimSpace(id))
	unusable := checkKey(key)
	if unusable == nil {
		session.Key = key
	}
	switch {
	case err != nil:
		return session, fmt.Errorf("could not read the session: %w", err)
	case unusable != nil:
		return session, unusable
	case user == nil:
		// Taking this for a user without roles would send somebody to the Registration Authority for nothing.
		return session, errors.New("the answer has no user")
	}
	session.User = *user
	return session, nil
}

// mergeSelection reads A002's answer on top of the session that the role was selected in. Names and permissions are left as
// A001 had them: they come again, spelt worse. Beside an error, the Session holds the latest Key that is known.
func mergeSelection(session Session, answer []byte, wanted Permission) (Session, error) {
	var id, identifier string
	var selected Permission
	err := readJSON(answer, func(r *jsonReader) error {
		return r.object(func(name []byte) (err error) {
			switch string(name) {
			case "id":
				id, err = r.string()
			case "user":
				identifier, err = decodeIdentifier(r)
			case "permission":
				selected, err = decodePermission(r)
			}
			return err
		})
	})
	// Only an answer without an id leaves A001's standing.
	key := NewSessionKey(strings.TrimSpace(id))
	unusable := checkKey(key)
	if unusable == nil {
		session.Key = key
	}
	switch {
	case err != nil:
		return session, fmt.Errorf("could not read the session: %w", err)
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

// decodeUser trims what is shown and keeps the permissions that can be selected, with business functions nobody has heard of
// among them. It returns nil for null.
func decodeUser(r *jsonReader) (*User, error) {
	if r.null() {
		return nil, nil
	}
	var user User
	err := r.object(func(name []byte) (err error) {
		switch string(name) {
		case "identifier":
			user.Identifier, err = trimmed(r)
		case "firstName":
			user.FirstName, err = trimmed(r)
		case "middleName":
			user.MiddleName, err = trimmed(r)
		case "lastName":
			user.LastName, err = trimmed(r)
		case "permissions":
			user.Permissions, err = decodePermissions(r)
		}
		return err
	})
	return &user, err
}

func decodeIdentifier(r *jsonReader) (identifier string, err error) {
	err = r.object(func(name []byte) (err error) {
		if string(name) == "identifier" {
			identifier, err = trimmed(r)
		}
		return err
	})
	return identifier, err
}

func decodePermissions(r *jsonReader) ([]Permission, error) {
	var permissions []Permission
	err := r.list(func() error {
		permission, err := decodePermission(r)
		if err == nil && selectable(permission) {
			permissions = append(permissions, permission)
		}
		return err
	})
	return permissions, err
}

func decodePermission(r *jsonReader) (Permission, error) {
	var permission Permission
	err := r.object(func(name []byte) (err error) {
		switch string(name) {
		case "businessFunction":
			var function string
			function, err = trimmed(r)
			permission.BusinessFunction = BusinessFunction(function)
		case "orgIdentifier":
			permission.OrgIdentifier, err = trimmed(r)
		case "orgName":
			permission.OrgName, err = trimmed(r)
		}
		return err
	})
	return permission, err
}

// selectable tells whether a permission has both halves of what A002 selects by.
func selectable(permission Permission) bool {
	return permission.BusinessFunction != "" && permission.OrgIdentifier != ""
}

func trimmed(r *jsonReader) (string, error) {
	text, err := r.string()
	return strings.TrimSpace(text), err
}

// checkKey tells whether a session key can be sent in a header and a path without being changed on the way.
func checkKey(key SessionKey) error {
	id := key.Reveal()
	switch {
	case id == "":
		return errors.New("there is no session id")
	case len(id) > maxKeyLength:
		return fmt.Errorf("the session id is longer than %d characters", maxKeyLength)
	case id == "." || id == "..":
		return errors.New("the session id is a step in a path")
	case !isPrintable(id):
		return errors.New("the session id holds other characters than printable ASCII")
	}
	return nil
}

// isPrintable tells whether a text is made of printable ASCII without blanks, which a header carries as it is.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
