//go:build linux

package keyringtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

//nolint:gosec // G101: names, and a database without anything in it.
const (
	keepassxcName      = "org.keepassxc.KeePassXC.MainWindow"
	keepassxcPath      = dbus.ObjectPath("/keepassxc")
	keepassxcInterface = "org.keepassxc.KeePassXC.MainWindow"

	// The root of the database is shown to the Secret Service, as an entry in its metadata says.
	keepassxcDatabase = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile><Meta><Generator>KeePassXC</Generator><DatabaseName>Passwords</DatabaseName>
<RecycleBinEnabled>True</RecycleBinEnabled><RecycleBinUUID>AAAAAAAAAAAAAAAAAAAAAA==</RecycleBinUUID>
<CustomData><Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{00112233-4455-6677-8899-aabbccddeeff}</Value></Item></CustomData></Meta>
<Root><Group><UUID>ABEiM0RVZneImaq7zN3u/w==</UUID><Name>Root</Name><IsExpanded>True</IsExpanded></Group></Root></KeePassFile>
`
	keepassxcSettings = "[General]\nConfigVersion=2\nUpdateCheckMessageShown=true\n[GUI]\nCheckForUpdates=false\n" +
		"[FdoSecrets]\nEnabled=true\nConfirmAccessItem=%[1]t\nConfirmDeleteItem=%[1]t\n" +
		"[Security]\nNoConfirmMoveEntryToRecycleBin=%[2]t\n"
)

// offscreen is Qt's environment without a display.
var offscreen = []string{"QT_QPA_PLATFORM=offscreen", "DISPLAY=", "WAYLAND_DISPLAY="}

// keepassxc is KeePassXC with its Secret Service switched on, 2.7 or later.
type keepassxc struct{ database string }

func (k *keepassxc) start(life, ready context.Context, s *Session, options Options) error {
	k.database = filepath.Join(s.home(), "passwords.kdbx")
	if err := k.makeDatabase(ready, s); err != nil {
		return err
	}
	settings := filepath.Join(s.home(), "keepassxc.ini")
	if err := os.WriteFile(settings, fmt.Appendf(nil, keepassxcSettings, options.Asks, !options.Asks), 0o600); err != nil {
		return err
	}
	// Its lock, by which a second one finds the first, is in the folder for temporary files.
	env := append(slices.Clone(offscreen), "TMPDIR="+s.home())
	arguments := []string{"--config", settings, "--localconfig", filepath.Join(s.home(), "local.ini")}
	if options.State != NoCollection {
		arguments = append(arguments, "--pw-stdin", k.database)
	}
	var err error
	if s.keyring, err = s.spawn(life, env, password+"\n", "keepassxc", arguments...); err != nil {
		return err
	}
	if options.State == NoCollection {
		return s.awaitService(ready)
	}
	if err := s.keyring.Await(ready, func() error {
		err := s.service("ReadAlias", []any{&s.collection}, "default")
		if err == nil && s.collection == nowhere {
			err = errors.New("no database is shown")
		}
		return err
	}); err != nil {
		return err
	}
	// It is shown before it is unlocked.
	return s.awaitLocked(context.Background(), false)
}

// makeDatabase makes a database that the Secret Service shows.
func (k *keepassxc) makeDatabase(ctx context.Context, s *Session) error {
	file := filepath.Join(s.home(), "passwords.xml")
	if err := os.WriteFile(file, []byte(keepassxcDatabase), 0o600); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "keepassxc-cli", "import", "--set-password", "--decryption-time", "100", file, k.database) //nolint:gosec // G204: files of ours.
	command.Env = slices.Concat(os.Environ(), s.Env(), offscreen)
	command.Stdin = strings.NewReader(password + "\n" + password + "\n")
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("make a database: %w: %s", err, said)
	}
	return nil
}

func (k *keepassxc) lock(s *Session) error {
	if err := s.call(keepassxcName, keepassxcPath, keepassxcInterface+".lockAllDatabases", nil); err != nil {
		return err
	}
	return s.awaitLocked(context.Background(), true)
}

// CloseDatabases makes KeePassXC close its databases, as the user can and as a new start does: it
// shows none then, and Unlock opens the former one.
func (s *Session) CloseDatabases(ctx context.Context) error {
	if err := s.call(keepassxcName, keepassxcPath, keepassxcInterface+".closeAllDatabases", nil); err != nil {
		return err
	}
	return s.keyring.Await(ctx, func() error {
		var shown dbus.ObjectPath
		err := s.service("ReadAlias", []any{&shown}, "default")
		if err == nil && shown != nowhere {
			err = errors.New("a database is shown")
		}
		return err
	})
}

func (k *keepassxc) unlock(s *Session) error {
	if err := s.call(keepassxcName, keepassxcPath, keepassxcInterface+".openDatabase", nil, k.database, password); err != nil {
		return err
	}
	return s.awaitLocked(context.Background(), false)
}

// startWithin bounds each action of a keyring.
const startWithin = 2 * time.Minute
