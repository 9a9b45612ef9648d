package certstore

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // G505: Windows names certificates by their SHA-1
	"errors"
	"fmt"
	"math"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	crypt32                = windows.NewLazySystemDLL("crypt32.dll")
	certGetContextProperty = crypt32.NewProc("CertGetCertificateContextProperty")

	advapi32            = windows.NewLazySystemDLL("advapi32.dll")
	cryptReleaseContext = advapi32.NewProc("CryptReleaseContext")

	ncrypt                    = windows.NewLazySystemDLL("ncrypt.dll")
	ncryptOpenStorageProvider = ncrypt.NewProc("NCryptOpenStorageProvider")
	ncryptGetProperty         = ncrypt.NewProc("NCryptGetProperty")
	ncryptSignHash            = ncrypt.NewProc("NCryptSignHash")
	ncryptFreeObject          = ncrypt.NewProc("NCryptFreeObject")
)

// Constants of wincrypt.h, ncrypt.h and bcrypt.h that x/sys lacks.
const (
	certKeyProvInfoPropID     = 2
	certChainCacheOnly        = 0x00000004 // CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL
	certChainNoRootAutoUpdate = 0x00000100 // CERT_CHAIN_DISABLE_AUTH_ROOT_AUTO_UPDATE

	ncryptSilent           = 0x00000040 // NCRYPT_SILENT_FLAG
	ncryptImplTypeProperty = "Impl Type"
	ncryptImplRemovable    = 0x00000008 // NCRYPT_IMPL_REMOVABLE_FLAG

	bcryptPadPKCS1 = 0x00000002
	bcryptPadPSS   = 0x00000008
)

// systemStores returns the two stores for endpoint certificates.
func systemStores() ([]store, error) {
	return []store{
		{name: `the user's certificates (CurrentUser\My)`, find: finder(systemStore(windows.CERT_SYSTEM_STORE_CURRENT_USER))},
		{
			name:    `the computer's certificates (LocalMachine\My)`,
			machine: true,
			find:    finder(systemStore(windows.CERT_SYSTEM_STORE_LOCAL_MACHINE)),
		},
	}, nil
}

// systemStore opens a location's store My for reading. It does not create one.
func systemStore(location uint32) func() (windows.Handle, error) {
	return func() (windows.Handle, error) {
		name, err := windows.UTF16PtrFromString("MY")
		if err != nil {
			return 0, err
		}
		const reading = windows.CERT_STORE_READONLY_FLAG | windows.CERT_STORE_OPEN_EXISTING_FLAG
		//nolint:gosec // G103: Windows reads the name during the call alone
		opened, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_W, 0, 0, location|reading, uintptr(unsafe.Pointer(name)))
		runtime.KeepAlive(name) // as a uintptr it does not keep the memory alive
		return opened, statusOf(err)
	}
}

// finder returns the find function of a store.
func finder(open func() (windows.Handle, error)) func([sha1.Size]byte) (entry, error) {
	return func(thumbprint [sha1.Size]byte) (entry, error) {
		opened, err := open()
		if errors.Is(err, errorFileNotFound) {
			return nil, errNotFound
		}
		if err != nil {
			return nil, fmt.Errorf("CertOpenStore: %w", err)
		}
		hash := windows.CryptHashBlob{Size: sha1.Size, Data: &thumbprint[0]}
		const encoding = windows.X509_ASN_ENCODING | windows.PKCS_7_ASN_ENCODING
		//nolint:gosec // G103: Windows reads the thumbprint during the call alone
		context, err := windows.CertFindCertificateInStore(opened, encoding, 0, windows.CERT_FIND_HASH, unsafe.Pointer(&hash), nil)
		if err != nil {
			found := &storedCertificate{store: opened}
			found.close()
			if errors.Is(statusOf(err), cryptNotFound) {
				return nil, errNotFound
			}
			return nil, fmt.Errorf("CertFindCertificateInStore: %w", statusOf(err))
		}
		return &storedCertificate{store: opened, context: context}, nil
	}
}

// storedCertificate is an entry in one of Windows' stores.
type storedCertificate struct {
	store   windows.Handle
	context *windows.CertContext
	// handle is the key's if this package has to free it, else 0.
	handle windows.Handle
}

