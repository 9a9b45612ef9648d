package certificate

import (
	"crypto"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// The structures of PKCS#12 (RFC 7292, sections 4 and 5) and PKCS#8 (RFC 5208, section 6), as far
// as this package parses them.
type (
	pfx struct {
		Version  int
		AuthSafe contentInfo
		MAC      asn1.RawValue `asn1:"optional"`
	}
	contentInfo struct {
		ContentType asn1.ObjectIdentifier
		Content     asn1.RawValue `asn1:"tag:0,explicit,optional"`
	}
	encryptedData struct {
		Version int
		Content struct {
			ContentType asn1.ObjectIdentifier
			Algorithm   pkix.AlgorithmIdentifier
			// Data is an octet string, which in BER may be constructed.
			Data asn1.RawValue `asn1:"optional"`
		}
	}
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	safeBag struct {
		ID         asn1.ObjectIdentifier
		Value      asn1.RawValue `asn1:"tag:0,explicit"`
		Attributes asn1.RawValue `asn1:"set,optional"`
	}
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidEncryptedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}

	oidKeyBag       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidSealedKeyBag = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidCertBag      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	oidSafeBag      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 6}
	oidX509         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 22, 1}

	oidPBMAC1     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 14}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
)

var (
	errKeyTwice = errors.New("it has several private keys")
	errNotPFX   = errors.New("it is not a PKCS#12 file with a key and its certificate")
)

func loadPKCS12(source settingFile, passphrase secret.Text) (tls.Certificate, error) {
	data, err := source.readCertificate()
	if err != nil {
		return tls.Certificate{}, err
	}
	key, certificates, err := openPKCS12(data, passphrase.Reveal())
	if errors.Is(err, errPassphrase) && passphrase.IsZero() {
		err = fmt.Errorf("%w: %w", ErrNoPassphrase, err)
	}
	if err != nil {
		return tls.Certificate{}, source.pkcs12Problem(data, err)
	}
	leaf, err := leafFor(certificates, key)
	if err != nil {
		return tls.Certificate{}, source.problem(keyMismatch, err)
	}
	return tls.Certificate{PrivateKey: key, Leaf: leaf, Certificate: orderChain(leaf, certificates)}, nil
}

func (s settingFile) pkcs12Problem(data []byte, err error) *problem.Problem {
	switch {
	case errors.Is(err, errPassphrase):
		return s.problem(wrongPassphrase, err)
	case errors.Is(err, errKeyTwice):
		return s.problem(storeKeyTwice, err)
	case errors.Is(err, errEncryption):
		return s.problem(pkcs12Encryption, err)
	case isKeyKind(err):
		return s.problem(keyKind, err)
	case errors.Is(err, errDamaged):
		return s.problem(certificateInvalid, err)
	case len(data) > 0 && data[0] == 0x30 && errors.Is(err, errBER):
		return s.problem(certificateInvalid, err)
	}
	return s.foreign(notPKCS12, data, err)
}

// openPKCS12 returns the key and certificates of a PKCS#12 file. go-pkcs12 reads DER with a MAC,
// and verifies every MAC; other files (BER, no MAC, more parts, other PKCS #5 schemes) are parsed
// here and passed to it in the simplest form. The error is errPassphrase, errDamaged,
// errEncryption, errKeyTwice or errBER; another means no PKCS#12 file.
func openPKCS12(data []byte, passphrase string) (crypto.PrivateKey, [][]byte, error) {
	whole, _, err := readBER(data, 0)
	if err != nil {
		return nil, nil, err
	}
	if rounds := whole.rounds(0); rounds > maxRounds {
		return nil, nil, fmt.Errorf("%w: more than %d rounds", errEncryption, maxRounds)
	}
	der := whole.der()
	key, first, others, libraryErr := pkcs12.DecodeChain(der, passphrase)
	if libraryErr == nil {
		return key, rawOf(first, others), nil
	}
	var file pfx
	if _, err := asn1.Unmarshal(der, &file); err != nil || !file.AuthSafe.ContentType.Equal(oidData) {
		return nil, nil, fmt.Errorf("%w: %w", errNotPFX, libraryErr)
	}
	wrongMAC := errors.Is(libraryErr, pkcs12.ErrIncorrectPassword)
	key, certificates, decrypted, err := takeApart(file, passphrase)
	switch {
	case wrongMAC && err == nil && decrypted:
		return nil, nil, fmt.Errorf("%w: its MAC is wrong, and it can be decrypted", errDamaged)
	case wrongMAC && !errors.Is(err, errEncryption) && !errors.Is(err, errKeyTwice):
		return nil, nil, fmt.Errorf("%w: %w", errPassphrase, libraryErr)
	}
	return key, certificates, err
}

