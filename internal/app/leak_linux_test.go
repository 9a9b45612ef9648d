package app

import (
	"context"
	"errors"
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
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
	signinhscn "github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// TestNothingLeaksIn200Rounds signs in and out two hundred times in one process, with the real
// keyring worker, real TLS, a real gnome-keyring and the audit log, and compares its resources. A
// program that stays open all week on a ward must not grow with every sign-in. With -short it is
// thirty times, enough for what grows with each.
func TestNothingLeaksIn200Rounds(t *testing.T) {
	session := keyringtest.ForTest(t, keyringtest.Options{})
	ers := erstest.NewServer()
	defer ers.Close()
	card := simulator.New(0)
	defer card.Close()
	persona, known := simulator.PersonaByKey("gp")
	require.True(t, known)
	p := testProgram(t, append(os.Environ(), session.Env()...)...)
	demo := NewDemonstration(p, testLog(t), signin.NewBoard(), ers, card, persona)
	card.OnTicket(demo.RegisterTicket)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	records, err := audit.Open(audit.Settings{Dir: t.TempDir(), Version: "test"})
	require.NoError(t, err)
	defer func() { require.NoError(t, records.Close()) }()

	const warm = 10
	rounds := 200
	if testing.Short() {
		rounds = 30
	}
	var before, after holdings
	life := begin(t, demo, records, nil)
	for i := range rounds {
		if i == warm {
			// By now everything made once and kept exists.
			before = held(t)
		}
		life.round()
	}
	after = held(t)
	t.Logf("after %d rounds: %+v, after %d: %+v", warm, before, rounds, after)
	// Each sign-out ends the worker, and the waiting window's check of the keyring starts another.
	assert.LessOrEqual(t, after.children, 1, "keyring workers are left running")
	// Connections of the stand-in close some time; what leaks grows by one in each round.
	assert.LessOrEqual(t, after.goroutines, before.goroutines+10, "goroutines are left: %s", stacks())
	assert.LessOrEqual(t, after.files, before.files+10, "files are left open")
	life.end()
	assert.Zero(t, held(t).children, "the keyring worker is left running")
	assert.Equal(t, rounds, ers.Ended(), "each session was closed")
	assert.Empty(t, ers.Sessions())
}

// holdings are a process's resources.
type holdings struct{ goroutines, files, children int }

func held(t *testing.T) holdings {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return holdings{runtime.NumGoroutine(), len(files), children(t)}
}

// children counts this process's keyring workers. The bus and the keyring are its children too, and
// stay.
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
			if err == nil && (len(line) == 0 || strings.Contains(string(line), WorkerCommand)) {
				// A process without a command line is dead and was not waited for.
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

// life is one run of the program without its window.
type life struct {
	*Controller
	t      *testing.T
	states chan signin.State
	ended  chan error
}

// begin starts the program without its window, with a new client for each sign-in and a short
// grace. wrap may wrap the services, or be nil.
func begin(t *testing.T, demo Demonstration, records *audit.Log, wrap func(found *Services, recorded *audit.ERS) error) *life {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	l := &life{t: t, states: make(chan signin.State, 200), ended: make(chan error, 1)}
	l.Controller = &Controller{
		Publisher: "ers-login test", Log: log, Guard: func(secret.Text) {}, Board: signin.NewBoard(),
		Prepare: func(ctx context.Context) (Services, error) {
			found, err := demo.Prepare(ctx)
			if err != nil {
				return found, err
			}
			// The grace of two seconds for other applications' calls would dominate these tests.
			found.grace = 0
			platform, ok := found.platform.(*signinhscn.Platform)
			if !ok {
				return found, errors.New("the demonstration has another platform")
			}
			unhurried := &patientERS{ERS: platform.ERS, make: func() (*hscn.Client, error) {
				return hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
					BaseURL: demo.ers.URL, Certificate: demo.ers.ClientCertificate(), RootCAs: demo.ers.RootCAs(),
				}})
			}}
			recorded := audit.NewERS(unhurried, records, true)
			platform.ERS = recorded
			closeAll := found.close
			found.close = func() { unhurried.close(); closeAll() }
			if wrap != nil {
				err = wrap(&found, recorded)
			}
			return found, err
		},
		Show: func(state signin.State) { l.states <- state },
	}
	open := l.Open(t.Context())
	go func() { l.ended <- l.Run(open) }()
	l.until(signin.Waiting)
	return l
}

func (l *life) until(phase signin.Phase) signin.State {
	l.t.Helper()
	for {
		select {
		case state := <-l.states:
			require.NotEqual(l.t, signin.Failed, state.Phase, "%v", state.Problem)
			if state.Phase == phase {
				return state
			}
		case <-time.After(time.Minute):
			require.FailNow(l.t, "the phase has not come", "%v", phase)
		}
	}
}

// round inserts the card, signs in, and signs out.
func (l *life) round() {
	l.t.Helper()
	l.Send(signin.SignIn{})
	l.Send(signin.Choose{Permission: l.until(signin.Choosing).Permissions[0]})
	l.until(signin.SignedIn)
	l.Send(signin.SignOut{})
	l.until(signin.Waiting)
}

func (l *life) end() {
	l.t.Helper()
	l.Send(signin.Quit{})
	l.until(signin.Closed)
	require.NoError(l.t, <-l.ended)
}

// patientERS makes a new e-RS client for each sign-in: one client's throttle would make two hundred
// take minutes.
type patientERS struct {
	signinhscn.ERS
	make    func() (*hscn.Client, error)
	mu      sync.Mutex
	present *hscn.Client
}

// CreateSession is A001, with a new client.
func (p *patientERS) CreateSession(ctx context.Context, token ersclient.Ticket) (ersclient.Session, error) {
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

func (p *patientERS) client() *hscn.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.present
}

func (p *patientERS) close() {
	if old := p.client(); old != nil {
		old.Close()
	}
}
