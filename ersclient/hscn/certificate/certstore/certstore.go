// Package certstore takes the organisation's endpoint certificate (SEC-001) from Windows'
// certificate stores, where an administrator can put it with a key that never leaves the computer:
// it is not exportable, and Windows signs with it.
//
// [Load] looks for a thumbprint in the user's store, then in the computer's. The key is used
// through CNG (NCryptSignHash): RSA with PKCS #1 v1.5 and PSS, and ECDSA on P-256, P-384 and P-521,
// as TLS 1.2 and 1.3 need. No call may show a window. Before a certificate is returned its key has
// signed once and the signature was verified, so that faults show at the start and not in a
// handshake.
//
// Nothing here uses the network: intermediate certificates come from the stores, and no CRL is
// fetched and no OCSP responder asked. Revocation is for e-RS to check.
//
// The logic runs on every system and is tested against keys in software. Under Wine the calls to
// Windows are tested as far as Wine has them: both stores, chains, and RSA signatures by
// ncrypt.dll. Not proved by any test are ECDSA signatures by ncrypt.dll, keys that live in the
// stores themselves, keys in a TPM or on a smartcard, and the rights on a key.
package certstore

import (
	"crypto/sha1" //nolint:gosec // G505: Windows names certificates by their SHA-1
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/problem"
)

// setting is the name of the setting with the thumbprint, for Problems.
const setting = "certificate_thumbprint"

// Load returns the certificate with a thumbprint: the 40 hexadecimal digits of its SHA-1. It looks
// in CurrentUser\My, then in LocalMachine\My; a copy whose key is unusable does not hide one in the
// other. The error is a *Problem: CERT-THUMBPRINT, CERT-WINDOWS_ONLY, a CERT-STORE code
// (docs/certificates.md), or one of [certificate.Check].
//
// The key's handle is released with the certificate's last reference. Signatures are made one at a
// time, without a context. A key without RSA-PSS, as in many TPMs, has SupportedSignatureAlgorithms
// set, and is good for TLS 1.2 only.
func Load(thumbprint string) (tls.Certificate, error) {
	stores, err := systemStores()
	if err != nil {
		return tls.Certificate{}, err
	}
	return load(stores, thumbprint)
}

// store is one of Windows' certificate stores.
type store struct {
	// name is for display.
	name string
	// machine reports whether it is the computer's, whose keys need rights that not every user has.
	machine bool
	// find returns the certificate with a SHA-1 hash, or errNotFound.
	find func(thumbprint [sha1.Size]byte) (entry, error)
}

// entry is a certificate in a store.
type entry interface {
	// chain returns the certificate and its intermediates, in DER: at least one.
	chain() ([][]byte, error)
	// provider returns the name of the key's provider, empty if there is no key or if unknown, and
	// whether its keys are on a removable device.
	provider() (name string, removable bool)
	// key opens the private key, which is valid until close.
	key() (key, error)
	// close releases the entry. It is called once.
	close()
}

// key is a private key kept by Windows.
type key interface {
	// signHash is NCryptSignHash: it signs a digest and returns at most size bytes. For ECDSA they
	// are r followed by s.
	signHash(padding padding, digest []byte, size int) ([]byte, error)
}

// errNotFound means that the store does not have the certificate.
var errNotFound = errors.New("there is no such certificate")

func load(stores []store, thumbprint string) (tls.Certificate, error) {
	hash, err := parseThumbprint(thumbprint)
	if err != nil {
		return tls.Certificate{}, notAThumbprint.With("Setting", setting).Because(err)
	}
	var names []string
	var failed error
	for _, place := range stores {
		names = append(names, place.name)
		certificate, err := place.load(hash)
		switch {
		case err == nil:
			return certificate, nil
		case failed == nil && !errors.Is(err, errNotFound):
			failed = err
		}
	}
	if failed != nil {
		return tls.Certificate{}, failed
	}
	return tls.Certificate{}, notFound.
		With("Setting", setting).
		With("Thumbprint", strings.ToUpper(thumbprint)).
		With("Places", strings.Join(names, " and "))
}

// parseThumbprint does not clean its input: that happens where settings are read.
func parseThumbprint(text string) (hash [sha1.Size]byte, err error) {
	if len(text) != hex.EncodedLen(len(hash)) {
		return hash, fmt.Errorf("%d characters", len(text))
	}
	_, err = hex.Decode(hash[:], []byte(text))
	return hash, err
}

// load returns the certificate with a SHA-1 hash, ready for use. The error is errNotFound or a
// *Problem.
func (s store) load(hash [sha1.Size]byte) (_ tls.Certificate, err error) {
	found, err := s.find(hash)
	switch {
	case errors.Is(err, errNotFound):
		return tls.Certificate{}, err
	case err != nil:
		return tls.Certificate{}, s.problem(unreadable, err)
	}
	defer func() {
		if err != nil {
			found.close()
		}
	}()
	chain, err := found.chain()
	if err != nil {
		return tls.Certificate{}, s.problem(unreadable, err)
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return tls.Certificate{}, s.problem(invalid, err)
	}
	if err := certificate.Check(leaf, setting, s.name); err != nil {
		return tls.Certificate{}, err
	}
	explain := func(err error) *problem.Problem { return s.keyProblem(leaf, err) }
	signing, err := openSigner(found, leaf, explain)
	if err != nil {
		return tls.Certificate{}, err
	}
	algorithms, err := signing.prove()
	if err != nil {
		return tls.Certificate{}, err
	}
	signing.owns(found)
	return tls.Certificate{
		Certificate: chain, Leaf: leaf, PrivateKey: signing, SupportedSignatureAlgorithms: algorithms,
	}, nil
}

func (s store) problem(template *problem.Problem, cause error) *problem.Problem {
	return template.With("Setting", setting).With("Place", s.name).Because(cause)
}

// openSigner opens a certificate's key. One on a smartcard is refused before any use: it would ask
// for a passcode, and wrong ones block the card.
func openSigner(found entry, leaf *x509.Certificate, explain func(error) *problem.Problem) (*signer, error) {
	// CryptoAPI providers have no more than a name.
	if name, removable := found.provider(); removable || strings.Contains(strings.ToLower(name), "smart card") {
		return nil, explain(keySmartcard)
	}
	private, err := found.key()
	if err != nil {
		return nil, explain(err)
	}
	return newSigner(private, leaf.PublicKey, explain)
}
