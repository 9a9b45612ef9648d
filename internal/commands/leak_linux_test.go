package commands

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/keyring/keyringtest"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// TestNothingLeaksIn200Rounds signs in and out two hundred times in one life of the program's inside, with the real keyring worker,
// real TLS, a real gnome-keyring and the audit log, and looks at what is left of it. A program that stays open all week on a ward must
// not grow with every sign-in. With -short it is forty times, which is enough for what grows with each of them.
func TestNothingLeaksIn200Rounds(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	ers := erstest.NewServer()
	defer ers.Close()
	card := simulator.New(simulator.Settings{})
	defer card.Close()
	persona, known := simulator.PersonaByKey("gp")
	require.True(t, known)
	p := testProgram(t, append(os.Environ(), session.Env()...)...)
	demo := newDemonstration(p, testLog(t), login.NewBoard(), ers, card, persona)
	card.OnTicket(demo.admit)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	records, err := audit.Open(audit.Settings{Dir: t.TempDir(), Version: "test"})
	require.NoError(t, err)
	defer func() { require.NoError(t, records.Close()) }()

	const warm = 10
	rounds := 200
	if testing.Short() {
		rounds = 40
	}
	var before, after holdings
	life := begin(t, demo, records, nil)
	for i := range rounds {
		if i == warm {
			// What is made once and kept has been made by now.
			before = held(t)
		}
		life.round()
	}
	after = held(t)
	t.Logf("after %d rounds: %+v, after %d: %+v", warm, before, rounds, after)
	// Each sign-out ends the worker, and the waiting window's look at the keyring starts another.
	assert.LessOrEqual(t, after.children, 1, "keyring workers are left running")
	// Connections of the stand-in close some time; what leaks grows by one in each round.
	assert.LessOrEqual(t, after.goroutines, before.goroutines+10, "goroutines are left: %s", stacks())
	assert.LessOrEqual(t, after.files, before.files+10, "files are left open")
	life.end()
	assert.Zero(t, held(t).children, "the keyring worker is left running")
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

// life is one run of the program's inside.
type life struct {
	*controller
	t      *testing.T
	states chan login.State
	ended  chan error
}

// begin begins the program's inside, with a client of its own for each sign-in and a short goodbye. Wrap may put something around the
// services; it is nil for those who want them as they are.
func begin(t *testing.T, demo demonstration, records *audit.Log, wrap func(found *services, recorded *audit.ERS) error) *life {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	l := &life{t: t, states: make(chan login.State, 200), ended: make(chan error, 1)}
	l.controller = &controller{
		publisher: "ers-login test", log: log, guard: func(secret.Text) {}, board: login.NewBoard(),
		prepare: func(ctx context.Context) (services, error) {
			found, err := demo.prepare(ctx)
			if err != nil {
				return found, err
			}
			// Two seconds for other applications' calls at each end would be all that these tests do.
			found.grace = 0
			unhurried := &patientERS{ERS: found.ers, make: func() (*ersclient.Client, error) {
				return ersclient.New(ersclient.Config{
					BaseURL: demo.ers.URL, ASID: erstest.ASID, Certificate: demo.ers.ClientCertificate(), RootCAs: demo.ers.RootCAs(),
				})
			}}
			recorded := audit.NewERS(unhurried, records, true)
			found.ers = recorded
			closeAll := found.close
			found.close = func() { unhurried.close(); closeAll() }
			if wrap != nil {
				err = wrap(&found, recorded)
			}
			return found, err
		},
		show: func(state login.State) { l.states <- state },
	}
	l.open(t.Context())
	go func() { l.ended <- l.run() }()
	l.until(login.Waiting)
	return l
}

func (l *life) until(phase login.Phase) login.State {
	l.t.Helper()
	for {
		select {
		case state := <-l.states:
			require.NotEqual(l.t, login.Failed, state.Phase, "%v", state.Problem)
			if state.Phase == phase {
				return state
			}
		case <-time.After(time.Minute):
			require.FailNow(l.t, "the phase has not come", "%v", phase)
		}
	}
}

// round signs in with the card that is put in for it, and out again.
func (l *life) round() {
	l.t.Helper()
	l.Send(login.SignIn{})
	l.Send(login.Choose{Permission: l.until(login.Choosing).Permissions[0]})
	l.until(login.SignedIn)
	l.Send(login.SignOut{})
	l.until(login.Waiting)
}

func (l *life) end() {
	l.t.Helper()
	l.Send(login.Quit{})
	l.until(login.Closed)
	require.NoError(l.t, <-l.ended)
}

// patientERS is e-RS with a new client for each sign-in: the throttle of one would make two hundred take minutes.
type patientERS struct {
	login.ERS
	make    func() (*ersclient.Client, error)
	mu      sync.Mutex
	present *ersclient.Client
}

// CreateSession is A001, by a client of its own.
func (p *patientERS) CreateSession(ctx context.Context, token ersclient.Token) (ersclient.Session, error) {
	next, err := p.make()
	if err != nil {
		return ersclient.Session{}, err
	}
	p.close()
	p.mu.Lock()
	p.present = next
	p.mu.Unlock()
	return next.CreateSession(ctx, token)
}

// SelectRole is A002.
func (p *patientERS) SelectRole(ctx context.Context, session ersclient.Session, role ersclient.Permission) (ersclient.Session, error) {
	return p.client().SelectRole(ctx, session, role)
}

// DeleteSession is A003.
func (p *patientERS) DeleteSession(ctx context.Context, key ersclient.SessionKey) error {
	return p.client().DeleteSession(ctx, key)
}

func (p *patientERS) client() *ersclient.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.present
}

func (p *patientERS) close() {
	if old := p.client(); old != nil {
		old.Close()
	}
}
