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
	errorAccessDenied  status = 0x00000005
	fileNotFound       status = 0x80070002 // ERROR_FILE_NOT_FOUND as an HRESULT
	accessDenied       status = 0x80070005 // E_ACCESSDENIED
	nteBadAlgorithm    status = 0x80090008
	nteNoKey           status = 0x8009000D
	ntePerm            status = 0x80090010
	nteNotFound        status = 0x80090011
	nteBadProvider     status = 0x80090013
	nteBadProvType     status = 0x80090014
	nteBadPublicKey    status = 0x80090015
	nteBadKeyset       status = 0x80090016
	nteProvTypeNotDef  status = 0x80090017
	nteKeysetNotDef    status = 0x80090019
	nteProvTypeNoMatch status = 0x8009001B
	nteProviderDLLFail status = 0x8009001D
	nteProvDLLNotFound status = 0x8009001E
	nteSilentContext   status = 0x80090022
	nteNotSupported    status = 0x80090029
	nteUIRequired      status = 0x8009002E
	nteUserCancelled   status = 0x80090036
	cryptNotFound      status = 0x80092004
	cryptNoKeyProperty status = 0x8009200B

	// facilitySmartcard is the upper half of every smartcard status (winerror.h, FACILITY_SCARD).
	facilitySmartcard = 0x8010
)

var statusProblems = map[status]*problem.Problem{
	cryptNoKeyProperty: keyMissing,
	nteNoKey:           keyMissing,
	nteBadKeyset:       keyMissing,
	nteNotFound:        keyMissing,
	cryptNotFound:      keyMissing,
	errorFileNotFound:  keyMissing,
	fileNotFound:       keyMissing,
	ntePerm:            keyDenied,
	errorAccessDenied:  keyDenied,
	accessDenied:       keyDenied,
	nteSilentContext:   keyPrompt,
	nteUIRequired:      keyPrompt,
	nteUserCancelled:   keyPrompt,
	nteBadPublicKey:    keyMismatch,
	nteBadAlgorithm:    keyUnsupported,
	nteNotSupported:    keyUnsupported,
	nteBadProvider:     keyLegacy,
	nteBadProvType:     keyLegacy,
	nteProvTypeNotDef:  keyLegacy,
	nteKeysetNotDef:    keyLegacy,
	nteProvTypeNoMatch: keyLegacy,
	nteProviderDLLFail: keyLegacy,
	nteProvDLLNotFound: keyLegacy,
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
