package fhir

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
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

// Header returns the header fields of a call in the spelling of the API: the bearer token, and what
// the user works as, which every call after A030 says and none selects. OnBehalfOf is one of
// [Client.Clinicians]; A040 is the one call of a SERVICE_PROVIDER_CLINICIAN_ADMIN that is made
// without it. The error names what e-RS would refuse or a header cannot carry, and holds no value.
func Header(as ersclient.Permission, token ersclient.AccessToken) (http.Header, error) {
	header, err := bearer(token)
	if err != nil {
		return nil, err
	}
	function := string(as.BusinessFunction)
	switch {
	case !transport.IsToken(as.OrgIdentifier, maxOrganisation):
		return nil, errors.New("the organisation is not an ODS code")
	case !transport.IsToken(function, maxFunction):
		return nil, errors.New("the business function cannot stand in a header")
	case as.OnBehalfOf == "":
	case as.BusinessFunction != ersclient.ServiceProviderClinicianAdmin:
		return nil, fmt.Errorf("only a %s acts for a clinician", ersclient.ServiceProviderClinicianAdmin)
	case !isUserID(as.OnBehalfOf):
		return nil, errors.New("the clinician's id is not 12 digits")
	default:
		header[headerOnBehalfOf] = []string{as.OnBehalfOf}
	}
	// Header.Set would canonicalise the names. Map keys go onto the wire unchanged.
	header[headerOrganisation] = []string{as.OrgIdentifier}
	header[headerFunction] = []string{function}
	return header, nil
}

// bearer returns the header of A030, the one call that is made without a choice.
func bearer(token ersclient.AccessToken) (http.Header, error) {
	if !transport.IsToken(token.Reveal(), maxToken) {
		return nil, errors.New("there is no access token that a header can carry")
	}
	return http.Header{headerAuthorization: {"Bearer " + token.Reveal()}}, nil
}

// isUserID reports whether a text is a national user id: 12 digits.
func isUserID(text string) bool {
	return len(text) == 12 && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}
