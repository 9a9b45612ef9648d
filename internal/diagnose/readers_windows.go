package diagnose

import (
	"context"
	"fmt"

	"github.com/danieljoos/wincred"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
)

// readers are the kinds of reader of the Credential Manager.
func readers(settings HandoffSettings) []readerCheck {
	alias := func(target string) func(context.Context) (string, error) {
		if !settings.Aliases {
			return func(context.Context) (string, error) { return "", errNoAliases }
		}
		return credential(target, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM))
	}
	return []readerCheck{
		goKeyring(settings.Keyring),
		{id: "credread", name: nameWin32, read: credential(handoff.Service+":"+keyring.TrialAccount, unicode.UTF8)},
		{id: "dotnet", name: nameDotNet, read: alias(keyring.TrialAccount + "@" + handoff.Service)},
		{id: "python", name: namePython, read: python(settings.Env).read},
		{id: "napi", name: nameNode, read: alias(keyring.TrialAccount + "." + handoff.Service)},
		{id: "keytar", name: nameKeytar, cannot: saidKeytar},
	}
}

// credential reads with CredReadW, and decodes the bytes as this kind of reader does.
func credential(target string, in encoding.Encoding) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		found, err := wincred.GetGenericCredential(target)
		if err != nil {
			return "", fmt.Errorf("CredReadW %s: %w", target, err)
		}
		text, err := in.NewDecoder().Bytes(found.CredentialBlob)
		return string(text), err
	}
}
