package fhir

import (
	"encoding/json"
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

// bundle is an answer of A030 or A040, as e-RS sends it.
type bundle struct {
	ResourceType string   `json:"resourceType"`
	Total        *float64 `json:"total"`
	Entry        []struct {
		Resource *resource `json:"resource"`
	} `json:"entry"`
}

// resource is a PractitionerRole, or a Practitioner with an Identifier.
type resource struct {
	ResourceType string     `json:"resourceType"`
	Identifier   identifier `json:"identifier"`
	Practitioner reference  `json:"practitioner"`
	Organization reference  `json:"organization"`
	Code         []struct {
		Coding []struct {
			System string `json:"system"`
			Code   string `json:"code"`
		} `json:"coding"`
	} `json:"code"`
}

type reference struct {
	Identifier identifier `json:"identifier"`
}

type identifier struct {
	Value string `json:"value"`
}

func (i identifier) text() string { return strings.TrimSpace(i.Value) }

// decodeRoles reads A030's Bundle of PractitionerRole, one for each organisation. Roles without
// organisation or functions are dropped, since neither can be chosen, and doubles too.
func decodeRoles(answer []byte) (ersclient.User, error) {
	var user ersclient.User
	known := map[ersclient.Permission]bool{}
	err := eachResource(answer, "PractitionerRole", func(role *resource) error {
		id, organisation := role.Practitioner.Identifier.text(), role.Organization.Identifier.text()
		functions, err := functionsOf(role)
		switch {
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
func functionsOf(role *resource) ([]ersclient.BusinessFunction, error) {
	var functions []ersclient.BusinessFunction
	for _, concept := range role.Code {
		for _, coding := range concept.Coding {
			code := strings.TrimSpace(coding.Code)
			if code == "" || strings.TrimSpace(coding.System) != "" && !strings.Contains(coding.System, systemFunction) {
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

// decodeClinicians reads A040's Bundle of Practitioner.
func decodeClinicians(answer []byte) ([]ersclient.User, error) {
	var clinicians []ersclient.User
	known := map[string]bool{}
	err := eachResource(answer, "Practitioner", func(practitioner *resource) error {
		id := practitioner.Identifier.text()
		switch {
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
func eachResource(answer []byte, resourceType string, one func(*resource) error) error {
	bundle, err := decodeBundle(answer)
	switch {
	case err != nil:
		return err
	case bundle.ResourceType != "Bundle":
		return errors.New("the answer is not a Bundle")
	}
	found := 0
	for _, entry := range bundle.Entry {
		switch {
		case entry.Resource == nil:
			return errors.New("an entry has no resource")
		case entry.Resource.ResourceType != resourceType:
			// FHIR allows others among them, such as an OperationOutcome with a warning.
			continue
		}
		if err := one(entry.Resource); err != nil {
			return err
		}
		found++
	}
	saysNone := bundle.Total == nil && bundle.Entry != nil && len(bundle.Entry) == 0 || bundle.Total != nil && *bundle.Total == 0
	if found == 0 && !saysNone {
		return errors.New("the answer has no entries, and does not say that there are none")
	}
	return nil
}

// decodeBundle reads a Bundle in the form that e-RS publishes. Any other is read once more, with
// lists and objects changed to that form: e-RS has an object where FHIR has a list, and may be
// corrected.
func decodeBundle(answer []byte) (bundle, error) {
	var read bundle
	err := transport.Decode(answer, &read)
	var whole any
	if err == nil || json.Unmarshal(answer, &whole) != nil {
		return read, err
	}
	encoded, failed := json.Marshal(inForm(whole))
	if failed != nil {
		return read, err
	}
	var changed bundle
	err = transport.Decode(encoded, &changed)
	return changed, err
}

// inForm returns a value in which no identifier is a list, but the first that has a value, and no
// code or coding is an object, but a list of it.
func inForm(value any) any {
	switch whole := value.(type) {
	case []any:
		for i := range whole {
			whole[i] = inForm(whole[i])
		}
	case map[string]any:
		for name, member := range whole {
			member = inForm(member)
			list, isList := member.([]any)
			if _, isObject := member.(map[string]any); isObject && (name == "code" || name == "coding") {
				member = []any{member}
			}
			if isList && name == "identifier" {
				member = nil
				for _, one := range list {
					object, isObject := one.(map[string]any)
					if member == nil && (!isObject || object["value"] != nil && object["value"] != "") {
						member = one
					}
				}
			}
			whole[name] = member
		}
	}
	return value
}
