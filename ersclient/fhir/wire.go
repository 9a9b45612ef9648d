package fhir

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
)

// maxResults bounds the permissions or clinicians of an answer.
const maxResults = 10_000

// systemFunction is in the system of a business function's coding, whatever its version. A concept
// may have codings of other systems beside it.
const systemFunction = "/eRS-BusinessFunction"

// decodeRoles reads A030's Bundle of PractitionerRole, one for each organisation. Roles without
// organisation or functions are dropped, since neither can be chosen, and doubles too.
func decodeRoles(answer []byte) (ersclient.User, error) {
	var user ersclient.User
	known := map[ersclient.Permission]bool{}
	err := eachResource(answer, "PractitionerRole", func(role gjson.Result) error {
		id, err := identifierOf(role.Get("practitioner.identifier"))
		switch {
		case err != nil:
			return fmt.Errorf("practitioner: %w", err)
		case !isUserID(id):
			return errors.New("a role has no 12-digit user id")
		case user.Identifier != "" && id != user.Identifier:
			return errors.New("the answer is about two people")
		}
		user.Identifier = id
		organisation, err := identifierOf(role.Get("organization.identifier"))
		if err != nil {
			return fmt.Errorf("organization: %w", err)
		}
		functions, err := functionsOf(role.Get("code"))
		if err != nil || organisation == "" {
			return err
		}
		if !fits(organisation, maxOrganisation) {
			return errors.New("an organisation's code cannot stand in a header")
		}
		for _, function := range functions {
			permission := ersclient.Permission{BusinessFunction: function, OrgIdentifier: organisation}
			if known[permission] {
				continue
			}
			if known[permission] = true; len(known) > maxResults {
				return fmt.Errorf("the answer has more than %d permissions", maxResults)
			}
			user.Permissions = append(user.Permissions, permission)
		}
		return nil
	})
	if err != nil {
		return ersclient.User{}, err
	}
	return user, nil
}

// decodeClinicians reads A040's Bundle of Practitioner.
func decodeClinicians(answer []byte) ([]ersclient.User, error) {
	var clinicians []ersclient.User
	known := map[string]bool{}
	err := eachResource(answer, "Practitioner", func(practitioner gjson.Result) error {
		id, err := identifierOf(practitioner.Get("identifier"))
		switch {
		case err != nil:
			return err
		case !isUserID(id):
			return errors.New("a clinician has no 12-digit user id")
		case known[id]:
			return nil
		case len(known) == maxResults:
			return fmt.Errorf("the answer has more than %d clinicians", maxResults)
		}
		known[id] = true
		clinicians = append(clinicians, ersclient.User{Identifier: id})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return clinicians, nil
}

// eachResource calls one for each resource of a type in a Bundle. A Bundle without entries is empty
// only if its total agrees: it would send people to the Registration Authority.
func eachResource(answer []byte, resourceType string, one func(gjson.Result) error) error {
	bundle, err := transport.ParseObject(answer)
	if err != nil {
		return err
	}
	entries, total := bundle.Get("entry"), bundle.Get("total")
	switch {
	case bundle.Get("resourceType").Str != "Bundle":
		return errors.New("the answer is not a Bundle")
	case entries.Type != gjson.Null && !entries.IsArray():
		return errors.New("entry is not a list")
	case total.Type != gjson.Null && total.Type != gjson.Number:
		return errors.New("total is not a number")
	}
	list, found := listOf(entries), 0
	for _, entry := range list {
		resource := entry.Get("resource")
		switch {
		case !resource.IsObject():
			return errors.New("an entry has no resource")
		case resource.Get("resourceType").Str != resourceType:
			// FHIR allows others among them, such as an OperationOutcome with a warning.
			continue
		}
		if err := one(resource); err != nil {
			return err
		}
		found++
	}
	saysNone := total.Type == gjson.Number && total.Int() == 0 || total.Type == gjson.Null && entries.IsArray() && len(list) == 0
	if found == 0 && !saysNone {
		return errors.New("the answer has no entries, and does not say that there are none")
	}
	return nil
}

// identifierOf returns the value of an Identifier, or "" if there is none. e-RS sends an object
// where FHIR has a list; of a list it is the first with a value.
func identifierOf(from gjson.Result) (string, error) {
	for _, identifier := range listOf(from) {
		if !identifier.IsObject() {
			return "", errors.New("an identifier is not an object")
		}
		value, err := textOf(identifier.Get("value"))
		if err != nil || value != "" {
			return value, err
		}
	}
	return "", nil
}

// functionsOf returns the business functions of a list of CodeableConcepts, those in no published
// list too.
func functionsOf(concepts gjson.Result) ([]ersclient.BusinessFunction, error) {
	var functions []ersclient.BusinessFunction
	for _, concept := range listOf(concepts) {
		if !concept.IsObject() {
			return nil, errors.New("a code is not an object")
		}
		for _, coding := range listOf(concept.Get("coding")) {
			system, errSystem := textOf(coding.Get("system"))
			code, errCode := textOf(coding.Get("code"))
			switch {
			case !coding.IsObject():
				return nil, errors.New("a coding is not an object")
			case errSystem != nil, errCode != nil:
				return nil, errors.Join(errSystem, errCode)
			case code == "", system != "" && !strings.Contains(system, systemFunction):
				continue
			case !fits(code, maxFunction):
				return nil, errors.New("a business function cannot stand in a header")
			}
			functions = append(functions, ersclient.BusinessFunction(code))
		}
	}
	return functions, nil
}

// listOf returns the elements of a list, or a value as the one element; none if it is missing or
// null.
func listOf(value gjson.Result) []gjson.Result {
	if value.Type == gjson.Null {
		return nil
	}
	return value.Array()
}

// textOf returns a string without the blanks around it; "" for null or a missing member.
func textOf(value gjson.Result) (string, error) {
	switch value.Type {
	case gjson.Null:
		return "", nil
	case gjson.String:
		return strings.TrimSpace(value.Str), nil
	}
	return "", errors.New("something is not a string that should be one")
}
