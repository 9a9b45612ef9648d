// Package certstore takes the organisation's endpoint certificate (SEC-001) from Windows' certificate stores, where an
// administrator can put it so that its key never leaves the computer: the key is not exportable, and Windows signs with it.
//
// [Load] looks for a thumbprint in the user's store and then in the computer's. The key is used through CNG alone (NCryptSignHash):
// RSA with PKCS #1 v1.5 and PSS, and ECDSA on P-256, P-384 and P-521, which is what TLS 1.2 and 1.3 ask for. No call may show a
// window. Before a certificate is returned its key has signed once and the signature was verified, so that whatever is wrong
// with it is told at the start and not in the middle of a handshake.
//
// Nothing here uses the network: the certificates between it and its root come from the stores, no CRL is fetched, and no
// OCSP responder is asked. Whether the certificate was revoked is for e-RS to say.
//
// The logic runs on every system and is tested against keys in software. Under Wine the calls to Windows are tested as far
// as Wine has them: both stores, chains, and RSA signatures by ncrypt.dll. Not proved by any test are ECDSA signatures by
// ncrypt.dll, keys that live in the stores themselves, keys in a TPM or on a smartcard, and the rights on a key.
package certstore

import (
	"crypto/sha1" //nolint:gosec // G505: Windows names certificates by their SHA-1
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
)

// setting is the name of the setting that a thumbprint comes from, for the texts.
const setting = "certificate_thumbprint"

// Load returns the certificate with a thumbprint: the 40 hexadecimal digits of its SHA-1, and nothing else. It looks in
// CurrentUser\My, then in LocalMachine\My; one whose key cannot be used does not hide the same certificate in the other.
//
// Its key stays in Windows. The handle of it is released when the certificate is no longer referred to, so there is nothing to
// close. Signatures are made one at a time and take no context: a crypto.Signer has none. If the key cannot sign as TLS 1.3
// demands (RSA-PSS, which many TPMs cannot), SupportedSignatureAlgorithms has what it can do, and TLS 1.2 is the highest version
// that it is good for.
//
// The error is a *Problem. Its code is CERT-THUMBPRINT, CERT-WINDOWS_ONLY, CERT-STORE_NOT_FOUND, CERT-STORE_UNREADABLE,
// CERT-STORE_INVALID, CERT-STORE_KEY_MISSING, CERT-STORE_KEY_DENIED, CERT-STORE_KEY_PROMPT, CERT-STORE_KEY_SMARTCARD,
// CERT-STORE_KEY_LEGACY, CERT-STORE_KEY_UNSUPPORTED, CERT-STORE_KEY_MISMATCH, CERT-STORE_KEY_FAILED, or one of
// [ersclient.CheckCertificate].
func Load(thumbprint string) (tls.Certificate, error) {
	stores, err := systemStores()
	if err != nil {
		return tls.Certificate{}, err
	}
	return load(stores, thumbprint)
}

// store is a place where Windows keeps certificates.
type store struct {
	// name is for a person.
	name string
	// machine tells that it is the computer's, whose keys are not everybody's to use.
	machine bool
	// find returns the certificate with a SHA-1, or errNotFound.
	find func(thumbprint [sha1.Size]byte) (entry, error)
}

// entry is a certificate in a store.
type entry interface {
	// chain returns the certificate and those between it and its root, in DER. There is at least the first.
	chain() ([][]byte, error)
	// provider returns what has the key, which is nothing if there is no key or that is not known.
	provider() provider
	// key opens the private key. It ends with the entry.
	key() (key, error)
	// close is called once, when nothing of the entry is in use.
	close()
}

// provider is a part of Windows, or of another maker, that keeps keys.
type provider struct {
	name string
	// removable tells that the keys are in something that can be pulled out.
	removable bool
}

// isSmartcard goes by the name as well: providers of the old kind say no more.
func (p provider) isSmartcard() bool {
	return p.removable || strings.Contains(strings.ToLower(p.name), "smart card")
}

// key is a private key that Windows has.
type key interface {
	// signHash is NCryptSignHash: it signs a digest and returns at most size bytes. One of ECDSA is r and s, one after the other.
	signHash(padding padding, digest []byte, size int) ([]byte, error)
}

// errNotFound tells that a store does not have a certificate.
var errNotFound = errors.New("there is no such certificate")

// errLegacy tells that a key is in a provider of the old kind (CryptoAPI), and that CNG does not reach it there.
var errLegacy = errors.New("the key can only be used through CryptoAPI")

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

// parseThumbprint takes it as it is: what people paste is put in order where settings are read.
func parseThumbprint(text string) (hash [sha1.Size]byte, err error) {
	if len(text) != hex.EncodedLen(len(hash)) {
		return hash, fmt.Errorf("%d characters", len(text))
	}
	_, err = hex.Decode(hash[:], []byte(text))
	return hash, err
}

// load returns the certificate with a SHA-1, ready to be used. The error is errNotFound or a *Problem.
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
	if err := ersclient.CheckCertificate(leaf, setting, s.name); err != nil {
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

// openSigner opens the key of a certificate. A smartcard's is refused before anything is asked of it: it would want a passcode,
// and wrong ones block the card.
func openSigner(found entry, leaf *x509.Certificate, explain func(error) *problem.Problem) (*signer, error) {
	if found.provider().isSmartcard() {
		return nil, explain(errSmartcard)
	}
	private, err := found.key()
	if err != nil {
		return nil, explain(err)
	}
	return newSigner(private, leaf.PublicKey, explain)
}
