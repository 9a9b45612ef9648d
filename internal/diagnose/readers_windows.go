package diagnose

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"

	"github.com/danieljoos/wincred"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
)

// readers are the kinds of reader of the Credential Manager.
func readers(settings HandoffSettings) []readerCheck {
	alias := func(target string) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			if !settings.Aliases {
				return "", errNoAliases
			}
			return credential{target, decodeUTF16}.read(ctx)
		}
	}
	return []readerCheck{
		goKeyring(settings.Keyring),
		{id: "credread", name: nameWin32, read: credential{handoff.Service + ":" + keyring.TrialAccount, decodeUTF8}.read},
		{id: "dotnet", name: nameDotNet, read: alias(keyring.TrialAccount + "@" + handoff.Service)},
		{id: "python", name: namePython, read: python(settings.Env).read},
		{id: "napi", name: nameNode, read: alias(keyring.TrialAccount + "." + handoff.Service)},
		{id: "keytar", name: nameKeytar, cannot: saidKeytar},
	}
}

// credential reads with CredReadW, and decodes the bytes as this kind of reader does.
type credential struct {
	target string
	decode func([]byte) (string, error)
}

func (c credential) read(context.Context) (string, error) {
	found, err := wincred.GetGenericCredential(c.target)
	if err != nil {
		return "", fmt.Errorf("CredReadW %s: %w", c.target, err)
	}
	return c.decode(found.CredentialBlob)
}

func decodeUTF8(blob []byte) (string, error) { return string(blob), nil }

func decodeUTF16(blob []byte) (string, error) {
	if len(blob)%2 != 0 {
		return "", errors.New("an odd number of bytes is not UTF-16")
	}
	units := make([]uint16, 0, len(blob)/2)
	for i := 0; i < len(blob); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(blob[i:]))
	}
	return string(utf16.Decode(units)), nil
}
