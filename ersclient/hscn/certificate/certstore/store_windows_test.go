package certstore

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"math/big"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
	"software.sslmate.com/src/go-pkcs12"
)

// Constants of wincrypt.h and ncrypt.h for tests.
const (
	certKeyContextPropID = 5

	softwareProvider = "Microsoft Software Key Storage Provider"
	passphrase       = "made up"
)

var (
	certSetContextProperty = crypt32.NewProc("CertSetCertificateContextProperty")
	ncryptImportKey        = ncrypt.NewProc("NCryptImportKey")
)

// onWine reports whether this is Wine, which lacks some features: Wine 8 imports keys for CryptoAPI
// only.
func onWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

func text(t *testing.T, words string) *uint16 {
	t.Helper()
	made, err := windows.UTF16PtrFromString(words)
	require.NoError(t, err)
	return made
}

// contextOf makes a Windows certificate context, which the caller frees.
func contextOf(t *testing.T, leaf *x509.Certificate) *windows.CertContext {
	t.Helper()
	made, err := windows.CertCreateCertificateContext(windows.X509_ASN_ENCODING, &leaf.Raw[0], uint32(len(leaf.Raw)))
	require.NoError(t, err)
	return made
}

// add puts a certificate into a location's store until the end of the test.
func add(t *testing.T, location uint32, name string, context *windows.CertContext) {
	t.Helper()
	opened, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_W, 0, 0, location, uintptr(unsafe.Pointer(text(t, name))))
	require.NoError(t, err)
	require.NoError(t, windows.CertAddCertificateContextToStore(opened, context, windows.CERT_STORE_ADD_ALWAYS, nil))
	// Wine saves it when the store is closed.
	require.NoError(t, windows.CertCloseStore(opened, 0))
	hash := sha1.Sum(encoded(context))
	t.Cleanup(func() {
		opened, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_W, 0, 0, location, uintptr(unsafe.Pointer(text(t, name))))
		require.NoError(t, err)
		blob := windows.CryptHashBlob{Size: uint32(len(hash)), Data: &hash[0]}
		found, err := windows.CertFindCertificateInStore(opened, windows.X509_ASN_ENCODING, 0, windows.CERT_FIND_HASH,
			unsafe.Pointer(&blob), nil)
		require.NoError(t, err)
		require.NoError(t, windows.CertDeleteCertificateFromStore(found))
		require.NoError(t, windows.CertCloseStore(opened, 0))
	})
}

func addCertificate(t *testing.T, location uint32, name string, leaf *x509.Certificate) {
	t.Helper()
	context := contextOf(t, leaf)
	add(t, location, name, context)
	require.NoError(t, windows.CertFreeCertificateContext(context))
}

// importKey imports an RSA key into CNG, in memory.
func importKey(t *testing.T, private *rsa.PrivateKey) windows.Handle {
	t.Helper()
	private.Precompute()
	half := (private.N.BitLen() + 15) / 16
	blob := []byte("RSA3") // BCRYPT_RSAFULLPRIVATE_MAGIC
	exponent := big.NewInt(int64(private.E)).Bytes()
	for _, number := range []int{private.N.BitLen(), len(exponent), 2 * half, half, half} {
		blob = binary.LittleEndian.AppendUint32(blob, uint32(number))
	}
	blob = append(blob, exponent...)
	for _, part := range []struct {
		number *big.Int
		length int
	}{
		{private.N, 2 * half}, {private.Primes[0], half}, {private.Primes[1], half},
		{private.Precomputed.Dp, half}, {private.Precomputed.Dq, half}, {private.Precomputed.Qinv, half}, {private.D, 2 * half},
	} {
		blob = append(blob, part.number.FillBytes(make([]byte, part.length))...)
	}
	var provider, made windows.Handle
	answer, _, _ := ncryptOpenStorageProvider.Call(uintptr(unsafe.Pointer(&provider)),
		uintptr(unsafe.Pointer(text(t, softwareProvider))), 0)
	require.Zero(t, status(answer))
	answer, _, _ = ncryptImportKey.Call(uintptr(provider), 0, uintptr(unsafe.Pointer(text(t, "RSAFULLPRIVATEBLOB"))), 0,
		uintptr(unsafe.Pointer(&made)), uintptr(unsafe.Pointer(&blob[0])), uintptr(len(blob)), ncryptSilent)
	require.Zero(t, status(answer))
	answer, _, _ = ncryptFreeObject.Call(uintptr(provider))
	require.Zero(t, status(answer))
	return made
}

