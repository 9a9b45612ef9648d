package certificate

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // G502: old files are encrypted with it, and are only read
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // G505: as above
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
)

var (
	// errPassphrase means that the passphrase does not decrypt the key.
	errPassphrase = errors.New("the passphrase does not open it")
	// errDamaged means that the passphrase is right and the content unusable.
	errDamaged = errors.New("it is damaged")
	// errEncryption means an unsupported encryption.
	errEncryption = errors.New("its encryption is not supported")
)

// maxRounds bounds the cost of a file: openssl writes 2,048 to 10,000 rounds, Firefox 600,000.
const maxRounds = 10_000_000

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

var prfs = map[string]func() hash.Hash{
	"":                    sha1.New, // the default of RFC 8018
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

var pbes2Ciphers = map[string]struct {
	key  int
	make func([]byte) (cipher.Block, error)
}{
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
}

// encryptedKey is an encrypted PKCS#8 key (RFC 5208, section 6).
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// open decrypts the key by PBES2 (RFC 8018), with PBKDF2 and 3DES or AES, as openssl has done by
// default since 2016. The error is errPassphrase, errDamaged or errEncryption.
func (k encryptedKey) open(passphrase string) (crypto.PrivateKey, error) {
	var scheme struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	var kdf struct {
		Salt   []byte
		Rounds int
		Length int                      `asn1:"optional"`
		PRF    pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	if !k.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("%w: scheme %v", errEncryption, k.Algorithm.Algorithm)
	}
	if _, err := asn1.Unmarshal(k.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	kind, known := pbes2Ciphers[scheme.Cipher.Algorithm.String()]
	if !known || !scheme.KDF.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("%w: cipher %v, key derivation %v", errEncryption, scheme.Cipher.Algorithm, scheme.KDF.Algorithm)
	}
	if _, err := asn1.Unmarshal(scheme.KDF.Parameters.FullBytes, &kdf); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	prf, known := prfs[kdf.PRF.Algorithm.String()]
	if !known || kdf.Rounds > maxRounds {
		return nil, fmt.Errorf("%w: PBKDF2 with %v, %d rounds", errEncryption, kdf.PRF.Algorithm, kdf.Rounds)
	}
	secret, err := pbkdf2.Key(prf, passphrase, kdf.Salt, kdf.Rounds, kind.key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	block, err := kind.make(secret)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEncryption, err)
	}
	der, err := decryptCBC(block, scheme.Cipher.Parameters.Bytes, k.Data)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return key, nil
}

// decryptCBC decrypts a DER element. Its header shows what is wrong: only the right passphrase yields
// a matching length, and damage further back leaves it intact.
func decryptCBC(block cipher.Block, iv, data []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no blocks", errDamaged, len(data))
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	var whole asn1.RawValue
	padding, err := asn1.Unmarshal(plain, &whole)
	switch {
	case err != nil, whole.Tag != asn1.TagSequence, len(padding) > size:
		return nil, errPassphrase
	case len(padding) == 0, int(padding[len(padding)-1]) != len(padding):
		return nil, fmt.Errorf("%w: the padding is wrong", errDamaged)
	}
	return whole.FullBytes, nil
}
