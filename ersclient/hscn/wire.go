package hscn

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
)

// sessionType is the typeInfo of every request. Answers are not checked for it: refusing a complete
// session over a label would keep a clinician from working.
const sessionType = "uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession"

// maxKeyLength bounds a session key in bytes. Published ones have 53; package handoff reserves this
// many.
const maxKeyLength = 256

// encodeRequest makes the body of A001, or with a permission that of A002, which does not select by
// the organisation's name. Encoding by reflection would take a hundredth of a sign-in, and the body
// does not need it.
func encodeRequest(ticket ersclient.Ticket, permission *ersclient.Permission) []byte {
	body := append(make([]byte, 0, 512), `{"typeInfo":"`+sessionType+`","token":`...)
	body = gjson.AppendJSONString(body, strings.TrimSpace(ticket.Reveal()))
	if permission != nil {
		body = append(body, `,"permission":{"businessFunction":`...)
		body = gjson.AppendJSONString(body, string(permission.BusinessFunction))
		body = append(body, `,"orgIdentifier":`...)
		body = gjson.AppendJSONString(body, permission.OrgIdentifier)
		body = append(body, '}')
	}
	return append(body, '}')
}

// decodeSession reads A001's answer. Null or missing members leave their field empty, unknown ones
// are ignored. Beside an error, the Session holds the Key if the answer has one. The answer's token
// is ignored: A002's differs from the one sent, and both calls want the card's.
func decodeSession(answer []byte) (ersclient.Session, error) {
	var session ersclient.Session
	var members members
	var id string
	var user gjson.Result
	root, err := transport.ParseObject(answer)
	members.each(root, func(name string, member gjson.Result) {
		switch name {
		case "id":
			id = members.text(name, member)
		case "user":
			user = member
		}
	})
	key := ersclient.NewSessionKey(id)
	unusable := checkKey(key)
	if unusable == nil {
		session.Key = key
	}
	if err := errors.Join(err, members.err, unusable); err != nil {
		return session, err
	}
	if user.Type == gjson.Null {
		// Taken for a user without roles, this would send people to the Registration Authority in
		// vain.
		return session, errors.New("the answer has no user")
	}
	session.User, err = decodeUser(user)
	return session, err
}

// mergeSelection applies A002's answer to the session. Names and permissions stay as in A001, since
// A002 spells them worse. Beside an error, the Session holds the latest known Key.
func mergeSelection(session ersclient.Session, answer []byte, wanted ersclient.Permission) (ersclient.Session, error) {
	var members members
	var id, identifier string
	var selected ersclient.Permission
	root, err := transport.ParseObject(answer)
	members.each(root, func(name string, member gjson.Result) {
		switch name {
		case "id":
			id = members.text(name, member)
		case "user":
			identifier = members.text("identifier", member.Get("identifier"))
		case "permission":
			selected = members.permission(member)
		}
	})
	key := ersclient.NewSessionKey(id)
	unusable := checkKey(key)
	if unusable == nil {
		session.Key = key
	}
	if err := errors.Join(err, members.err); err != nil {
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

// decodeUser trims what is shown and keeps the permissions that can be selected, including those
// with unknown business functions.
func decodeUser(from gjson.Result) (ersclient.User, error) {
	var user ersclient.User
	var members members
	members.each(from, func(name string, member gjson.Result) {
		switch name {
		case "identifier":
			user.Identifier = members.text(name, member)
		case "firstName":
			user.FirstName = members.text(name, member)
		case "middleName":
			user.MiddleName = members.text(name, member)
		case "lastName":
			user.LastName = members.text(name, member)
		case "permissions":
			user.Permissions = members.permissions(member)
		}
	})
	return user, members.err
}

// members iterates over members of objects, and keeps the first error.
type members struct{ err error }

func (m *members) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// each calls member for each member of an object. A null has none.
func (m *members) each(from gjson.Result, member func(name string, value gjson.Result)) {
	switch {
	case from.Type == gjson.Null:
	case !from.IsObject():
		m.fail(errors.New("something is not an object that should be one"))
	default:
		from.ForEach(func(name, value gjson.Result) bool {
			member(name.Str, value)
			return true
		})
	}
}

func (m *members) permissions(from gjson.Result) []ersclient.Permission {
	if from.Type != gjson.Null && !from.IsArray() {
		m.fail(errors.New("permissions is not a list"))
		return nil
	}
	var permissions []ersclient.Permission
	from.ForEach(func(_, element gjson.Result) bool {
		if permission := m.permission(element); selectable(permission) {
			permissions = append(permissions, permission)
		}
		return true
	})
	return permissions
}

func (m *members) permission(from gjson.Result) ersclient.Permission {
	var permission ersclient.Permission
	m.each(from, func(name string, member gjson.Result) {
		switch name {
		case "businessFunction":
			permission.BusinessFunction = ersclient.BusinessFunction(m.text(name, member))
		case "orgIdentifier":
			permission.OrgIdentifier = m.text(name, member)
		case "orgName":
			permission.OrgName = m.text(name, member)
		}
	})
	return permission
}

// text returns a string without the blanks around it; "" for null or a missing member.
func (m *members) text(name string, member gjson.Result) string {
	switch member.Type {
	case gjson.Null:
		return ""
	case gjson.String:
		return strings.TrimSpace(strings.ToValidUTF8(member.Str, "\uFFFD"))
	default:
		m.fail(fmt.Errorf("%s is not a string", name))
		return ""
	}
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
	case !isPrintable(id):
		return errors.New("the session id holds other characters than printable ASCII")
	}
	return nil
}

// isPrintable reports whether a text is printable ASCII without blanks, which a header carries
// unchanged.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
