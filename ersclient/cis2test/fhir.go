package cis2test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

// The calls of the e-RS FHIR API and of NHS England's directory.
const (
	// A030 is who the user is and as what they may work.
	A030 testserver.Call = "A030"
	// A040 is whom a service provider clinician admin may act for.
	A040 testserver.Call = "A040"
	// Directory is the name of an organisation.
	Directory testserver.Call = "directory"
)

const (
	fhirPath      = "/referrals/FHIR"
	directoryPath = "/ORD/2-0-0/organisations"
	fhirType      = "application/fhir+json"
	published     = "2021-05-24T16:09:32.252Z"

	correlationHeader  = "X-Correlation-ID"
	organisationHeader = "NHSD-End-User-Organisation-ODS"
	functionHeader     = "NHSD-eRS-Business-Function"
	onBehalfOfHeader   = "NHSD-eRS-On-Behalf-Of-User-ID"
	actsForOthers      = "SERVICE_PROVIDER_CLINICIAN_ADMIN"
)

// registration is what NHS England keeps of the application.
type registration struct {
	withoutASID bool
	// allowed are the organisations it may be used for, nil for all.
	allowed []string
}

// WithoutASID leaves the ASID out of the application's registration.
func WithoutASID() Option { return func(s *Server) { s.registration.withoutASID = true } }

// WithAllowList limits the organisations that the application may be used for, by their ODS codes.
func WithAllowList(codes ...string) Option {
	return func(s *Server) { s.registration.allowed = append([]string{}, codes...) }
}

// FHIRURL returns the base URL of the e-RS FHIR API, for package fhir.
func (s *Server) FHIRURL() string { return s.URL + fhirPath }

// DirectoryURL returns the base URL of the directory, for package directory.
func (s *Server) DirectoryURL() string { return s.URL + directoryPath }

// BeginSession signs a persona in without the gateway, whatever its level, and returns the session.
// It panics if there is no such persona.
func (s *Server) BeginSession(persona string) SessionInfo {
	found, known := s.Persona(persona)
	if !known {
		panic(fmt.Sprintf("cis2test: there is no persona %q", persona))
	}
	return s.sessions.begin(grant{clientID: ClientID, persona: found}).SessionInfo
}

// fhir serves the API's calls, and the directory's.
func (s *Server) fhir() {
	s.endpoint("GET "+fhirPath+"/R4/PractitionerRole", A030, func(r *http.Request, _ []byte) testserver.Reply {
		return traced(r, s.practitionerRole(r))
	})
	s.endpoint("GET "+fhirPath+"/R4/Practitioner", A040, func(r *http.Request, _ []byte) testserver.Reply {
		return traced(r, s.practitioner(r))
	})
	s.endpoint("GET "+directoryPath+"/{code}", Directory, func(r *http.Request, _ []byte) testserver.Reply {
		return s.organisation(r.PathValue("code"))
	})
}

// traced adds the ids by which operators find a call: e-RS sends the caller's back beside its own.
func traced(r *http.Request, answer testserver.Reply) testserver.Reply {
	answer.Header["X-Request-ID"] = testserver.UUID()
	if given := r.Header.Get(correlationHeader); given != "" {
		answer.Header[correlationHeader] = given
	}
	return answer
}

// uuidForm is that of an X-Correlation-ID.
var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// coded is a value of a code system.
func coded(system, code string) object {
	return object{"coding": []object{{"system": "https://fhir.nhs.uk/CodeSystem/" + system, "code": code}}}
}

// identified is an identifier of one of the NHS's systems.
func identified(system, value string) object {
	return object{"system": "https://fhir.nhs.uk/Id/" + system, "value": value}
}

// outcome is an error of the API: an R4 OperationOutcome.
func outcome(status int, code, detail, diagnostics string) testserver.Reply {
	issue := object{"severity": "error", "code": code, "details": coded("NHSD-API-ErrorOrWarningCode", detail)}
	if diagnostics != "" {
		issue["diagnostics"] = diagnostics
	}
	return asFHIR(testserver.JSON(status, object{
		"resourceType": "OperationOutcome",
		"meta": object{
			"lastUpdated": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
			"profile":     []string{"https://www.hl7.org/fhir/R4/operationoutcome.html"},
		},
		"issue": []object{issue},
	}))
}

func asFHIR(answer testserver.Reply) testserver.Reply {
	answer.Header["Content-Type"] = fhirType
	return answer
}

// OutcomeFault returns the fault of an error of the API: an issue with FHIR's code and e-RS's own.
func OutcomeFault(status int, code, detail, diagnostics string) testserver.Fault {
	return outcome(status, code, detail, diagnostics).Fault()
}

// denied is a refusal: e-RS gives all of them the same code.
func denied(status int, code, diagnostics string) testserver.Reply {
	return outcome(status, code, "ACCESS_DENIED", diagnostics)
}

func missingHeader(name string) testserver.Reply {
	return outcome(http.StatusBadRequest, "required", "MISSING_HEADER", "Missing or Empty "+name+" header.")
}

