package commands

import (
	"context"
	"errors"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
	"github.com/ers-login/ers-login/internal/keyring/soak"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// soakLives is how often somebody signs in, switches role and signs out. The usual number fits into make test; -soak 500 is for a
// change of something about the keyring. With -short it is a twentieth of that.
var soakLives = flag.Int("soak", 100, "how often somebody signs in, switches role and signs out while others read")

// soakReaders are twenty applications of several kinds.
func soakReaders() (kinds []soak.Kind) {
	for kind, count := range map[soak.Kind]int{
		soak.Looks: 6, soak.LooksForKey: 3, soak.Watches: 4, soak.SecretTool: 2, soak.SecretToolForKey: 2, soak.Python: 3,
	} {
		kinds = append(kinds, slices.Repeat([]soak.Kind{kind}, count)...)
	}
	return kinds
}

// Twenty applications poll while people sign in, switch role and sign out all day long, with the whole program below the window: the
// flow, its keyring worker, a real gnome-keyring, real TLS, the audit log. If one of them sees a key that is over, or the key of one
// organisation with the name of another, a patient's data go to the wrong place; if something stays behind, whoever sits down next
// works as somebody else.
func TestSoakReadersWhileUsersComeAndGo(t *testing.T) {
	reader := filepath.Join(t.TempDir(), "reader")
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", reader, "../keyring/soak/reader").CombinedOutput()
	require.NoError(t, err, string(built))
	session := keyringtest.ForTest(t, keyringtest.Options{})
	environ := append(os.Environ(), session.Env()...)
	ers := erstest.NewServer()
	defer ers.Close()
	card := simulator.New(simulator.Settings{})
	defer card.Close()
	// Forty organisations, with names of many lengths: half of a long entry before the end of a short one would be seen.
	persona, known := simulator.PersonaByKey("consultant")
	require.True(t, known)
	demo := newDemonstration(testProgram(t, environ...), testLog(t), login.NewBoard(), ers, card, persona)
	card.OnTicket(demo.admit)
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
			// A slow computer is still starting some of them.
			readers.Await()
		}
		life.Send(login.SwitchRole{})
		life.choose(2*i + 1)
		life.Send(login.SignOut{})
		life.until(login.Waiting)
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

// workAs signs in, and chooses one of the roles.
func (l *life) workAs(role int) {
	l.t.Helper()
	l.Send(login.SignIn{})
	l.choose(role)
}

func (l *life) choose(role int) {
	l.t.Helper()
	offered := l.until(login.Choosing).Permissions
	l.Send(login.Choose{Permission: offered[role%len(offered)]})
	l.until(login.SignedIn)
}

// beginSoak begins the program's inside as begin does, with the keyring as a real sign-in has it, and notes what is written to it.
func beginSoak(t *testing.T, demo demonstration, records *audit.Log, record *soak.Record) *life {
	t.Helper()
	return begin(t, demo, records, func(found *services, recorded *audit.ERS) error {
		demonstrated, ok := found.keyring.(demoKeyring)
		if !ok {
			return errors.New("the demonstration has another keyring")
		}
		found.ers = attestedERS{recorded, t, record}
		found.keyring = attestedKeyring{auditedKeyring{remembering{demonstrated.Keyring, &leftover{}}, recorded}, record}
		return nil
	})
}

// attestedKeyring is a keyring of which it is known what was written to it, and when that was done.
type attestedKeyring struct {
	login.Keyring
	record *soak.Record
}

// Publish hands a session over.
func (k attestedKeyring) Publish(ctx context.Context, session handoff.Session) error {
	if err := k.record.Publishing(session); err != nil {
		return err
	}
	if err := k.Keyring.Publish(ctx, session); err != nil {
		return err
	}
	k.record.Published(session)
	return nil
}

// Clear takes it back.
func (k attestedKeyring) Clear(ctx context.Context) error {
	k.record.Clearing()
	if err := k.Keyring.Clear(ctx); err != nil {
		return err
	}
	k.record.Cleared()
	return nil
}

// attestedERS sees to it that no session is closed that other applications can still read.
type attestedERS struct {
	login.ERS
	t      *testing.T
	record *soak.Record
}

// DeleteSession is A003.
func (e attestedERS) DeleteSession(ctx context.Context, key ersclient.SessionKey) error {
	assert.NoError(e.t, e.record.Closing(key.Reveal()))
	return e.ERS.DeleteSession(ctx, key)
}