func (c *storedCertificate) close() {
	if c.handle != 0 {
		// A handle that cannot be freed costs a few bytes, and is not worth an error.
		_, _, _ = ncryptFreeObject.Call(uintptr(c.handle))
	}
	if c.context != nil {
		_ = windows.CertFreeCertificateContext(c.context) // never fails
	}
	_ = windows.CertCloseStore(c.store, 0) // never fails without CERT_CLOSE_STORE_CHECK_FLAG
}

// chain has Windows look for issuers in all its stores, offline. The root is left out.
func (c *storedCertificate) chain() ([][]byte, error) {
	parameters := windows.CertChainPara{Size: uint32(unsafe.Sizeof(windows.CertChainPara{}))}
	var built *windows.CertChainContext
	err := windows.CertGetCertificateChain(0, c.context, nil, c.store, &parameters, certChainCacheOnly|certChainNoRootAutoUpdate,
		0, &built)
	if err != nil {
		return nil, fmt.Errorf("CertGetCertificateChain: %w", statusOf(err))
	}
	defer windows.CertFreeCertificateChain(built)
	chain := [][]byte{encoded(c.context)}
	if built.ChainCount == 0 {
		return chain, nil
	}
	// The best chain comes first; it begins with the certificate itself.
	best := unsafe.Slice(built.Chains, built.ChainCount)[0] //nolint:gosec // G103: Windows' memory, there until the chain is freed
	//nolint:gosec // G103: Windows' memory too, and as many as it says
	for _, element := range unsafe.Slice(best.Elements, best.NumElements) {
		der := encoded(element.CertContext)
		if element.TrustStatus.InfoStatus&windows.CERT_TRUST_IS_SELF_SIGNED == 0 && !bytes.Equal(der, chain[0]) {
			chain = append(chain, der)
		}
	}
	return chain, nil
}

// encoded copies a certificate out of Windows' memory.
func encoded(context *windows.CertContext) []byte {
	return bytes.Clone(unsafe.Slice(context.EncodedCert, context.Length)) //nolint:gosec // G103: its length is Windows'
}

// keyProvInfo is CRYPT_KEY_PROV_INFO.
type keyProvInfo struct {
	container  *uint16
	provider   *uint16
	kind       uint32
	flags      uint32
	parameters uint32
	_          uintptr
	keySpec    uint32
}

// provider reads the certificate's property without opening the key: for a smartcard that may ask
// for the card.
func (c *storedCertificate) provider() (name string, removable bool) {
	var size uint32
	read := func(buffer *byte) bool {
		//nolint:gosec // G103: Windows writes into buffer and size during the call alone
		ok, _, _ := certGetContextProperty.Call(uintptr(unsafe.Pointer(c.context)), certKeyProvInfoPropID,
			uintptr(unsafe.Pointer(buffer)), uintptr(unsafe.Pointer(&size)))
		return ok != 0
	}
	// A certificate without the property has no key, or an unknown one, which shows when it is
	// opened.
	if !read(nil) || uintptr(size) < unsafe.Sizeof(keyProvInfo{}) {
		return "", false
	}
	// A buffer of 8-byte words aligns the structure at its beginning; its strings follow.
	buffer := make([]uint64, (size+7)/8)
	if !read((*byte)(unsafe.Pointer(&buffer[0]))) { //nolint:gosec // G103: it is as long as Windows said
		return "", false
	}
	info := (*keyProvInfo)(unsafe.Pointer(&buffer[0])) //nolint:gosec // G103: it is long enough, and aligned
	return windows.UTF16PtrToString(info.provider), isRemovable(info.provider)
}

// isRemovable queries a provider. One unknown to CNG is a CryptoAPI provider, which cannot be
// queried.
func isRemovable(name *uint16) bool {
	var opened windows.Handle
	//nolint:gosec // G103: the name is read, the handle is written, during the call alone
	answer, _, _ := ncryptOpenStorageProvider.Call(uintptr(unsafe.Pointer(&opened)), uintptr(unsafe.Pointer(name)), 0)
	if statusFrom(answer) != 0 {
		return false
	}
	// A leaked handle is not worth an error.
	defer func() { _, _, _ = ncryptFreeObject.Call(uintptr(opened)) }()
	property, err := windows.UTF16PtrFromString(ncryptImplTypeProperty)
	if err != nil {
		return false
	}
	var made, size uint32
	//nolint:gosec // G103: the name is read, the value and its size are written, during the call alone
	answer, _, _ = ncryptGetProperty.Call(uintptr(opened), uintptr(unsafe.Pointer(property)), uintptr(unsafe.Pointer(&made)),
		unsafe.Sizeof(made), uintptr(unsafe.Pointer(&size)), 0)
	return statusFrom(answer) == 0 && made&ncryptImplRemovable != 0
}

