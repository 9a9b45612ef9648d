package certstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/tls"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ers-login/ers-login/internal/problem"
)

// padding holds the parameters of a signature.
type padding struct {
	scheme scheme
	// hash is the digest's. It has no meaning for ECDSA.
	hash crypto.Hash
	// salt is the length of PSS's salt in bytes.
	salt int
}

type scheme int

const (
	schemeECDSA scheme = iota
	schemePKCS1
	schemePSS
)

// signer is the crypto.Signer of a key kept by Windows.
type signer struct {
	public crypto.PublicKey
	// explain makes a Problem of a key's error.
	explain func(error) *problem.Problem
	// mu serialises signatures: providers do not promise to be safe for concurrent use.
	mu      sync.Mutex
	key     key
	failure atomic.Pointer[problem.Problem]
}

var _ crypto.Signer = (*signer)(nil)

func newSigner(private key, public crypto.PublicKey, explain func(error) *problem.Problem) (*signer, error) {
	switch public := public.(type) {
	case *rsa.PublicKey:
		const smallest = 1024 / 8 // the minimum of crypto/rsa
		if public.Size() < smallest {
			return nil, explain(keyUnsupported.Because(fmt.Errorf("RSA with %d bits", public.N.BitLen())))
		}
	case *ecdsa.PublicKey:
		if !slices.Contains([]elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}, public.Curve) {
			return nil, explain(keyUnsupported.Because(errors.New("ECDSA on " + public.Params().Name)))
		}
	default:
		return nil, explain(keyUnsupported.Because(fmt.Errorf("%T", public)))
	}
	return &signer{public: public, explain: explain, key: private}, nil
}

// owns closes the entry once the signer is unreachable: a tls.Certificate is copied, and has no
// Close.
func (s *signer) owns(one entry) { runtime.AddCleanup(s, entry.close, one) }

// Public returns the certificate's public key, an *rsa.PublicKey or *ecdsa.PublicKey.
func (s *signer) Public() crypto.PublicKey { return s.public }

// Sign signs a SHA-256, SHA-384 or SHA-512 digest. Windows supplies the randomness. The error is a
// *Problem.
func (s *signer) Sign(_ io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	signature, err := s.sign(digest, options)
	if err != nil {
		made := s.explain(err)
		s.failure.Store(made)
		return nil, made
	}
	s.failure.Store(nil)
	return signature, nil
}

// Failure returns the Problem of the latest signature, or nil: crypto/tls passes on only an error's
// text.
func (s *signer) Failure() error {
	if made := s.failure.Load(); made != nil {
		return made
	}
	return nil
}

func (s *signer) sign(digest []byte, options crypto.SignerOpts) ([]byte, error) {
	hash := options.HashFunc()
	if !slices.Contains([]crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}, hash) {
		return nil, fmt.Errorf("digests of %v are not signed", hash)
	}
	if len(digest) != hash.Size() {
		return nil, fmt.Errorf("a digest of %d bytes is none of %v", len(digest), hash)
	}
	// The cleanup must not run before the signature is made.
	defer runtime.KeepAlive(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch public := s.public.(type) {
	case *rsa.PublicKey:
		padding, err := rsaPadding(hash, options)
		if err != nil {
			return nil, err
		}
		return s.key.signHash(padding, digest, public.Size())
	case *ecdsa.PublicKey:
		half := (public.Params().N.BitLen() + 7) / 8
		// A digest is cut to the curve's length (FIPS 186-5, section 6.4.1) here, as providers may
		// differ.
		pair, err := s.key.signHash(padding{}, digest[:min(len(digest), half)], 2*half)
		if err != nil {
			return nil, err
		}
		return asn1Signature(pair, half)
	}
	return nil, fmt.Errorf("keys of type %T do not sign", s.public)
}

func rsaPadding(hash crypto.Hash, options crypto.SignerOpts) (padding, error) {
	pss, ok := options.(*rsa.PSSOptions)
	if !ok {
		return padding{scheme: schemePKCS1, hash: hash}, nil
	}
	if pss.SaltLength != rsa.PSSSaltLengthEqualsHash && pss.SaltLength != hash.Size() {
		return padding{}, errors.New("in TLS, the salt is as long as the digest")
	}
	return padding{scheme: schemePSS, hash: hash, salt: hash.Size()}, nil
}

// asn1Signature converts r followed by s to TLS's encoding (RFC 3279, section 2.2.3).
func asn1Signature(pair []byte, half int) ([]byte, error) {
	if len(pair) != 2*half {
		return nil, fmt.Errorf("a signature of %d bytes, in place of %d", len(pair), 2*half)
	}
	return asn1.Marshal(struct{ R, S *big.Int }{
		new(big.Int).SetBytes(pair[:half]), new(big.Int).SetBytes(pair[half:]),
	})
}

// prove signs once to check that the key works, without a prompt, and matches the certificate. It
// returns the SupportedSignatureAlgorithms to restrict a tls.Certificate to, or nil.
func (s *signer) prove() ([]tls.SignatureScheme, error) {
	digest := sha512.Sum512_256([]byte("e-RS Login asks whether this key can be used"))
	err := s.signs(digest[:], crypto.SHA256)
	if err != nil {
		return nil, s.explain(err)
	}
	if _, isRSA := s.public.(*rsa.PublicKey); !isRSA {
		return nil, nil
	}
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	if err := s.signs(digest[:], pss); err != nil {
		// Most TPMs and CryptoAPI providers lack PSS, or choose a longer salt. TLS 1.2 does
		// without.
		return []tls.SignatureScheme{tls.PKCS1WithSHA256, tls.PKCS1WithSHA384, tls.PKCS1WithSHA512}, nil
	}
	return nil, nil
}

// signs returns what is wrong with a signature of a SHA-256 digest, or nil.
func (s *signer) signs(digest []byte, options crypto.SignerOpts) error {
	signature, err := s.sign(digest, options)
	if err != nil {
		return err
	}
	switch public := s.public.(type) {
	case *rsa.PublicKey:
		if pss, ok := options.(*rsa.PSSOptions); ok {
			err = rsa.VerifyPSS(public, crypto.SHA256, digest, signature, pss)
		} else {
			err = rsa.VerifyPKCS1v15(public, crypto.SHA256, digest, signature)
		}
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(public, digest, signature) {
			err = errors.New("crypto/ecdsa: verification error")
		}
	}
	if err != nil {
		return keyMismatch.Because(err)
	}
	return nil
}