// inMemory opens a temporary store with certificates, and returns it and the first certificate,
// which the caller frees.
func inMemory(t *testing.T, certificates ...*x509.Certificate) (windows.Handle, *windows.CertContext) {
	t.Helper()
	opened, err := windows.CertOpenStore(windows.CERT_STORE_PROV_MEMORY, 0, 0, 0, 0)
	require.NoError(t, err)
	var first *windows.CertContext
	for _, one := range certificates {
		context := contextOf(t, one)
		var inside *windows.CertContext
		require.NoError(t, windows.CertAddCertificateContextToStore(opened, context, windows.CERT_STORE_ADD_ALWAYS, &inside))
		require.NoError(t, windows.CertFreeCertificateContext(context))
		if first == nil {
			first = inside
		} else {
			require.NoError(t, windows.CertFreeCertificateContext(inside))
		}
	}
	return opened, first
}

// withKey makes an in-memory store with a certificate's key. From opening the store on, all is as
// on a user's computer: in the other stores, Wine 8 has no keys for CNG.
func withKey(t *testing.T, private *rsa.PrivateKey, leaf *x509.Certificate, others ...*x509.Certificate) store {
	t.Helper()
	return store{name: "a store in memory", find: finder(func() (windows.Handle, error) {
		opened, inside := inMemory(t, append([]*x509.Certificate{leaf}, others...)...)
		// CERT_KEY_CONTEXT. The certificate owns the key from now on.
		property := struct {
			size uint32
			key  windows.Handle
			kind uint32
		}{key: importKey(t, private), kind: windows.CERT_NCRYPT_KEY_SPEC}
		property.size = uint32(unsafe.Sizeof(property))
		ok, _, err := certSetContextProperty.Call(uintptr(unsafe.Pointer(inside)), certKeyContextPropID, 0,
			uintptr(unsafe.Pointer(&property)))
		require.NotZero(t, ok, err)
		require.NoError(t, windows.CertFreeCertificateContext(inside))
		return opened, nil
	})}
}

// An intermediate certificate in Windows' store for them is found. This must be the first test that
// builds a chain: Wine 8 reads the stores of authorities once per process.
func TestTheChainFromTheStoreOfAuthorities(t *testing.T) {
	issuer := newAuthority(t)
	leaf := issuer.endpoint(t, newRSA(t))
	addCertificate(t, windows.CERT_SYSTEM_STORE_CURRENT_USER, "CA", issuer.intermediate)
	require.Equal(t, []string{fqdn, "a sub CA"}, chainOf(t, leaf))
}

// Intermediates are sent and the root is not: e-RS knows only the root.
func TestTheChain(t *testing.T) {
	issuer := newAuthority(t)
	leaf := issuer.endpoint(t, newRSA(t))
	require.Equal(t, []string{fqdn}, chainOf(t, leaf), "the issuer is in no store")
	require.Equal(t, []string{fqdn, "a sub CA"}, chainOf(t, leaf, issuer.intermediate))
	require.Equal(t, []string{fqdn, "a sub CA"}, chainOf(t, leaf, issuer.intermediate, issuer.root))
	require.Equal(t, []string{"a root"}, chainOf(t, issuer.root), "a certificate of its own making")
}

// chainOf returns the names in a certificate's chain, given others in the same store.
func chainOf(t *testing.T, leaf *x509.Certificate, others ...*x509.Certificate) (names []string) {
	t.Helper()
	opened, inside := inMemory(t, append([]*x509.Certificate{leaf}, others...)...)
	require.NoError(t, windows.CertFreeCertificateContext(inside))
	found, err := finder(func() (windows.Handle, error) { return opened, nil })(sha1.Sum(leaf.Raw))
	require.NoError(t, err)
	defer found.close()
	chain, err := found.chain()
	require.NoError(t, err)
	for _, der := range chain {
		parsed, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		names = append(names, parsed.Subject.CommonName)
	}
	return names
}

// From a store to a finished handshake, signed by Windows. If this fails, a key that is not
// exportable cannot be used.
func TestSEC001WindowsSigns(t *testing.T) {
	issuer := newAuthority(t)
	private := newRSA(t)
	leaf := issuer.endpoint(t, private)
	certificate, err := load([]store{withKey(t, private, leaf, issuer.intermediate, issuer.root)}, thumbprintOf(leaf.Raw))
	require.NoError(t, err)
	require.Equal(t, [][]byte{leaf.Raw, issuer.intermediate.Raw}, certificate.Certificate)
	require.Empty(t, certificate.SupportedSignatureAlgorithms, "PSS too")
	for version, name := range map[uint16]string{tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"} {
		t.Run(name, func(t *testing.T) { require.NoError(t, issuer.handshake(t, certificate, version)) })
	}
}

// All digests and paddings, by Windows itself.
func TestSignaturesByWindows(t *testing.T) {
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		t.Run(hash.String(), func(t *testing.T) {
			private := newRSA(t)
			// A new key each time, and PSS last: in Wine 8, a key used for PSS cannot do anything
			// else afterwards.
			made := ncryptKey(importKey(t, private))
			defer func() { _, _, _ = ncryptFreeObject.Call(uintptr(made)) }()
			signing := newTestSigner(t, made, private.Public())
			digest := hash.New().Sum(nil)
			signature, err := signing.Sign(nil, digest, hash)
			require.NoError(t, err)
			require.NoError(t, rsa.VerifyPKCS1v15(&private.PublicKey, hash, digest, signature))
			pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
			signature, err = signing.Sign(nil, digest, pss)
			require.NoError(t, err)
			require.NoError(t, rsa.VerifyPSS(&private.PublicKey, hash, digest, signature, pss))
		})
	}
}

