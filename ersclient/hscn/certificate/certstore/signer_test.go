package certstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
)

func explained(err error) *problem.Problem { return keyFailed.Because(err) }

func newTestSigner(t *testing.T, private key, public crypto.PublicKey) *signer {
	t.Helper()
	made, err := newSigner(private, public, explained)
	require.NoError(t, err)
	return made
}

// Every combination that TLS 1.2 and 1.3 may ask for; a wrong one would fail with some servers
// only.
func TestSignatures(t *testing.T) {
	private := newRSA(t)
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		state := hash.New()
		_, err := state.Write([]byte("a handshake"))
		require.NoError(t, err)
		digest := state.Sum(nil)
		t.Run("RSA with "+hash.String(), func(t *testing.T) {
			signing := newTestSigner(t, &software{private: private}, private.Public())
			signature, err := signing.Sign(nil, digest, hash)
			require.NoError(t, err)
			require.NoError(t, rsa.VerifyPKCS1v15(&private.PublicKey, hash, digest, signature))
			for _, salt := range []int{rsa.PSSSaltLengthEqualsHash, hash.Size()} {
				pss := &rsa.PSSOptions{SaltLength: salt, Hash: hash}
				signature, err = signing.Sign(nil, digest, pss)
				require.NoError(t, err)
				pss.SaltLength = hash.Size()
				require.NoError(t, rsa.VerifyPSS(&private.PublicKey, hash, digest, signature, pss))
			}
		})
		for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
			t.Run(curve.Params().Name+" with "+hash.String(), func(t *testing.T) {
				private := newECDSA(t, curve)
				signing := newTestSigner(t, &software{private: private}, private.Public())
				public, ok := signing.Public().(*ecdsa.PublicKey)
				require.True(t, ok)
				signature, err := signing.Sign(nil, digest, hash)
				require.NoError(t, err)
				require.True(t, ecdsa.VerifyASN1(public, digest, signature), "also where the digest is longer than the curve")
			})
		}
	}
}

// In DER, numbers lose leading zeros and gain a sign byte, which concerns one signature in a few
// hundred.
func TestSignaturesOnTheWire(t *testing.T) {
	for name, test := range map[string]struct {
		pair []byte
		want []byte
	}{
		"small":          {[]byte{0x01, 0x02, 0x03, 0x04}, []byte{0x30, 8, 2, 2, 0x01, 0x02, 2, 2, 0x03, 0x04}},
		"a leading zero": {[]byte{0x00, 0x02, 0x00, 0x04}, []byte{0x30, 6, 2, 1, 0x02, 2, 1, 0x04}},
		"a high bit":     {[]byte{0x80, 0x02, 0xff, 0x04}, []byte{0x30, 10, 2, 3, 0, 0x80, 0x02, 2, 3, 0, 0xff, 0x04}},
		"both":           {[]byte{0x00, 0x80, 0x7f, 0xff}, []byte{0x30, 8, 2, 2, 0, 0x80, 2, 2, 0x7f, 0xff}},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := asn1Signature(test.pair, 2)
			require.NoError(t, err)
			require.Equal(t, test.want, made)
		})
	}
	for _, length := range []int{0, 3, 5} {
		_, err := asn1Signature(make([]byte, length), 2)
		require.Error(t, err)
	}
}

// Unsupported requests are refused here, and not passed to Windows.
func TestWhatIsNotSigned(t *testing.T) {
	private := newRSA(t)
	digest := sha256.Sum256(nil)
	signing := newTestSigner(t, &software{private: private}, private.Public())
	for name, test := range map[string]struct {
		digest  []byte
		options crypto.SignerOpts
	}{
		"SHA-1":                {digest[:20], crypto.SHA1},
		"no hash at all":       {digest[:], crypto.Hash(0)},
		"a digest cut short":   {digest[:31], crypto.SHA256},
		"another digest":       {digest[:], crypto.SHA512},
		"nothing":              {nil, crypto.SHA256},
		"the longest salt":     {digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256}},
		"a salt cut short":     {digest[:], &rsa.PSSOptions{SaltLength: 31, Hash: crypto.SHA256}},
		"an impossible length": {digest[:], &rsa.PSSOptions{SaltLength: -7, Hash: crypto.SHA256}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := signing.Sign(nil, test.digest, test.options)
			require.ErrorIs(t, err, keyFailed)
			require.ErrorIs(t, signing.Failure(), keyFailed)
		})
	}
	_, err := signing.Sign(nil, digest[:], crypto.SHA256)
	require.NoError(t, err)
	require.NoError(t, signing.Failure(), "what is over is forgotten")
}