func rawOf(first *x509.Certificate, others []*x509.Certificate) [][]byte {
	raw := [][]byte{first.Raw}
	for _, one := range others {
		raw = append(raw, one.Raw)
	}
	return raw
}

// safe is the content of a PKCS#12 file: the readable bags, and the contents that only the library
// can decrypt.
type safe struct {
	passphrase string
	bags       []safeBag
	keys       int
	sealed     []contentInfo
	// encrypted reports whether any content was.
	encrypted bool
}

// takeApart parses a file without checking its MAC. decrypted reports whether the passphrase was
// needed.
func takeApart(file pfx, passphrase string) (key crypto.PrivateKey, certificates [][]byte, decrypted bool, err error) {
	content, err := toDER(octetString(file.AuthSafe.Content))
	if err != nil {
		return nil, nil, false, fmt.Errorf("%w: %w", errDamaged, err)
	}
	var contents []contentInfo
	if _, err := asn1.Unmarshal(content, &contents); err != nil {
		return nil, nil, false, fmt.Errorf("%w: %w", errDamaged, err)
	}
	all := safe{passphrase: passphrase}
	for _, one := range contents {
		if err := all.add(one); err != nil {
			return nil, nil, false, err
		}
	}
	if all.keys > 1 {
		// Choosing one would be a guess.
		return nil, nil, false, fmt.Errorf("%w: %d", errKeyTwice, all.keys)
	}
	rounds := all.sealed
	if len(rounds) == 0 {
		rounds = []contentInfo{{}}
	}
	for _, sealed := range rounds {
		found, first, others, err := all.decode(sealed)
		if err != nil {
			return nil, nil, false, libraryError(err)
		}
		key, certificates = found, append(certificates, rawOf(first, others)...)
	}
	return key, certificates, all.encrypted, nil
}

// octetString returns the octets of an explicitly tagged octet string.
func octetString(value asn1.RawValue) []byte {
	one, _, err := readBER(value.Bytes, 0)
	if err != nil {
		return nil
	}
	return one.octets()
}

func (s *safe) add(one contentInfo) error {
	switch {
	case one.ContentType.Equal(oidData):
		return s.addBags(octetString(one.Content))
	case !one.ContentType.Equal(oidEncryptedData):
		return fmt.Errorf("%w: content of type %v", errEncryption, one.ContentType)
	}
	s.encrypted = true
	var sealed encryptedData
	if _, err := asn1.Unmarshal(one.Content.Bytes, &sealed); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	whole, _, err := readBER(sealed.Content.Data.FullBytes, 0)
	if err != nil {
		return fmt.Errorf("%w: no content", errDamaged)
	}
	if isPKCS5(sealed.Content.Algorithm) {
		plain, err := decryptPKCS5(sealed.Content.Algorithm, whole.octets(), s.passphrase)
		if err != nil {
			return err
		}
		return s.addBags(plain)
	}
	sealed.Content.Data = asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: whole.octets()}
	made, err := newContent(oidEncryptedData, sealed)
	s.sealed = append(s.sealed, made)
	return err
}

func (s *safe) addBags(content []byte) error {
	der, err := toDER(content)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	var bags []safeBag
	if _, err := asn1.Unmarshal(der, &bags); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	for _, bag := range bags {
		bag.Attributes = asn1.RawValue{}
		switch {
		case bag.ID.Equal(oidSafeBag):
			// readBER has limited the nesting to maxBERDepth.
			if err := s.addBags(bag.Value.Bytes); err != nil {
				return err
			}
			continue
		case bag.ID.Equal(oidKeyBag), bag.ID.Equal(oidSealedKeyBag):
			s.keys++
			if bag, err = s.openKeyBag(bag); err != nil {
				return err
			}
		case !bag.ID.Equal(oidCertBag):
			continue
		}
		s.bags = append(s.bags, bag)
	}
	return nil
}

// openKeyBag decrypts a key, unless only the library can.
func (s *safe) openKeyBag(bag safeBag) (safeBag, error) {
	if bag.ID.Equal(oidKeyBag) {
		return bag, nil
	}
	s.encrypted = true
	var sealed encryptedKey
	if _, err := asn1.Unmarshal(bag.Value.Bytes, &sealed); err != nil {
		return bag, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if !isPKCS5(sealed.Algorithm) {
		return bag, nil
	}
	plain, err := decryptPKCS5(sealed.Algorithm, sealed.Data, s.passphrase)
	if err != nil {
		return bag, err
	}
	return safeBag{ID: oidKeyBag, Value: explicit(plain)}, nil
}

func explicit(content []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: content}
}

func newContent(kind asn1.ObjectIdentifier, value any) (contentInfo, error) {
	der, err := asn1.Marshal(value)
	return contentInfo{kind, explicit(der)}, err
}

