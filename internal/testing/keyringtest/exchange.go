//go:build linux

package keyringtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// encrypt answers a secret exchange of gcr: a small key file whose group "sx-aes-1" has the asker's
// public Diffie-Hellman value, in the 1536-bit group of RFC 3526. The answer has our own public
// value, and the secret under AES-128 in CBC mode with PKCS #7 padding; its key is HKDF with
// SHA-256 of the shared value.
func encrypt(exchange, secret string) (string, error) {
	var theirs *big.Int
	for line := range strings.Lines(exchange) {
		if encoded, found := strings.CutPrefix(strings.TrimSpace(line), "public="); found {
			value, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				return "", fmt.Errorf("public value: %w", err)
			}
			theirs = new(big.Int).SetBytes(value)
		}
	}
	if theirs == nil {
		return "", errors.New("no public value")
	}
	prime, _ := new(big.Int).SetString(modp1536, 16)
	var ours, shared *big.Int
	for {
		private, err := rand.Int(rand.Reader, prime)
		if err != nil {
			return "", err
		}
		ours = new(big.Int).Exp(big.NewInt(2), private, prime)
		shared = new(big.Int).Exp(theirs, private, prime)
		// Of full length only, so that it does not matter whether a shorter one is padded with
		// zeros.
		if shared.BitLen() > prime.BitLen()-8 {
			break
		}
	}
	key, err := hkdf.Key(sha256.New, shared.Bytes(), nil, "", 16)
	if err != nil {
		return "", err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	vector := make([]byte, aes.BlockSize)
	if _, err := rand.Read(vector); err != nil {
		return "", err
	}
	padding := aes.BlockSize - len(secret)%aes.BlockSize
	text := []byte(secret + strings.Repeat(string(rune(padding)), padding))
	cipher.NewCBCEncrypter(block, vector).CryptBlocks(text, text)
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("[sx-aes-1]\npublic=%s\nsecret=%s\niv=%s\n", encode(ours.Bytes()), encode(text), encode(vector)), nil
}

const modp1536 = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF"
