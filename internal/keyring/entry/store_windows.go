package entry

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
	"unicode/utf16"

	"github.com/danieljoos/wincred"
	"github.com/zalando/go-keyring"
	"golang.org/x/sys/windows"
)

// LockIsKnown is true: nothing prompts, as the Credential Manager has no lock.
const LockIsKnown = true

// errNotWritten: there are no prompts to be dismissed, so what is missing was lost.
var errNotWritten = ErrReadBack

// set writes lasting entries as go-keyring does, persisted on the computer. Others have the same
// target, user and bytes, so that go-keyring finds them, but live only as long as the log-on
// session.
func (*store) set(_ context.Context, to Address, text string) error {
	if to.Lasting {
		return keyring.Set(to.Service, to.Account, text)
	}
	credential := wincred.NewGenericCredential(to.Service + ":" + to.Account)
	credential.UserName = to.Account
	credential.CredentialBlob = []byte(text)
	credential.Persist = wincred.PersistSession
	return credential.Write()
}

// setAlias writes the text as UTF-16LE without a byte order mark, as programs that show or edit
// credentials do.
func setAlias(to Alias, text string) error {
	blob := utf16LE(text)
	credential := wincred.NewGenericCredential(to.Target)
	credential.UserName = to.User
	credential.CredentialBlob = blob
	credential.Persist = wincred.PersistSession
	if err := credential.Write(); err != nil {
		return err
	}
	read, err := wincred.GetGenericCredential(to.Target)
	if errors.Is(err, wincred.ErrElementNotFound) {
		return errNotWritten
	}
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(read.CredentialBlob, blob) != 1 {
		return ErrReadBack
	}
	return nil
}

func utf16LE(text string) []byte {
	units := utf16.Encode([]rune(text))
	blob := make([]byte, 0, 2*len(units))
	for _, unit := range units {
		blob = binary.LittleEndian.AppendUint16(blob, unit)
	}
	return blob
}

func deleteAlias(from Alias) error {
	err := wincred.NewGenericCredential(from.Target).Delete()
	if errors.Is(err, wincred.ErrElementNotFound) {
		return ErrNotFound
	}
	return err
}

// probe reads an entry that does not exist: an answer shows that this log-on session has a
// credential store.
func (*store) probe() error {
	_, err := keyring.Get("ers-login-probe", "probe")
	if errors.Is(err, keyring.ErrNotFound) {
		return nil
	}
	return err
}

func (*store) explain(err error) error {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return err
	}
	switch number {
	case windows.ERROR_NO_SUCH_LOGON_SESSION:
		return fmt.Errorf("%w: %w", ErrNoLogonSession, err)
	case windows.ERROR_ACCESS_DENIED, windows.ERROR_ACCESS_DISABLED_BY_POLICY:
		return fmt.Errorf("%w: %w", ErrForbidden, err)
	default:
		return err
	}
}
