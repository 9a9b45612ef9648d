package fhir

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/ers-login/ers-login/ersclient"
)

// The header fields of the e-RS FHIR API, as it spells them.
const (
	headerAuthorization = "Authorization"
	headerAccept        = "Accept"
	headerOrganisation  = "NHSD-End-User-Organisation-ODS"
	headerFunction      = "NHSD-eRS-Business-Function"
	headerOnBehalfOf    = "NHSD-eRS-On-Behalf-Of-User-ID"
)

// Bounds on what is taken from an answer and goes into a header, in bytes. The longest published
// function has 32, an ODS code 8, an access token some 28; package handoff reserves 600 for it.
const (
	maxFunction     = 100
	maxOrganisation = 64
	maxToken        = 600
)

// Choice is what the user works as: every call after A030 says so in its header, and none selects
// it.
type Choice struct {
	ersclient.Permission
	// OnBehalfOf is the 12-digit id of the clinician that a SERVICE_PROVIDER_CLINICIAN_ADMIN acts
	// for, one of [Client.Clinicians], and empty with any other function. A040 is the one call that
	// is made without it.
	OnBehalfOf string
}

// NeedsClinician reports whether a clinician to act for has yet to be chosen.
func (c Choice) NeedsClinician() bool {
	return c.BusinessFunction == ersclient.ServiceProviderClinicianAdmin && c.OnBehalfOf == ""
}

// Header returns the header fields of a call as the choice, with the bearer token, in the spelling
// of the API. The error names what e-RS would refuse or a header cannot carry, and holds no value.
func (c Choice) Header(token ersclient.AccessToken) (http.Header, error) {
	header, err := bearer(token)
	if err != nil {
		return nil, err
	}
	function := string(c.BusinessFunction)
	switch {
	case !fits(c.OrgIdentifier, maxOrganisation):
		return nil, errors.New("the organisation is not an ODS code")
	case !fits(function, maxFunction):
		return nil, errors.New("the business function cannot stand in a header")
	case c.OnBehalfOf == "":
	case c.BusinessFunction != ersclient.ServiceProviderClinicianAdmin:
		return nil, fmt.Errorf("only a %s acts for a clinician", ersclient.ServiceProviderClinicianAdmin)
	case !isUserID(c.OnBehalfOf):
		return nil, errors.New("the clinician's id is not 12 digits")
	default:
		header[headerOnBehalfOf] = []string{c.OnBehalfOf}
	}
	// Header.Set would canonicalise the names. Map keys go onto the wire unchanged.
	header[headerOrganisation] = []string{c.OrgIdentifier}
	header[headerFunction] = []string{function}
	return header, nil
}

// bearer returns the header of A030, the one call that is made without a choice.
func bearer(token ersclient.AccessToken) (http.Header, error) {
	if !fits(token.Reveal(), maxToken) {
		return nil, errors.New("there is no access token that a header can carry")
	}
	return http.Header{headerAuthorization: {"Bearer " + token.Reveal()}}, nil
}

// fits reports whether a text is within its bound, and printable ASCII without blanks, which a
// header carries unchanged.
func fits(text string, limit int) bool {
	return text != "" && len(text) <= limit && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isUserID reports whether a text is a national user id: 12 digits.
func isUserID(text string) bool {
	return len(text) == 12 && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}
