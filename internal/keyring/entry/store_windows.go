package entry

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
	"unicode/utf16"

	"github.com/danieljoos/wincred"
	"github.com/zalando/go-keyring"
	"golang.org/x/sys/windows"
)

// set writes lasting entries as go-keyring does, persisted on the computer. Others have the same
// target, user and bytes, so that go-keyring finds them, but live only as long as the log-on
// session. An alias is in UTF-16LE without a byte order mark, as programs that show or edit
// credentials write it.
func (*store) set(_ context.Context, to Address, text string) error {
	if to.Lasting {
		return keyring.Set(to.Service, to.Account, text)
	}
	credential := wincred.NewGenericCredential(cmp.Or(to.Alias, to.Service+":"+to.Account))
	credential.UserName = to.Account
	credential.CredentialBlob = []byte(text)
	if to.Alias != "" {
		var err error
		if credential.CredentialBlob, err = binary.Append(nil, binary.LittleEndian, utf16.Encode([]rune(text))); err != nil {
			return err
		}
	}
	credential.Persist = wincred.PersistSession
	return credential.Write()
}

func (*store) get(_ context.Context, from Address) (string, error) {
	if from.Alias == "" {
		return keyring.Get(from.Service, from.Account)
	}
	credential, err := wincred.GetGenericCredential(from.Alias)
	if err != nil {
		return "", notFound(err)
	}
	units := make([]uint16, len(credential.CredentialBlob)/2)
	_, err = binary.Decode(credential.CredentialBlob, binary.LittleEndian, units)
	return string(utf16.Decode(units)), err
}

func (*store) remove(_ context.Context, from Address) error {
	if from.Alias == "" {
		return keyring.Delete(from.Service, from.Account)
	}
	return notFound(wincred.NewGenericCredential(from.Alias).Delete())
}

// notFound is go-keyring's error for what is not there.
func notFound(err error) error {
	if errors.Is(err, wincred.ErrElementNotFound) {
		return keyring.ErrNotFound
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
