package ersclient

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// sessionType is the typeInfo of every body. It is not asked of answers: what counts there is whether they hold what a
// session is made of, and refusing one over a label would keep a clinician from working.
const sessionType = "uk.nhs.ers.xapi.dto.v1.session.ProfessionalSession"

// maxKeyLength bounds a session key. The published ones have 53 characters, and package handoff has room for this many.
const maxKeyLength = 256

// maxBrackets bounds the objects and lists of an answer. Package gjson calls itself for each that is opened inside another one, and
// a megabyte of them takes half a second and 128 MB of stack. An honest answer has one for each permission, and a few more.
const maxBrackets = 100_000

// encodeRequest makes the body of A001, and with a permission that of A002. The organisation's name is no part of what A002
// selects by. There is nothing in it that an encoder by reflection is needed for, which would be a hundredth of a sign-in.
func encodeRequest(ticket Ticket, permission *Permission) []byte {
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

// decodeSession reads A001's answer. A member that is null or missing leaves its field empty, unknown ones are ignored.
// Beside an error, the Session holds the Key if the answer has one.
//
// The answer's token is left where it is: A002 answers with another than the one that was sent, what it is good for is not
// public, and the ticket of the card is the one that both calls want.
func decodeSession(answer []byte) (Session, error) {
	var session Session
	var members members
	var id string
	var user gjson.Result
	root, err := parse(answer)
	members.each(root, func(name string, member gjson.Result) {
		switch name {
		case "id":
			id = members.text(name, member)
		case "user":
			user = member
		}
	})
	key := NewSessionKey(id)
	unusable := checkKey(key)
	if unusable == nil {
		session.Key = key
	}
	if err := errors.Join(err, members.err, unusable); err != nil {
		return session, err
	}
	if user.Type == gjson.Null {
		// Taking this for a user without roles would send somebody to the Registration Authority for nothing.
		return session, errors.New("the answer has no user")
	}
	session.User, err = decodeUser(user)
	return session, err
}

// mergeSelection reads A002's answer on top of the session that the role was selected in. Names and permissions are left as
// A001 had them: they come again, spelt worse. Beside an error, the Session holds the latest Key that is known.
func mergeSelection(session Session, answer []byte, wanted Permission) (Session, error) {
	var members members
	var id, identifier string
	var selected Permission
	root, err := parse(answer)
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
	key := NewSessionKey(id)
	unusable := checkKey(key)
	if unusable == nil {
		session.Key = key
	}
	if err := errors.Join(err, members.err); err != nil {
		return session, err
	}
	switch {
	// Only an answer without an id leaves A001's standing.
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
// among them.
func decodeUser(from gjson.Result) (User, error) {
	var user User
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

// members goes through the members of objects once, and keeps the first thing that is wrong with one of them.
type members struct{ err error }

func (m *members) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// each hands out the members of an object. A null has none.
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

func (m *members) permissions(from gjson.Result) []Permission {
	if from.Type != gjson.Null && !from.IsArray() {
		m.fail(errors.New("permissions is not a list"))
		return nil
	}
	var permissions []Permission
	from.ForEach(func(_, element gjson.Result) bool {
		if permission := m.permission(element); selectable(permission) {
			permissions = append(permissions, permission)
		}
		return true
	})
	return permissions
}

func (m *members) permission(from gjson.Result) Permission {
	var permission Permission
	m.each(from, func(name string, member gjson.Result) {
		switch name {
		case "businessFunction":
			permission.BusinessFunction = BusinessFunction(m.text(name, member))
		case "orgIdentifier":
			permission.OrgIdentifier = m.text(name, member)
		case "orgName":
			permission.OrgName = m.text(name, member)
		}
	})
	return permission
}

// text returns a string without the blanks around it; null and a member that is missing are empty.
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

// parse checks that the whole answer is one JSON object. Package gjson reads it in a third of encoding/json's time, which is a
// tenth of the time of a sign-in. Beside an error, the result still yields what stands before the fault: the id of a session
// whose answer was cut is what it can be deleted by.
func parse(answer []byte) (gjson.Result, error) {
	root := gjson.ParseBytes(answer)
	switch {
	case bytes.Count(answer, []byte("["))+bytes.Count(answer, []byte("{")) > maxBrackets:
		return root, fmt.Errorf("the answer has more than %d brackets", maxBrackets)
	case !gjson.ValidBytes(answer):
		return root, errors.New("the answer is not JSON, or only a part of it")
	case !root.IsObject():
		return root, errors.New("the answer is not a JSON object")
	}
	return root, nil
}

// selectable tells whether a permission has both halves of what A002 selects by.
func selectable(permission Permission) bool {
	return permission.BusinessFunction != "" && permission.OrgIdentifier != ""
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