// key opens the key once. close frees the handle if Windows leaves that to the caller.
func (c *storedCertificate) key() (key, error) {
	var handle windows.Handle
	var kind uint32
	var ours bool
	const flags = windows.CRYPT_ACQUIRE_CACHE_FLAG | windows.CRYPT_ACQUIRE_SILENT_FLAG | windows.CRYPT_ACQUIRE_ONLY_NCRYPT_KEY_FLAG
	if err := windows.CryptAcquireCertificatePrivateKey(c.context, flags, nil, &handle, &kind, &ours); err != nil {
		return nil, fmt.Errorf("CryptAcquireCertificatePrivateKey: %w", statusOf(err))
	}
	if kind != windows.CERT_NCRYPT_KEY_SPEC {
		// Only Wine, which does not know the flag, returns a CryptoAPI key here: Windows fails, or
		// CNG opens the old key.
		if ours {
			_, _, _ = cryptReleaseContext.Call(uintptr(handle), 0)
		}
		return nil, keyLegacy
	}
	if ours {
		c.handle = handle
	}
	return ncryptKey(handle), nil
}

// ncryptKey is an NCRYPT_KEY_HANDLE.
type ncryptKey windows.Handle

// paddingInfo is BCRYPT_PSS_PADDING_INFO, and BCRYPT_PKCS1_PADDING_INFO, which has the first field
// alone.
type paddingInfo struct {
	algorithm *uint16
	salt      uint32
}

func (k ncryptKey) signHash(padding padding, digest []byte, size int) ([]byte, error) {
	if len(digest) == 0 || size <= 0 || size > math.MaxUint16 {
		return nil, fmt.Errorf("a signature of %d bytes for a digest of %d cannot be made", size, len(digest))
	}
	var info *paddingInfo
	flags := uintptr(ncryptSilent)
	if padding.scheme != schemeECDSA {
		algorithm, err := windows.UTF16PtrFromString(algorithmNames[padding.hash])
		if err != nil {
			return nil, err
		}
		info = &paddingInfo{algorithm: algorithm, salt: uint32(padding.salt)} //nolint:gosec // G115: it is a digest's length
		flags |= map[scheme]uintptr{schemePKCS1: bcryptPadPKCS1, schemePSS: bcryptPadPSS}[padding.scheme]
	}
	signature := make([]byte, size)
	var used uint32
	//nolint:gosec // G103: digest and padding are read, signature and used are written, during the call alone
	answer, _, _ := ncryptSignHash.Call(uintptr(k), uintptr(unsafe.Pointer(info)),
		uintptr(unsafe.Pointer(&digest[0])), uintptr(len(digest)),
		uintptr(unsafe.Pointer(&signature[0])), uintptr(len(signature)), uintptr(unsafe.Pointer(&used)), flags)
	if failed := statusFrom(answer); failed != 0 {
		return nil, fmt.Errorf("NCryptSignHash: %w", failed)
	}
	if int(used) > len(signature) {
		return nil, fmt.Errorf("NCryptSignHash: %d bytes in place of %d", used, len(signature))
	}
	return signature[:used], nil
}

// algorithmNames are bcrypt.h's.
var algorithmNames = map[crypto.Hash]string{crypto.SHA256: "SHA256", crypto.SHA384: "SHA384", crypto.SHA512: "SHA512"}

// statusFrom converts a SECURITY_STATUS in a register.
func statusFrom(answer uintptr) status { return status(answer) } //nolint:gosec // G115: it has 32 bits

// statusOf returns the status of an error from x/sys.
func statusOf(err error) error {
	var number windows.Errno
	if errors.As(err, &number) {
		return status(number)
	}
	return err
}
