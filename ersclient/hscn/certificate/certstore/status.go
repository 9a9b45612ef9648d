package certstore

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/ers-login/ers-login/internal/problem"
)

// status is the result of a Windows function, as in winerror.h: an HRESULT, or a plain Win32 error.
type status uint32

func (s status) Error() string { return fmt.Sprintf("status 0x%08X", uint32(s)) }

const (
	errorFileNotFound  status = 0x00000002
	ntePerm            status = 0x80090010
	nteBadKeyset       status = 0x80090016
	nteSilentContext   status = 0x80090022
	nteNotSupported    status = 0x80090029
	nteNoKey           status = 0x8009000D
	cryptNotFound      status = 0x80092004
	cryptNoKeyProperty status = 0x8009200B

	// facilitySmartcard is the upper half of every smartcard status (winerror.h, FACILITY_SCARD).
	facilitySmartcard = 0x8010
)

var statusProblems = map[status]*problem.Problem{
	cryptNoKeyProperty: keyMissing,
	nteNoKey:           keyMissing,
	nteBadKeyset:       keyMissing,
	0x80090011:         keyMissing, // NTE_NOT_FOUND
	cryptNotFound:      keyMissing,
	errorFileNotFound:  keyMissing,
	0x80070002:         keyMissing, // ERROR_FILE_NOT_FOUND as an HRESULT
	ntePerm:            keyDenied,
	0x00000005:         keyDenied, // ERROR_ACCESS_DENIED
	0x80070005:         keyDenied, // E_ACCESSDENIED
	nteSilentContext:   keyPrompt,
	0x8009002E:         keyPrompt,      // NTE_UI_REQUIRED
	0x80090036:         keyPrompt,      // NTE_USER_CANCELLED
	0x80090015:         keyMismatch,    // NTE_BAD_PUBLIC_KEY
	0x80090008:         keyUnsupported, // NTE_BAD_ALGID
	nteNotSupported:    keyUnsupported,
	0x80090013:         keyLegacy, // NTE_BAD_PROVIDER
	0x80090014:         keyLegacy, // NTE_BAD_PROV_TYPE
	0x80090017:         keyLegacy, // NTE_PROV_TYPE_NOT_DEF
	0x80090019:         keyLegacy, // NTE_KEYSET_NOT_DEF
	0x8009001B:         keyLegacy, // NTE_PROV_TYPE_NO_MATCH
	0x8009001D:         keyLegacy, // NTE_PROVIDER_DLL_FAIL
	0x8009001E:         keyLegacy, // NTE_PROV_DLL_NOT_FOUND
}

// keyProblem returns the Problem of an error with a certificate's key, which may be in its chain.
func (s store) keyProblem(leaf *x509.Certificate, err error) *problem.Problem {
	template, text := keyFailed, "no status"
	var found status
	if errors.As(err, &found) {
		template, text = s.statusProblem(found), found.Error()
	}
	errors.As(err, &template)
	return s.problem(template, err).With("Name", leaf.Subject.CommonName).With("Status", text)
}

func (s store) statusProblem(found status) *problem.Problem {
	made := cmp.Or(statusProblems[found], keyFailed)
	switch {
	case found>>16 == facilitySmartcard:
		return keySmartcard
	case s.machine && made == keyMissing && found != cryptNoKeyProperty && found != nteNoKey:
		// For a key in the computer's store, Windows returns the same if the user lacks the right to see it.
		return keyDenied
	}
	return made
}