// authorised returns the session that a request of the API is made in, or the answer to one that is
// refused. The order of the checks is a choice.
func (s *Server) authorised(r *http.Request) (session, *testserver.Reply) {
	refuse := func(answer testserver.Reply) (session, *testserver.Reply) { return session{}, &answer }
	one, err := s.bearer(r)
	switch {
	case errors.Is(err, errExpiredToken):
		return refuse(denied(http.StatusUnauthorized, "login", "Access Token expired"))
	case err != nil:
		return refuse(denied(http.StatusUnauthorized, "login", "Invalid Access Token"))
	case s.registration.withoutASID:
		return refuse(denied(http.StatusForbidden, "forbidden", "ASID is not configured in the application"))
	case one.Persona.Level < 2:
		return refuse(denied(http.StatusUnauthorized, "login", "The authentication method utilised is not currently supported. "+
			"Contact your local Registration Authority or IT department for help."))
	case one.Persona.Unproven:
		return refuse(denied(http.StatusUnauthorized, "forbidden", "We couldn't verify your identity. "+
			"Contact your local Registration Authority or IT department for help."))
	case !testserver.Accepts(r, fhirType):
		return refuse(outcome(http.StatusNotAcceptable, "not-supported", "NOT_ACCEPTABLE", "Unsupported Accept header"))
	}
	if given := r.Header.Get(correlationHeader); given != "" && !uuidForm.MatchString(given) {
		return refuse(outcome(http.StatusBadRequest, "value", "INVALID_VALUE", correlationHeader+" is not a UUID"))
	}
	return one, nil
}

// entry is a result in a bundle, below a base URL.
func entry(base, kind, id string, resource object) object {
	resource["resourceType"], resource["id"], resource["meta"] = kind, id, object{"lastUpdated": published}
	return object{"fullUrl": base + kind + "/" + id, "resource": resource, "search": object{"mode": "match"}}
}

// bundle is a searchset in the published form: one without results has no entry at all.
func bundle(query string, entries []object) testserver.Reply {
	made := object{
		"resourceType": "Bundle", "id": testserver.UUID(), "meta": object{"lastUpdated": published}, "type": "searchset",
		"total": len(entries), "timestamp": published, "link": []object{{"relation": "self", "url": "_baseUrl_/R4/" + query}},
	}
	if len(entries) > 0 {
		made["entry"] = entries
	}
	return asFHIR(testserver.JSON(http.StatusOK, made))
}

// practitionerRole answers A030: a PractitionerRole for each organisation, without names.
func (s *Server) practitionerRole(r *http.Request) testserver.Reply {
	one, refused := s.authorised(r)
	if refused != nil {
		return *refused
	}
	var entries []object
	for _, organisation := range one.Persona.Organisations {
		var functions []object
		for _, function := range organisation.Functions {
			functions = append(functions, coded("eRS-BusinessFunction-1", function))
		}
		id := "PractitionerRole-" + organisation.Code + "-" + one.Persona.Identifier
		entries = append(entries, entry("_baseUrl_/R4/", "PractitionerRole", id, object{
			"practitioner": object{"identifier": identified("sds-user-id", one.Persona.Identifier)},
			"organization": object{"identifier": identified("ods-organization-code", organisation.Code)},
			"code":         functions,
		}))
	}
	return bundle("PractitionerRole", entries)
}

// practitioner answers A040: a Practitioner for each clinician, whose identifier is an object.
func (s *Server) practitioner(r *http.Request) testserver.Reply {
	one, refused := s.authorised(r)
	if refused != nil {
		return *refused
	}
	code, function, onBehalfOf := r.Header.Get(organisationHeader), r.Header.Get(functionHeader), r.Header.Get(onBehalfOfHeader)
	i := slices.IndexFunc(one.Persona.Organisations, func(o Organisation) bool { return o.Code == code })
	notHeld := denied(http.StatusForbidden, "forbidden", "User does not have the required Business Function at the specified Organisation.")
	switch {
	case code == "":
		return missingHeader(organisationHeader)
	case function == "":
		return missingHeader(functionHeader)
	case s.registration.allowed != nil && !slices.Contains(s.registration.allowed, code):
		return denied(http.StatusForbidden, "forbidden", "Unauthorised ODS code provided in "+organisationHeader+" header")
	case i < 0, !slices.Contains(one.Persona.Organisations[i].Functions, function), function != actsForOthers:
		return notHeld
	// A header that this call does not need, and a query that it has not, are refused: a choice.
	case onBehalfOf != "" && !slices.Contains(one.Persona.OnBehalfOf, onBehalfOf):
		return outcome(http.StatusBadRequest, "value", "INVALID_VALUE", onBehalfOfHeader+" is not one of the user's clinicians")
	case r.URL.RawQuery != "_query=onBehalfOf":
		return outcome(http.StatusBadRequest, "value", "INVALID_VALUE", "_query is not onBehalfOf")
	}
	var entries []object
	for _, id := range one.Persona.OnBehalfOf {
		entries = append(entries, entry("", "Practitioner", id, object{"identifier": identified("sds-user-id", id)}))
	}
	return bundle("Practitioner?_query=onBehalfOf", entries)
}

// organisation answers the directory's call, for the organisations of all personas, with names in
// capitals.
func (s *Server) organisation(code string) testserver.Reply {
	for _, persona := range s.personas {
		for _, one := range persona.Organisations {
			if one.Code == code {
				return testserver.JSON(http.StatusOK, object{"Organisation": object{
					"Name": strings.ToUpper(one.Name), "Status": "Active", "orgRecordClass": "RC1",
					"OrgId": object{"root": "2.16.840.1.113883.2.1.3.2.4.18.48", "assigningAuthorityName": "HSCIC", "extension": code},
				}})
			}
		}
	}
	return testserver.JSON(http.StatusNotFound, object{"errorCode": http.StatusNotFound, "errorText": "Not found"})
}
