package certstore

import (
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
	accessDenied       status = 0x80070005 // E_ACCESSDENIED
	fileNotFound       status = 0x80070002 // ERROR_FILE_NOT_FOUND as an HRESULT
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

// errSmartcard means that the key is on a smartcard.
var errSmartcard = errors.New("the key is on a smartcard")

// unsupportedError names a kind of key that this package does not use for TLS.
type unsupportedError struct{ kind string }

func (u unsupportedError) Error() string { return u.kind + " is not supported" }

// mismatchError means that a signature does not match the certificate.
type mismatchError struct{ error }

func (m mismatchError) Unwrap() error { return m.error }

// keyProblem returns the Problem of an error with a certificate's key.
func (s store) keyProblem(leaf *x509.Certificate, err error) *problem.Problem {
	template := s.keyTemplate(err)
	made := s.problem(template, err).With("Name", leaf.Subject.CommonName)
	var found status
	if errors.As(err, &found) {
		return made.With("Status", found.Error())
	}
	return made.With("Status", "no status")
}

func (s store) keyTemplate(err error) *problem.Problem {
	var unsupported unsupportedError
	var mismatch mismatchError
	var found status
	switch {
	case errors.Is(err, errSmartcard):
		return keySmartcard
	case errors.Is(err, errLegacy):
		return keyLegacy
	case errors.As(err, &unsupported):
		return keyUnsupported
	case errors.As(err, &mismatch):
		return keyMismatch
	case errors.As(err, &found):
		return s.statusTemplate(found)
	}
	return keyFailed
}

func (s store) statusTemplate(found status) *problem.Problem {
	if found>>16 == facilitySmartcard {
		return keySmartcard
	}
	switch found {
	case cryptNoKeyProperty, nteNoKey:
		return keyMissing
	case nteBadKeyset, nteNotFound, cryptNotFound, errorFileNotFound, fileNotFound:
		// For a key in the computer's store, Windows returns the same if the user lacks the right
		// to see it.
		if s.machine {
			return keyDenied
		}
		return keyMissing
	case ntePerm, accessDenied, errorAccessDenied:
		return keyDenied
	case nteSilentContext, nteUIRequired, nteUserCancelled:
		return keyPrompt
	case nteBadPublicKey:
		return keyMismatch
	case nteBadAlgorithm, nteNotSupported:
		return keyUnsupported
	case nteBadProvider, nteBadProvType, nteProvTypeNotDef, nteKeysetNotDef, nteProvTypeNoMatch, nteProviderDLLFail,
		nteProvDLLNotFound:
		return keyLegacy
	}
	return keyFailed
}