// A key without PSS, or with its own salt length, is still good for TLS 1.2, all that most TPMs
// offer. Without that the handshake fails for no visible reason.
func TestKeysWithoutPSS(t *testing.T) {
	issuer := newAuthority(t)
	private := newRSA(t)
	leaf := issuer.endpoint(t, private)
	for name, private := range map[string]*software{
		"none":         {private: private, refusing: map[scheme]error{schemePSS: nteNotSupported}},
		"another salt": {private: private, lengthen: 7},
	} {
		t.Run(name, func(t *testing.T) {
			in := issuer.keep(leaf, private.private)
			in.private = private
			certificate, err := load([]store{holding("the user's", false, in)}, thumbprintOf(leaf.Raw))
			require.NoError(t, err)
			require.NoError(t, issuer.handshake(t, certificate, tls.VersionTLS12))
			require.Error(t, issuer.handshake(t, certificate, tls.VersionTLS13))
		})
	}
}

// A key that fails later, as when a right is revoked, keeps its Problem: crypto/tls passes on only
// the text.
func TestAKeyThatFailsInAHandshake(t *testing.T) {
	issuer := newAuthority(t)
	private := newRSA(t)
	leaf := issuer.endpoint(t, private)
	in := issuer.keep(leaf, private)
	one := &software{private: private}
	in.private = one
	certificate, err := load([]store{holding("the computer's", true, in)}, thumbprintOf(leaf.Raw))
	require.NoError(t, err)
	one.refusing = map[scheme]error{schemePSS: nteBadKeyset}
	require.Error(t, issuer.handshake(t, certificate, tls.VersionTLS13))
	remembers, ok := certificate.PrivateKey.(interface{ Failure() error })
	require.True(t, ok)
	require.Equal(t, "CERT-STORE_KEY_DENIED", problemOf(t, remembers.Failure()).Code)
	one.refusing = nil
	require.NoError(t, issuer.handshake(t, certificate, tls.VersionTLS13))
	require.NoError(t, remembers.Failure())
}

// Two calls to e-RS may open their connections at the same time.
func TestSignaturesAtTheSameTime(t *testing.T) {
	private := newECDSA(t, elliptic.P256())
	signing := newTestSigner(t, &software{private: private}, private.Public())
	digest := sha256.Sum256(nil)
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 20 {
				_, err := signing.Sign(nil, digest[:], crypto.SHA256)
				assert.NoError(t, err, "the fake refuses two at a time")
			}
		})
	}
	running.Wait()
}

// The status from Windows decides the user's text. The same status has another meaning for the
// computer's keys, which only some users may see.
func TestWhatWindowsAnswers(t *testing.T) {
	user, machine := store{name: "the user's"}, store{name: "the computer's", machine: true}
	for _, test := range []struct {
		status        status
		user, machine string
	}{
		{0x8009200B, "KEY_MISSING", "KEY_MISSING"},
		{0x8009000D, "KEY_MISSING", "KEY_MISSING"},
		{0x80090016, "KEY_MISSING", "KEY_DENIED"},
		{0x80090011, "KEY_MISSING", "KEY_DENIED"},
		{0x80092004, "KEY_MISSING", "KEY_DENIED"},
		{0x80070002, "KEY_MISSING", "KEY_DENIED"},
		{2, "KEY_MISSING", "KEY_DENIED"},
		{0x80090010, "KEY_DENIED", "KEY_DENIED"},
		{0x80070005, "KEY_DENIED", "KEY_DENIED"},
		{5, "KEY_DENIED", "KEY_DENIED"},
		{0x80090022, "KEY_PROMPT", "KEY_PROMPT"},
		{0x8009002E, "KEY_PROMPT", "KEY_PROMPT"},
		{0x80090036, "KEY_PROMPT", "KEY_PROMPT"},
		{0x80100001, "KEY_SMARTCARD", "KEY_SMARTCARD"},
		{0x8010006E, "KEY_SMARTCARD", "KEY_SMARTCARD"},
		{0x80090015, "KEY_MISMATCH", "KEY_MISMATCH"},
		{0x80090029, "KEY_UNSUPPORTED", "KEY_UNSUPPORTED"},
		{0x80090008, "KEY_UNSUPPORTED", "KEY_UNSUPPORTED"},
		{0x80090014, "KEY_LEGACY", "KEY_LEGACY"},
		{0x80090019, "KEY_LEGACY", "KEY_LEGACY"},
		{0x8009001B, "KEY_LEGACY", "KEY_LEGACY"},
		{0x80090020, "KEY_FAILED", "KEY_FAILED"},
		{0x80090030, "KEY_FAILED", "KEY_FAILED"},
		{0xC0000001, "KEY_FAILED", "KEY_FAILED"},
		{0, "KEY_FAILED", "KEY_FAILED"},
	} {
		t.Run(test.status.Error(), func(t *testing.T) {
			wrapped := errors.Join(errors.New("a function"), test.status)
			assert.Equal(t, "CERT-STORE_"+test.user, user.keyProblem(&x509.Certificate{}, wrapped).Code)
			assert.Equal(t, "CERT-STORE_"+test.machine, machine.keyProblem(&x509.Certificate{}, wrapped).Code)
		})
	}
}
