package diagnose

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/keyring"
)

// readers are the kinds of reader of the login keychain. Native readers are not tried: their access
// would prompt the user.
func readers(settings HandoffSettings) []readerCheck {
	return []readerCheck{
		goKeyring(settings.Keyring),
		{id: "security", name: nameSecurity, read: security(settings.Env).read},
		{id: "keytar", name: nameKeytar, cannot: saidKeytar},
	}
}

// security reads with the tool of that name, which go-keyring writes with.
type security []string

func (s security) read(ctx context.Context) (string, error) {
	tool := program{env: s, candidates: [][]string{
		{"/usr/bin/security", "find-generic-password", "-s", handoff.Service, "-a", keyring.TrialAccount, "-w"},
	}}
	said, err := tool.read(ctx)
	if err != nil {
		return "", err
	}
	encoded, prefixed := strings.CutPrefix(strings.TrimSpace(said), "go-keyring-base64:")
	if !prefixed {
		return "", errors.New("the entry is not in the form of go-keyring")
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	return string(text), err
}
