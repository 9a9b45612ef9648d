package commands

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// TestNothingLeaksIn200Rounds signs in and out two hundred times, each in a run of the program's inside with the real keyring
// worker, real TLS and a real gnome-keyring, and looks at what is left of it. A program that is opened all week on a ward must
// not leave anything behind. (One round a run, since the throttle of one run would make the others wait.)
func TestNothingLeaksIn200Rounds(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	ers := erstest.NewServer()
	defer ers.Close()
	card := simulator.New(simulator.Settings{})
	defer card.Close()
	persona, known := simulator.PersonaByKey("gp")
	require.True(t, known)
	demo := demonstration{
		program: testProgram(t, append(os.Environ(), session.Env()...)...), log: testLog(t), ers: ers, card: card, persona: persona,
	}
	card.OnTicket(demo.admit)
	t.Setenv("XDG_STATE_HOME", t.TempDir())

	const rounds, warm = 200, 10
	var before holdings
	for i := range rounds {
		if i == warm {
			// What is made once and kept has been made by now.
			before = held(t)
		}
		round(t, demo)
	}
	after := held(t)
	t.Logf("after %d rounds: %+v, after %d: %+v", warm, before, rounds, after)
	assert.Zero(t, after.children, "keyring workers are left running")
	// Connections of the stand-in close some time; what leaks grows by two hundred.
	assert.LessOrEqual(t, after.goroutines, before.goroutines+10, "goroutines are left: %s", stacks())
	assert.LessOrEqual(t, after.files, before.files+10, "files are left open")
	assert.Equal(t, rounds, ers.Ended(), "each session was closed")
	assert.Empty(t, ers.Sessions())
}

// holdings is what a process holds.
type holdings struct{ goroutines, files, children int }

func held(t *testing.T) holdings {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return holdings{runtime.NumGoroutine(), len(files), children(t)}
}

// children counts the keyring workers of this process. The bus and the keyring are its children too, and are to stay.
func children(t *testing.T) int {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(t, err)
	count := 0
	for _, task := range tasks {
		list, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		for _, child := range strings.Fields(string(list)) {
			_, err := strconv.Atoi(child)
			require.NoError(t, err)
			line, err := os.ReadFile("/proc/" + child + "/cmdline")
			if err == nil && (len(line) == 0 || strings.Contains(string(line), workerCommand)) {
				// Without a command line it is dead, and nobody has waited for it.
				count++
			}
		}
	}
	return count
}

func stacks() string {
	all := make([]byte, 1<<20)
	return string(all[:runtime.Stack(all, true)])
}

// round runs the program's inside once: sign in, sign out, and leave.
func round(t *testing.T, demo demonstration) {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	states := make(chan login.State, 200)
	e := &entrance{
		publisher: "ers-login test", log: log, guard: func(secret.Text) {}, board: login.NewBoard(),
		prepare: func(ctx context.Context) (neighbours, error) {
			found, err := demo.prepare(ctx)
			found.grace = 0
			return found, err
		},
		show: func(state login.State) { states <- state },
	}
	e.open(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.run() }()
	until := func(phase login.Phase) login.State {
		for {
			select {
			case state := <-states:
				require.NotEqual(t, login.Failed, state.Phase, "%v", state.Problem)
				if state.Phase == phase {
					return state
				}
			case <-time.After(time.Minute):
				require.FailNow(t, "the phase has not come", "%v", phase)
			}
		}
	}
	until(login.Waiting)
	e.Send(login.SignIn{})
	e.Send(login.Choose{Permission: until(login.Choosing).Permissions[0]})
	until(login.SignedIn)
	e.Send(login.SignOut{})
	until(login.Waiting)
	e.Send(login.Quit{})
	until(login.Closed)
	require.NoError(t, <-ended)
	// The next one finds an empty reader.
	demo.card.RemoveCard()
}