// decode has the library decrypt one sealed content (or none), together with all readable bags.
func (s *safe) decode(sealed contentInfo) (crypto.PrivateKey, *x509.Certificate, []*x509.Certificate, error) {
	bags, err := asn1.Marshal(s.bags)
	if err != nil {
		return nil, nil, nil, err
	}
	seen, err := newContent(oidData, bags)
	if err != nil {
		return nil, nil, nil, err
	}
	contents := []contentInfo{seen}
	if sealed.ContentType != nil {
		contents = append(contents, sealed)
	}
	authSafe, err := asn1.Marshal(contents)
	if err != nil {
		return nil, nil, nil, err
	}
	file := pfx{Version: 3}
	if file.AuthSafe, err = newContent(oidData, authSafe); err != nil {
		return nil, nil, nil, err
	}
	if s.passphrase != "" {
		if file.MAC.FullBytes, err = newMAC(authSafe, s.passphrase); err != nil {
			return nil, nil, nil, err
		}
	}
	der, err := asn1.Marshal(file)
	if err != nil {
		return nil, nil, nil, err
	}
	return pkcs12.DecodeChain(der, s.passphrase)
}

// newMAC makes a PBMAC1 (RFC 9579), which the library requires of a file with a passphrase.
func newMAC(content []byte, passphrase string) ([]byte, error) {
	type digestInfo struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
	type kdfParameters struct {
		Salt           []byte
		Rounds, Length int
		PRF            pkix.AlgorithmIdentifier
	}
	salt := make([]byte, 16)
	// rand.Read never fails.
	_, _ = rand.Read(salt)
	hmacSHA256 := pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256}
	kdf, err := asn1.Marshal(kdfParameters{salt, 1, sha256.Size, hmacSHA256})
	if err != nil {
		return nil, err
	}
	scheme, err := asn1.Marshal(struct{ KDF, MAC pkix.AlgorithmIdentifier }{
		pkix.AlgorithmIdentifier{Algorithm: oidPBKDF2, Parameters: asn1.RawValue{FullBytes: kdf}}, hmacSHA256,
	})
	if err != nil {
		return nil, err
	}
	key, err := pbkdf2.Key(sha256.New, passphrase, salt, 1, sha256.Size)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(content)
	return asn1.Marshal(struct {
		MAC    digestInfo
		Salt   []byte
		Rounds int
	}{digestInfo{pkix.AlgorithmIdentifier{Algorithm: oidPBMAC1, Parameters: asn1.RawValue{FullBytes: scheme}}, mac.Sum(nil)}, salt, 1})
}

// libraryError maps the library's error to one of this package. Errors of a key have lost their
// type.
func libraryError(err error) error {
	var missing pkcs12.NotImplementedError
	text := err.Error()
	switch {
	case errors.Is(err, pkcs12.ErrDecryption), strings.Contains(text, pkcs12.ErrDecryption.Error()):
		return fmt.Errorf("%w: %w", errPassphrase, err)
	// The library cannot encode a passphrase outside the BMP, such as an emoji; other programs use
	// UTF-16 for it.
	case errors.As(err, &missing), strings.HasSuffix(text, " is not supported"), strings.Contains(text, "UCS-2"):
		return fmt.Errorf("%w: %w", errEncryption, err)
	case strings.Contains(text, "exactly one key"):
		return fmt.Errorf("%w: %w", errKeyTwice, err)
	case strings.HasSuffix(text, "missing"):
		return fmt.Errorf("%w: %w", errNotPFX, err)
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// openSealedKey decrypts a PKCS#8 key (RFC 5208, section 6) of any scheme supported in PKCS#12
// files. leaf is any certificate, as the library requires one.
func openSealedKey(der []byte, passphrase string, leaf []byte) (crypto.PrivateKey, error) {
	var sealed encryptedKey
	if _, err := asn1.Unmarshal(der, &sealed); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if isPKCS5(sealed.Algorithm) {
		plain, err := decryptPKCS5(sealed.Algorithm, sealed.Data, passphrase)
		if err != nil {
			return nil, err
		}
		key, err := x509.ParsePKCS8PrivateKey(plain)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		return key, nil
	}
	if whole, _, err := readBER(der, 0); err != nil || whole.rounds(0) > maxRounds {
		return nil, fmt.Errorf("%w: more than %d rounds", errEncryption, maxRounds)
	}
	bag, err := asn1.Marshal(struct {
		ID   asn1.ObjectIdentifier
		Data []byte `asn1:"tag:0,explicit"`
	}{oidX509, leaf})
	if err != nil {
		return nil, err
	}
	one := safe{passphrase: passphrase, bags: []safeBag{
		{ID: oidCertBag, Value: explicit(bag)}, {ID: oidSealedKeyBag, Value: explicit(der)},
	}}
	key, _, _, err := one.decode(contentInfo{})
	if err != nil {
		return nil, libraryError(err)
	}
	return key, nil
}