// A key that is not the certificate's is noticed, though Windows pairs them.
func TestWindowsHasAnotherKey(t *testing.T) {
	issuer := newAuthority(t)
	leaf := issuer.endpoint(t, newRSA(t))
	_, err := load([]store{withKey(t, newRSA(t), leaf)}, thumbprintOf(leaf.Raw))
	require.Equal(t, "CERT-STORE_KEY_MISMATCH", problemOf(t, err).Code)
}

// A signature larger than its buffer is an error, and not a write past the end.
func TestASignatureThatDoesNotFit(t *testing.T) {
	made := ncryptKey(importKey(t, newRSA(t)))
	defer func() { _, _, _ = ncryptFreeObject.Call(uintptr(made)) }()
	digest := sha256.Sum256(nil)
	for _, size := range []int{-1, 0, 255, 1 << 20} {
		_, err := made.signHash(padding{scheme: schemePKCS1, hash: crypto.SHA256}, digest[:], size)
		require.Error(t, err, size)
	}
	_, err := made.signHash(padding{scheme: schemePKCS1, hash: crypto.SHA256}, nil, 256)
	require.Error(t, err)
	signature, err := made.signHash(padding{scheme: schemePKCS1, hash: crypto.SHA256}, digest[:], 256)
	require.NoError(t, err)
	require.Len(t, signature, 256)
}

// Both documented stores are searched, and a certificate without its key is reported as that.
func TestTheStoresOfWindows(t *testing.T) {
	issuer := newAuthority(t)
	private := newRSA(t)
	for name, location := range map[string]uint32{
		`CurrentUser\My`:  windows.CERT_SYSTEM_STORE_CURRENT_USER,
		`LocalMachine\My`: windows.CERT_SYSTEM_STORE_LOCAL_MACHINE,
	} {
		t.Run(name, func(t *testing.T) {
			leaf := issuer.endpoint(t, private)
			_, err := Load(thumbprintOf(leaf.Raw))
			found := problemOf(t, err)
			require.Equal(t, "CERT-STORE_NOT_FOUND", found.Code)
			require.Contains(t, found.Expand(found.Happened), `(CurrentUser\My) and the computer's certificates (LocalMachine\My)`)

			addCertificate(t, location, "MY", leaf)
			for _, thumbprint := range []string{thumbprintOf(leaf.Raw), strings.ToUpper(thumbprintOf(leaf.Raw))} {
				_, err = Load(thumbprint)
				found = problemOf(t, err)
				require.Equal(t, "CERT-STORE_KEY_MISSING", found.Code, err)
				if !onWine() { // Wine's CurrentUser\My includes the computer's certificates
					require.Contains(t, found.Expand(found.Happened), name)
				}
			}
		})
	}
}

// An administrator imports a PKCS#12 file. Wine imports its key for CryptoAPI, which tests the
// message for such keys; Windows for CNG, which makes the handshake.
func TestAnImportedPKCS12(t *testing.T) {
	issuer := newAuthority(t)
	private := newRSA(t)
	leaf := issuer.endpoint(t, private)
	file, err := pkcs12.LegacyDES.Encode(private, leaf, []*x509.Certificate{issuer.intermediate}, passphrase)
	require.NoError(t, err)
	flags := uint32(windows.PKCS12_ALWAYS_CNG_KSP)
	if onWine() {
		flags = 0
	}
	imported, err := windows.PFXImportCertStore(&windows.CryptDataBlob{Size: uint32(len(file)), Data: &file[0]},
		text(t, passphrase), flags)
	require.NoError(t, err)
	entry, err := finder(func() (windows.Handle, error) { return imported, nil })(sha1.Sum(leaf.Raw))
	require.NoError(t, err)
	inside, ok := entry.(*storedCertificate)
	require.True(t, ok)
	add(t, windows.CERT_SYSTEM_STORE_CURRENT_USER, "MY", inside.context)
	kept, removable := inside.provider()
	assert.NotEmpty(t, kept)
	assert.False(t, removable, kept)
	assert.NotContains(t, strings.ToLower(kept), "smart card")
	entry.close()

	certificate, err := Load(thumbprintOf(leaf.Raw))
	if onWine() {
		require.Equal(t, "CERT-STORE_KEY_LEGACY", problemOf(t, err).Code)
		return
	}
	require.NoError(t, err)
	require.NoError(t, issuer.handshake(t, certificate, tls.VersionTLS13))
}
