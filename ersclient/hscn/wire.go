package hscn

import (
	"encoding/json"
	"errors"
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
}

// encodeRequest makes the body of A001, or with a permission that of A002, which does not select by
// the organisation's name.
func encodeRequest(ticket ersclient.Ticket, permission *ersclient.Permission) []byte {
	request := wireRequest{TypeInfo: sessionType, Token: strings.TrimSpace(ticket.Reveal())}
	if permission != nil {
		request.Permission = &wirePermission{string(permission.BusinessFunction), permission.OrgIdentifier}
	}
	body, _ := json.Marshal(request) // texts can always be encoded
	return body
}

// decodeSession reads A001's answer. Null or missing members leave their field empty, unknown ones
// are ignored. Beside an error, the Session holds the Key if the answer has one. The answer's token
// is ignored: A002's differs from the one sent, and both calls want the card's.
func decodeSession(answer []byte) (ersclient.Session, error) {
	var session ersclient.Session
	root, _ := transport.ParseObject(answer) // its error is root's
	key, unusable := keyOf(root)
	if unusable == nil {
		session.Key = key
	}
	user := root.Object("user")
	session.User = ersclient.User{
		Identifier: text(user, "identifier"), FirstName: text(user, "firstName"), MiddleName: text(user, "middleName"),
		LastName: text(user, "lastName"),
	}
	// Those with unknown business functions are kept.
	for one := range user.List("permissions") {
		if permission := permissionOf(one); selectable(permission) {
			session.User.Permissions = append(session.User.Permissions, permission)
		}
	}
	if err := errors.Join(root.Err(), unusable); err != nil {
		return ersclient.Session{Key: session.Key}, err
	}
	if user.Missing() {
		// Taken for a user without roles, this would send people to the Registration Authority in
		// vain.
		return session, errors.New("the answer has no user")
	}
	return session, nil
}

// mergeSelection applies A002's answer to the session. Names and permissions stay as in A001, since
// A002 spells them worse. Beside an error, the Session holds the latest known Key.
func mergeSelection(session ersclient.Session, answer []byte, wanted ersclient.Permission) (ersclient.Session, error) {
	root, _ := transport.ParseObject(answer) // its error is root's
	key, unusable := keyOf(root)
	if unusable == nil {
		session.Key = key
	}
	identifier, selected := text(root.Object("user"), "identifier"), permissionOf(root.Object("permission"))
	if err := root.Err(); err != nil {
		return session, err
	}
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

// keyOf returns the key of a session. The error is checkKey's.
func keyOf(root transport.Object) (ersclient.SessionKey, error) {
	key := ersclient.NewSessionKey(text(root, "id"))
	return key, checkKey(key)
}

func permissionOf(from transport.Object) ersclient.Permission {
	return ersclient.Permission{
		BusinessFunction: ersclient.BusinessFunction(text(from, "businessFunction")),
		OrgIdentifier:    text(from, "orgIdentifier"), OrgName: text(from, "orgName"),
	}
}

// text returns a string without the blanks around it.
func text(from transport.Object, name string) string { return strings.TrimSpace(from.Text(name)) }

// selectable reports whether a permission has both halves that A002 selects by.
func selectable(permission ersclient.Permission) bool {
	return permission.BusinessFunction != "" && permission.OrgIdentifier != ""
}

// checkKey returns an error if a session key would be altered in a header or path.
func checkKey(key ersclient.SessionKey) error {
	id := key.Reveal()
	if !transport.IsToken(id, maxKeyLength) || id == "." || id == ".." {
		return errors.New("the session id is missing, or cannot stand in a header and a path")
	}
	return nil
}
