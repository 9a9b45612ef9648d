package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/soak"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// soakLives is the number of sign-ins, each with a switch of role and a sign-out. The default fits
// into make test; use -soak 500 after changes to the keyring.
var soakLives = flag.Int("soak", 100, "the number of sign-ins, with a switch of role, while others read")

// soakVariable marks the process that the soak runs in.
const soakVariable = "ERSLOGIN_TEST_SOAK"

// soakReaders are twenty applications of several kinds.
func soakReaders() (kinds []soak.Kind) {
	for kind, count := range map[soak.Kind]int{
		soak.Looks: 6, soak.LooksForKey: 3, soak.Watches: 4, soak.SecretTool: 2, soak.SecretToolForKey: 2, soak.Python: 3,
	} {
		kinds = append(kinds, slices.Repeat([]soak.Kind{kind}, count)...)
	}
	return kinds
}

// Twenty applications poll while people sign in, switch role and sign out all day, against the
// whole program below the window: flow, keyring worker, a real gnome-keyring, real TLS, audit log.
// If one sees an expired key, or one organisation's key with another's name, a patient's data go to
// the wrong place; if something stays behind, the next user works as the previous one.
//
// GNOME's keyring 42.1 stops by itself in about one of twenty-five runs on a busy computer. The soak
// runs in a process of its own, again if that has happened: what is lost then is the daemon's.
func TestSoakReadersWhileUsersComeAndGo(t *testing.T) {
	if os.Getenv(soakVariable) == "" {
		for again := 1; ; again++ {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v",
				fmt.Sprintf("-test.short=%t", testing.Short()), fmt.Sprintf("-soak=%d", *soakLives))
			cmd.Env = append(os.Environ(), soakVariable+"=1")
			printed, err := cmd.CombinedOutput()
			if err != nil && again < 3 && strings.Contains(string(printed), keyring.NoService.Code) {
				t.Logf("the keyring's daemon has ended: once more\n%s", printed)
				continue
			}
			require.NoError(t, err, string(printed))
			require.Contains(t, string(printed), "--- PASS: "+t.Name())
			return
		}
	}
	reader := filepath.Join(t.TempDir(), "reader")
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", reader, "../testing/soak/reader").CombinedOutput()
	require.NoError(t, err, string(built))
	session := keyringtest.ForTest(t, keyringtest.Options{})
	environ := append(os.Environ(), session.Env()...)
	ers := erstest.NewServer()
	defer ers.Close()
	card := simulator.New(0)
	defer card.Close()
	// Forty organisations with names of many lengths, which would show half of a long entry before
	// the end of a short one.
	persona, known := simulator.PersonaByKey("consultant")
	require.True(t, known)
	demo := NewDemonstration(testProgram(t, environ...), testLog(t), signin.NewBoard(), ers, card, persona)
	card.OnTicket(demo.RegisterTicket)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	records, err := audit.Open(audit.Settings{Dir: t.TempDir(), Version: "test"})
	require.NoError(t, err)
	defer func() { require.NoError(t, records.Close()) }()
	record, err := soak.NewRecord(t.TempDir())
	require.NoError(t, err)

	readers, err := record.StartReaders(t.Context(), reader, environ, soakReaders()...)
	require.NoError(t, err)
	life, lives := beginSoak(t, demo, records, record), *soakLives
	if testing.Short() {
		lives /= 20
	}
	for i := range lives {
		life.workAs(2 * i)
		if i == 0 {
			// On a slow computer some are still starting.
			readers.Await()
		}
		life.Send(signin.SwitchRole{})
		life.choose(2*i + 1)
		life.Send(signin.SignOut{})
		life.until(signin.Waiting)
	}
	life.end()
	require.NoError(t, readers.End())

	require.Equal(t, 2*lives, record.Sessions(), "each sign-in and each switch is a session of its own")
	require.Equal(t, record.Sessions(), ers.Ended(), "and each was closed")
	require.Empty(t, ers.Sessions())
	t.Logf("%d sessions: %+v", record.Sessions(), readers.Seen())
	seen := readers.Seen()
	require.Len(t, slices.Collect(maps.Keys(seen)), 6)
	for kind, what := range seen {
		require.NotZero(t, what.Found, kind)
		require.NotZero(t, what.None, kind)
	}
	left := exec.CommandContext(t.Context(), "secret-tool", "search", "--all", "service", handoff.Service)
	left.Env = environ
	printed, err := left.CombinedOutput()
	require.NoError(t, err, string(printed))
	require.Empty(t, string(printed), "something stayed behind")
}

// workAs signs in, and selects one of the roles.
func (l *life) workAs(role int) {
	l.t.Helper()
	l.Send(signin.SignIn{})
	l.choose(role)
}

func (l *life) choose(role int) {
	l.t.Helper()
	offered := l.until(signin.Choosing).Permissions
	l.Send(signin.Choose{Permission: offered[role%len(offered)]})
	l.until(signin.SignedIn)
}

// beginSoak is begin with a real sign-in's keyring, and records what is written to it.
func beginSoak(t *testing.T, demo Demonstration, records *audit.Log, record *soak.Record) *life {
	t.Helper()
	return begin(t, demo, records, func(found *Services, recorded *audit.ERS) error {
		demonstrated, ok := found.keyring.(demoKeyring)
		if !ok {
			return errors.New("the demonstration has another keyring")
		}
		platform, ok := found.platform.(*hscn.Platform)
		if !ok {
			return errors.New("the demonstration has another platform")
		}
		platform.ERS = attestedERS{recorded, t, record}
		found.platform = auditedTickets{platform, recorded}
		found.keyring = attestedKeyring{clearedSessionKeyring{demonstrated.Keyring, &leftover{}}, record}
		return nil
	})
}

// attestedKeyring records what is written to a keyring, and when.
type attestedKeyring struct {
	signin.Keyring
	record *soak.Record
}

// Publish records and publishes a session.
func (k attestedKeyring) Publish(ctx context.Context, session handoff.Entry) error {
	if err := k.record.Publishing(session); err != nil {
		return err
	}
	if err := k.Keyring.Publish(ctx, session); err != nil {
		return err
	}
	k.record.Published()
	return nil
}

// Clear records and clears it.
func (k attestedKeyring) Clear(ctx context.Context) error {
	k.record.Clearing()
	if err := k.Keyring.Clear(ctx); err != nil {
		return err
	}
	k.record.Cleared()
	return nil
}

// attestedERS checks that no session is closed that other applications can still read.
type attestedERS struct {
	hscn.ERS
	t      *testing.T
	record *soak.Record
}

// DeleteSession is A003.
func (e attestedERS) DeleteSession(ctx context.Context, key ersclient.SessionKey) error {
	assert.NoError(e.t, e.record.Closing(key.Reveal()))
	return e.ERS.DeleteSession(ctx, key)
}
