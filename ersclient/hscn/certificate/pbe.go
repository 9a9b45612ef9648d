package certificate

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // G502: old files are encrypted with it, and are only read
	"crypto/md5" //nolint:gosec // G501: as above
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // G505: as above
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"
)

var (
	// errPassphrase means that the passphrase does not decrypt the key or file.
	errPassphrase = errors.New("the passphrase does not open it")
	// errDamaged means that the passphrase is right and the content unusable.
	errDamaged = errors.New("it is damaged")
	// errEncryption means an unsupported encryption.
	errEncryption = errors.New("its encryption is not supported")
)

// Bounds on the cost of a file: openssl writes 2,048 to 10,000 rounds and 16 MB of scrypt, Firefox
// 600,000 rounds.
const (
	maxRounds    = 10_000_000
	maxScryptRAM = 256 << 20
)

var (
	oidMD5DES  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 3}
	oidSHA1DES = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 10}
	oidPBES2   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
)

var prfs = map[string]func() hash.Hash{
	"":                    sha1.New, // the default of RFC 8018
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
	"1.2.840.113549.2.12": sha512.New512_224,
	"1.2.840.113549.2.13": sha512.New512_256,
}

var pbes2Ciphers = map[string]struct {
	key  int
	make func([]byte) (cipher.Block, error)
}{
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
	"1.3.14.3.2.7":            {8, des.NewCipher},
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
}

// isPKCS5 reports whether decryptPKCS5 supports an encryption. The others are PKCS#12's own (RFC
// 7292, appendix C).
func isPKCS5(algorithm pkix.AlgorithmIdentifier) bool {
	return algorithm.Algorithm.Equal(oidPBES2) || algorithm.Algorithm.Equal(oidMD5DES) || algorithm.Algorithm.Equal(oidSHA1DES)
}

// decryptPKCS5 decrypts a DER sequence by PKCS #5 (RFC 8018): PBES1 with DES, or PBES2, as openssl,
// Java and Firefox write and wrote. The error is errPassphrase, errDamaged or errEncryption.
func decryptPKCS5(algorithm pkix.AlgorithmIdentifier, data []byte, passphrase string) ([]byte, error) {
	var block cipher.Block
	var iv []byte
	var err error
	if algorithm.Algorithm.Equal(oidPBES2) {
		block, iv, err = pbes2(algorithm.Parameters.FullBytes, passphrase)
	} else {
		block, iv, err = pbes1(algorithm, passphrase)
	}
	switch {
	case err != nil:
		return nil, err
	case len(iv) != block.BlockSize() || len(data) == 0 || len(data)%block.BlockSize() != 0:
		return nil, fmt.Errorf("%w: %d bytes are no blocks", errDamaged, len(data))
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	return unpad(plain, block.BlockSize())
}

// unpad removes the padding of a DER sequence. The sequence's header shows what is wrong: only the
// right passphrase yields a matching length, and damage further back leaves it intact.
func unpad(plain []byte, blockSize int) ([]byte, error) {
	one, header, ok := sequenceLength(plain)
	if !ok || header+one > len(plain) || len(plain)-header-one > blockSize {
		return nil, errPassphrase
	}
	padding := int(plain[len(plain)-1])
	if len(plain)-header-one != padding {
		return nil, fmt.Errorf("%w: the padding is wrong", errDamaged)
	}
	return plain[:header+one], nil
}

// sequenceLength returns the lengths of a sequence and of its header. Firefox writes indefinite
// lengths.
func sequenceLength(data []byte) (length, header int, ok bool) {
	const sequence = 0x30
	if len(data) < 2 || data[0] != sequence {
		return 0, 0, false
	}
	if data[1] == 0x80 {
		_, rest, err := readBER(data, 0)
		return len(data) - len(rest) - 2, 2, err == nil
	}
	if data[1] < 0x80 {
		return int(data[1]), 2, true
	}
	digits := int(data[1] & 0x7f)
	if digits > 3 || len(data) < 2+digits {
		return 0, 0, false
	}
	for _, digit := range data[2 : 2+digits] {
		length = length<<8 | int(digit)
	}
	return length, 2 + digits, true
}

func pbes1(algorithm pkix.AlgorithmIdentifier, passphrase string) (cipher.Block, []byte, error) {
	var parameters struct {
		Salt   []byte
		Rounds int
	}
	if _, err := asn1.Unmarshal(algorithm.Parameters.FullBytes, &parameters); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if parameters.Rounds > maxRounds {
		return nil, nil, fmt.Errorf("%w: %d rounds", errEncryption, parameters.Rounds)
	}
	digest := md5.New
	if algorithm.Algorithm.Equal(oidSHA1DES) {
		digest = sha1.New
	}
	key := append([]byte(passphrase), parameters.Salt...)
	for range max(1, parameters.Rounds) {
		hashed := digest()
		hashed.Write(key)
		key = hashed.Sum(nil)
	}
	block, err := des.NewCipher(key[:8]) //nolint:gosec // G405: as above
	return block, key[8:16], err
}

func pbes2(parameters []byte, passphrase string) (cipher.Block, []byte, error) {
	var scheme struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	if _, err := asn1.Unmarshal(parameters, &scheme); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	kind, known := pbes2Ciphers[scheme.Cipher.Algorithm.String()]
	if !known {
		return nil, nil, fmt.Errorf("%w: cipher %v", errEncryption, scheme.Cipher.Algorithm)
	}
	key, err := deriveKey(scheme.KDF, passphrase, kind.key)
	if err != nil {
		return nil, nil, err
	}
	block, err := kind.make(key)
	return block, scheme.Cipher.Parameters.Bytes, err
}

func deriveKey(kdf pkix.AlgorithmIdentifier, passphrase string, length int) ([]byte, error) {
	switch {
	case kdf.Algorithm.Equal(oidPBKDF2):
		var parameters struct {
			Salt   []byte
			Rounds int
			Length int                      `asn1:"optional"`
			PRF    pkix.AlgorithmIdentifier `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &parameters); err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		prf, known := prfs[parameters.PRF.Algorithm.String()]
		if !known || parameters.Rounds > maxRounds {
			return nil, fmt.Errorf("%w: PBKDF2 with %v, %d rounds", errEncryption, parameters.PRF.Algorithm, parameters.Rounds)
		}
		return pbkdf2.Key(prf, passphrase, parameters.Salt, parameters.Rounds, length)
	case kdf.Algorithm.Equal(oidScrypt):
		var parameters struct {
			Salt    []byte
			N, R, P int
			Length  int `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &parameters); err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		n, r, p := parameters.N, parameters.R, parameters.P
		if n <= 0 || r <= 0 || p <= 0 || p > 16 || r > maxScryptRAM/128/n {
			return nil, fmt.Errorf("%w: scrypt with %d, %d, %d", errEncryption, n, r, p)
		}
		return scrypt.Key([]byte(passphrase), parameters.Salt, n, r, p, length)
	}
	return nil, fmt.Errorf("%w: key derivation %v", errEncryption, kdf.Algorithm)
}
