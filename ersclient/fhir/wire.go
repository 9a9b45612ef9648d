package fhir

import (
	"errors"
	"fmt"
	"strings"

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
	err := eachResource(answer, "PractitionerRole", func(role transport.Object) error {
		id, organisation := identifierOf(role.Object("practitioner")), identifierOf(role.Object("organization"))
		functions, err := functionsOf(role)
		switch {
		case role.Err() != nil:
			return role.Err()
		case !isUserID(id):
			return errors.New("a role has no 12-digit user id")
		case user.Identifier != "" && id != user.Identifier:
			return errors.New("the answer is about two people")
		case err != nil:
			return err
		case organisation != "" && !transport.IsToken(organisation, maxOrganisation):
			return errors.New("an organisation's code cannot stand in a header")
		}
		user.Identifier = id
		if organisation == "" {
			return nil
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

// functionsOf returns the business functions of a role, those in no published list too.
func functionsOf(role transport.Object) ([]ersclient.BusinessFunction, error) {
	var functions []ersclient.BusinessFunction
	for concept := range role.OneOrList("code") {
		for coding := range concept.OneOrList("coding") {
			code, system := strings.TrimSpace(coding.Text("code")), strings.TrimSpace(coding.Text("system"))
			if code == "" || system != "" && !strings.Contains(system, systemFunction) {
				continue
			}
			if !transport.IsToken(code, maxFunction) {
				return nil, errors.New("a business function cannot stand in a header")
			}
			functions = append(functions, ersclient.BusinessFunction(code))
		}
	}
	return functions, nil
}

// identifierOf returns the value of the first Identifier that has one.
func identifierOf(from transport.Object) string {
	for identifier := range from.OneOrList("identifier") {
		if value := strings.TrimSpace(identifier.Text("value")); value != "" {
			return value
		}
	}
	return ""
}

// decodeClinicians reads A040's Bundle of Practitioner.
func decodeClinicians(answer []byte) ([]ersclient.User, error) {
	var clinicians []ersclient.User
	known := map[string]bool{}
	err := eachResource(answer, "Practitioner", func(practitioner transport.Object) error {
		id := identifierOf(practitioner)
		switch {
		case practitioner.Err() != nil:
			return practitioner.Err()
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
func eachResource(answer []byte, resourceType string, one func(transport.Object) error) error {
	bundle, err := transport.ParseObject(answer)
	switch {
	case err != nil:
		return err
	case bundle.Text("resourceType") != "Bundle":
		return errors.New("the answer is not a Bundle")
	}
	entries, found := 0, 0
	for entry := range bundle.List("entry") {
		resource := entry.Object("resource")
		entries++
		switch {
		case resource.Missing():
			return errors.New("an entry has no resource")
		case resource.Text("resourceType") != resourceType:
			// FHIR allows others among them, such as an OperationOutcome with a warning.
			continue
		}
		if err := one(resource); err != nil {
			return err
		}
		found++
	}
	saysNone := bundle.Has("total") && bundle.Number("total") == 0 || !bundle.Has("total") && bundle.Has("entry") && entries == 0
	switch {
	case bundle.Err() != nil:
		return bundle.Err()
	case found == 0 && !saysNone:
		return errors.New("the answer has no entries, and does not say that there are none")
	}
	return nil
}
