package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// maxPEM bounds what is read of a certificate's file to look for a key in it.
const maxPEM = 1 << 20

// PKCS12 tells whether the certificate is a PKCS#12 file, which its name says: .p12 or .pfx.
func (c Config) PKCS12() bool {
	switch strings.ToLower(filepath.Ext(c.Certificate)) {
	case ".p12", ".pfx":
		return true
	}
	return false
}

// RequireReal tells what a real sign-in still needs: base URL, ASID, certificate and its key, and that every file that a
// setting names can be read. The demonstration needs none of it. The error is an *[Invalid].
func (c Config) RequireReal() error {
	table := Settings()
	var found findings
	for _, setting := range table {
		switch {
		case setting.Kind == KindPath:
			c.requireFile(setting, &found)
		case setting.Required && c.Value(setting.Key) == "":
			found.add(missing(setting, c.file, "it has no default"))
		}
	}
	return found.err()
}

func (c Config) requireFile(setting Setting, found *findings) {
	path := c.Value(setting.Key)
	if path == "" {
		if setting.Required {
			found.add(missing(setting, c.file, "it has no default"))
		} else if setting.Key == "key" && c.Certificate != "" && !c.PKCS12() && !c.certificateHasKey() {
			found.add(missing(setting, c.file, "the certificate is a PEM file without a private key in it"))
		}
		return
	}
	if setting.Key == "passphrase_file" {
		if c.PKCS12() {
			_, err := c.readPassphrase()
			found.add(err)
		}
		return
	}
	file, err := openRegular(path)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		// Where a path is wanted, something else may have been pasted.
		reason := fmt.Errorf("the file that it names could not be opened: %w", bare(err))
		found.add(unusable(setting, c.Origin(setting.Key), reason))
	}
}

// certificateHasKey looks into a PEM certificate's file. If that cannot be read, its own Problem is told, not the key's.
func (c Config) certificateHasKey() bool {
	content, err := readBounded(c.Certificate, maxPEM)
	return err != nil || bytes.Contains(content, []byte("PRIVATE KEY-----"))
}

// bare takes the path out of an error of the file system.
func bare(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
