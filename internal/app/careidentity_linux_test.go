package app

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adrg/xdg"
	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// desk is a computer that is set up for NHS Care Identity, and a user at it.
type desk struct {
	t       *testing.T
	server  *cis2test.Server
	keyring *keyringtest.Session
	ring    *keyring.Client
	program Host
	file    string
	logs    string
	log     *logging.Log

	// persona is who signs in, and pages are those that were opened.
	persona atomic.Pointer[string]
	pages   atomic.Int32
	// cards are the readers' removals, if a test has readers, and atPage is called before a user signs
	// in on a page.
	cards  *removals
	atPage func()
	// guarded has every secret that the flow has seen.
	mu      sync.Mutex
	guarded []secret.Text
}

// newDesk writes the settings: those for a stand-in, and then more.
func newDesk(t *testing.T, more string, options ...cis2test.Option) *desk {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	redirect := freeRedirect(t)
	d := &desk{t: t, keyring: keyringtest.ForTest(t, keyringtest.Options{}), logs: t.TempDir()}
	d.server = cis2test.NewUnstartedServer(append(options, cis2test.WithRedirectURI(redirect))...)
	folder := t.TempDir()
	require.NoError(t, d.server.StartIn(folder))
	t.Cleanup(d.server.Close)
	d.file = filepath.Join(folder, "config.toml")
	settings := fmt.Sprintf("platform = 'fhir'\noauth_url = '%s'\nfhir_base_url = '%s'\ndirectory_url = '%s'\nca_bundle = '%s'\nproxy = 'none'\n",
		d.server.OAuthURL(), d.server.FHIRURL(), d.server.DirectoryURL(), filepath.Join(folder, testserver.CAFile))
	if !strings.Contains(more, "redirect_uri") {
		more += fmt.Sprintf("client_id = '%s'\nredirect_uri = '%s'\n", cis2test.ClientID, redirect)
	}
	require.NoError(t, os.WriteFile(d.file, []byte(settings+more), 0o600))
	d.program = testProgram(t, append(os.Environ(), d.keyring.Env()...)...)
	var err error
	d.log, err = logging.New(logging.Settings{Dir: d.logs, Version: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, d.log.Close()) })
	d.ring = d.program.OpenKeyring(config.Config{}, d.log)
	t.Cleanup(func() { assert.NoError(t, d.ring.Close()) })
	d.signsIn(cis2test.Admin)
	return d
}

// signsIn chooses who signs in from now on.
func (d *desk) signsIn(persona string) { d.persona.Store(&persona) }

// freeRedirect returns a redirect URI with a port that is free.
func freeRedirect(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return "http://localhost:" + port + "/callback"
}

// services are those of a real sign-in, but for the browser.
func (d *desk) services(board *signin.Board) RealServices {
	sources := d.program.Sources(d.file, nil)
	sources.Environ, sources.Machine, sources.MachineFile, sources.Policy, sources.PolicyFile = nil, nil, "", nil, ""
	return RealServices{
		Program: d.program, Log: d.log, Board: board, Sources: sources, memory: openHistory(d.log), CardSide: &atomic.Pointer[CardSide]{}, leftover: &leftover{},
		Browse: func(_ context.Context, address string) error {
			d.pages.Add(1)
			if d.atPage != nil {
				d.atPage()
			}
			go func() {
				_, err := d.server.SignIn(context.WithoutCancel(d.t.Context()), address, *d.persona.Load())
				if err != nil {
					d.log.WithError(err).Info("the browser")
				}
			}()
			return nil
		},
	}
}

// start starts the program without its window.
func (d *desk) start() (*life, RealServices) {
	d.t.Helper()
	found := d.services(signin.NewBoard())
	l := &life{t: d.t, states: make(chan signin.State, 1000), ended: make(chan error, 1)}
	l.Controller = &Controller{
		Publisher: "ers-login test", Log: d.log, Board: found.Board, Prepare: found.prepareOrClear,
		Guard: func(text secret.Text) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.guarded = append(d.guarded, text)
			d.log.Guard(text)
		},
		Show: func(state signin.State) { l.states <- state },
	}
	if d.cards != nil {
		l.Prepare = d.withReaders(found.prepareOrClear)
	}
	open := l.Open(d.t.Context())
	go func() { l.ended <- l.Run(open) }()
	return l, found
}

// withReaders has the platform watch the test's readers.
func (d *desk) withReaders(found prepare) prepare {
	return func(ctx context.Context) (Services, error) {
		services, err := found(ctx)
		if platform, made := services.platform.(auditedPlatform); made {
			platform.cards, platform.CardRemoved = d.cards, d.cards.removed
			services.platform = platform
		}
		return services, err
	}
}

// entry returns what other applications read.
func (d *desk) entry() handoff.FHIRSession {
	d.t.Helper()
	read, err := d.ring.Read(d.t.Context())
	require.NoError(d.t, err)
	session, ofFHIR := read.(handoff.FHIRSession)
	require.True(d.t, ofFHIR)
	return session
}

// command runs a program that looks at the keyring.
func (d *desk) command(arguments ...string) string {
	d.t.Helper()
	look := exec.CommandContext(d.t.Context(), arguments[0], arguments[1:]...)
	look.Env = d.program.Environ
	printed, err := look.Output()
	require.NoError(d.t, err, arguments)
	return string(printed)
}

// nothingLeft asserts that other applications find nothing.
func (d *desk) nothingLeft() {
	d.t.Helper()
	assert.Empty(d.t, d.command("secret-tool", "search", "--all", "service", handoff.Service))
}

// failed waits until the flow shows a Problem.
func (l *life) failed() signin.State { return l.reach(signin.Failed) }

// failedAs waits for a failure with a code: the one before is shown again while its links change.
func (l *life) failedAs(code string) signin.State {
	l.t.Helper()
	for {
		if state := l.failed(); state.Problem.Code == code {
			return state
		}
	}
}

// closed waits for the end of a flow that has failed: it shows that again while its links change.
func (l *life) closed() { l.reach(signin.Closed) }

// reach is until, for a flow that fails on the way.
func (l *life) reach(phase signin.Phase) signin.State {
	l.t.Helper()
	for {
		select {
		case state := <-l.states:
			if state.Phase == phase {
				return state
			}
		case <-time.After(3 * time.Minute):
			require.FailNow(l.t, "the phase has not come", "%v", phase)
		}
	}
}

// accessLife is how long the stand-in's access tokens live here: they are refreshed as soon as that
// is allowed again, after 30 to 33 seconds.
const accessLife = 40 * time.Second

// A day at work, against the whole program below the window, with the settings of a file, a real
// keyring and real TLS. If this fails, a clinician cannot work after CIS1, or a token is where it
// does not belong.
func TestADayWithNHSCareIdentity(t *testing.T) {
	d := newDesk(t, "", cis2test.WithLifetimes(accessLife, time.Hour))
	require.NoError(t, d.ring.SetSecret(t.Context(), keyring.ClientSecret, secret.New(cis2test.ClientSecret)))
	var came atomic.Int32
	l, found := d.start()
	l.CameBack = func() { came.Add(1) }
	l.until(signin.Waiting)

	l.Send(signin.SignIn{})
	offered := l.until(signin.Choosing)
	assert.Equal(t, int32(1), d.pages.Load())
	assert.Equal(t, int32(1), came.Load(), "the window comes to the front")
	persona, _ := d.server.Persona(cis2test.Admin)
	assert.Equal(t, persona.Name(), offered.User.Name)
	l.Send(signin.Choose{Permission: offered.Permissions[0]})
	acting := l.until(signin.ChoosingClinician).Chosen
	acting.OnBehalfOf = persona.OnBehalfOf[2]
	l.Send(signin.Choose{Permission: acting})
	l.until(signin.SignedIn)

	first := d.entry()
	assert.Equal(t, []string{persona.Identifier, persona.Organisations[0].Code, persona.Organisations[0].Name, persona.OnBehalfOf[2], d.server.FHIRURL()},
		[]string{first.UserIdentifier, first.OrgIdentifier, first.OrgName, first.OnBehalfOf, first.BaseURL})
	require.Len(t, d.server.Sessions(), 1)
	assert.True(t, d.server.Sessions()[0].AccessToken == first.AccessToken.Reveal(), "the token is the gateway's")
	assert.Equal(t, first.AccessToken.Reveal(), d.command("secret-tool", "lookup", "service", handoff.Service, "username", "access-token"))
	require.Eventually(t, func() bool {
		last, known := openHistory(d.log).Last(persona.Identifier)
		return known && last.OnBehalfOf == persona.OnBehalfOf[2]
	}, time.Minute, 50*time.Millisecond, "the clinician is offered first the next time")
	d.nothingPlanted(d.processes(), bundleOf(t, found))

	// The token is replaced in place.
	refreshed := first
	for until := time.Now().Add(time.Minute); refreshed.Revision == 0; refreshed = d.entry() {
		require.True(t, time.Now().Before(until), "the token is not refreshed")
		time.Sleep(300 * time.Millisecond)
	}
	assert.Equal(t, first.Generation, refreshed.Generation)
	assert.False(t, refreshed.AccessToken.Equal(first.AccessToken.Text))
	assert.True(t, d.server.Sessions()[0].AccessToken == refreshed.AccessToken.Reveal())
	assert.Equal(t, int32(1), d.pages.Load(), "no user was asked")

	// So is the role, as another session.
	l.Send(signin.SwitchRole{})
	l.until(signin.Choosing)
	l.Send(signin.Choose{Permission: offered.Permissions[1]})
	l.until(signin.SignedIn)
	switched := d.entry()
	assert.Greater(t, switched.Generation, refreshed.Generation)
	assert.Equal(t, "SERVICE_PROVIDER_ADMIN", switched.BusinessFunction)
	assert.Empty(t, switched.OnBehalfOf)

	l.Send(signin.SignOut{})
	l.until(signin.Waiting)
	d.nothingLeft()

	assert.Equal(t, []string{
		"API Retrieve Practitioner Role", "API Establish Session", "API Retrieve Practitioner", "API Professional login attempt",
		"API Refresh Session", "API Professional login attempt", "API Close Session",
	}, d.audited())

	// A sign-in that NHS Care Identity ends behind the gateway.
	d.signsIn(cis2test.GP)
	l.Send(signin.SignIn{})
	l.Send(signin.Choose{Permission: l.until(signin.Choosing).Permissions[0]})
	l.until(signin.SignedIn)
	d.server.Revoke(cis2test.GP)
	assert.Equal(t, "CIS2-REFRESH_REFUSED", l.failed().Problem.Code)
	d.nothingLeft()
	l.Send(signin.Quit{})
	l.closed()
	require.NoError(t, <-l.ended)
	d.nothingPlanted()
}

// audited returns what was recorded, in order.
func (d *desk) audited() (types []string) {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(audit.DefaultDir(), "audit-*.jsonl"))
	require.NoError(d.t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(d.t, err)
		for line := range strings.Lines(string(text)) {
			var record audit.Record
			require.NoError(d.t, json.Unmarshal([]byte(line), &record))
			types = append(types, record.AuditType)
		}
	}
	return types
}

// processes returns the arguments and the environment of this process and its children.
func (d *desk) processes() string {
	d.t.Helper()
	found := []string{"self"}
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(d.t, err)
	for _, task := range tasks {
		children, err := os.ReadFile(task)
		if err == nil { // the thread may have ended
			found = append(found, strings.Fields(string(children))...)
		}
	}
	require.Greater(d.t, len(found), 1, "the keyring's worker is one")
	var said strings.Builder
	for _, process := range found {
		for _, file := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(filepath.Join("/proc", process, file))
			if err == nil { // the process may have ended
				said.Write(text)
			}
		}
	}
	return said.String()
}

// bundleOf returns all files of a support bundle.
func bundleOf(t *testing.T, services RealServices) string {
	t.Helper()
	e, target, end := services.openChecks()
	results := diagnose.Run(t.Context(), diagnose.Checks(target), nil)
	bundle, err := e.windowBundle(diagnose.Report{Results: results}, e.Masker(t.Context(), results))
	require.NoError(t, err)
	require.NoError(t, end())
	var all strings.Builder
	for _, file := range bundle.Files {
		all.Write(file.Content)
	}
	assert.Contains(t, all.String(), "NHS Care Identity (CIS2)")
	assert.Contains(t, all.String(), "oauth_url = ")
	assert.NotContains(t, all.String(), "asid = ", "it is not needed")
	return all.String()
}

// nothingPlanted asserts that no secret is in these texts, the log, or what the program keeps.
func (d *desk) nothingPlanted(texts ...string) {
	d.t.Helper()
	for _, folder := range []string{d.logs, xdg.StateHome, xdg.ConfigHome} {
		require.NoError(d.t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			texts = append(texts, string(text))
			return err
		}))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	secrets := append([]secret.Text{secret.New(cis2test.ClientSecret)}, d.guarded...)
	for _, session := range d.server.Sessions() {
		secrets = append(secrets, secret.New(session.AccessToken), secret.New(session.RefreshToken))
	}
	seen := 0
	for _, planted := range secrets {
		if planted.IsZero() {
			continue
		}
		seen++
		for _, text := range texts {
			// Not NotContains, which would print it.
			assert.False(d.t, strings.Contains(text, planted.Reveal()), "secret %d is somewhere", seen)
		}
	}
	assert.Greater(d.t, seen, 3)
}

// killedVariable has the settings file of the program that the next test kills, and busVariable the
// address of its keyring's bus: no test has that by itself.
const killedVariable, busVariable = "ERSLOGIN_TEST_KILLED", "ERSLOGIN_TEST_BUS"

// What a killed program has left is taken away by the next start, and calls nothing: the token dies
// by itself. The refresh token was in memory alone, so that the user signs in again.
func TestTheNextStartClearsWhatAKilledOneHasLeft(t *testing.T) {
	if file := os.Getenv(killedVariable); file != "" {
		beKilled(t, file)
		return
	}
	d := newDesk(t, "client_secret_file = 'secret'\n")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(d.file), "secret"), []byte(cis2test.ClientSecret), 0o600))
	killed := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	killed.Env = append(d.program.Environ, killedVariable+"="+d.file, busVariable+"="+busOf(t, d.keyring))
	printed, err := killed.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, killed.Start())
	output := bufio.NewReader(printed)
	if line, err := output.ReadString('\n'); err != nil || line != "signed in\n" {
		rest, _ := io.ReadAll(output)
		require.FailNow(t, "it is not signed in", "%s%s", line, rest)
	}
	left := d.entry()
	require.NoError(t, killed.Process.Kill())
	_, err = killed.Process.Wait()
	require.NoError(t, err)
	require.True(t, left.AccessToken.Equal(d.entry().AccessToken.Text), "it has left its entry")

	before := len(d.server.Requests())
	l, _ := d.start()
	l.until(signin.Waiting)
	d.nothingLeft()
	assert.Len(t, d.server.Requests(), before)
	d.signsIn(cis2test.GP)
	l.Send(signin.SignIn{})
	l.until(signin.Choosing)
	l.Send(signin.Quit{})
	l.until(signin.Closed)
	require.NoError(t, <-l.ended)
}

// beKilled signs in, says so, and waits for the end.
func beKilled(t *testing.T, file string) {
	t.Helper()
	authority, err := os.ReadFile(filepath.Join(filepath.Dir(file), testserver.CAFile))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority))
	log := testLog(t)
	p := testProgram(t, append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+os.Getenv(busVariable))...)
	found := RealServices{
		Program: p, Log: log, Board: signin.NewBoard(), Sources: config.Sources{File: file}, memory: openHistory(log), CardSide: &atomic.Pointer[CardSide]{},
		leftover: &leftover{},
		Browse: func(_ context.Context, address string) error {
			go func() { _, _ = cis2test.SignIn(context.Background(), cis2test.Browser(roots), address, cis2test.GP) }()
			return nil
		},
	}
	l := &life{t: t, states: make(chan signin.State, 1000), ended: make(chan error, 1)}
	l.Controller = &Controller{
		Publisher: "killed", Log: log, Board: found.Board, Prepare: found.prepareOrClear, Guard: log.Guard,
		Show: func(state signin.State) { l.states <- state },
	}
	open := l.Open(t.Context())
	go func() { l.ended <- l.Run(open) }()
	l.until(signin.Waiting)
	l.Send(signin.SignIn{})
	l.Send(signin.Choose{Permission: l.until(signin.Choosing).Permissions[0]})
	l.until(signin.SignedIn)
	fmt.Println("signed in")
	<-time.After(time.Minute)
}

// A computer that IT has not finished setting up says what is missing, and works once it is there.
func TestTheClientSecretIsReadAnewForEachSignIn(t *testing.T) {
	d := newDesk(t, "")
	d.signsIn(cis2test.GP)
	l, _ := d.start()
	l.until(signin.Waiting)
	l.Send(signin.SignIn{})
	assert.Equal(t, "CIS2-NO_SECRET", l.failed().Problem.Code)
	assert.Zero(t, d.pages.Load(), "the user is not sent to the browser in vain")
	require.NoError(t, d.ring.SetSecret(t.Context(), keyring.ClientSecret, secret.New("planted-wrong-secret")))
	l.Send(signin.TryAgain{})
	refused := l.failedAs("CIS2-CLIENT_SECRET")
	assert.NotContains(t, textOf(refused.Problem)+refused.Problem.Error(), "planted")
	require.NoError(t, d.ring.SetSecret(t.Context(), keyring.ClientSecret, secret.New(cis2test.ClientSecret)))
	l.Send(signin.TryAgain{})
	l.reach(signin.Choosing)
	l.Send(signin.Quit{})
	l.closed()
	require.NoError(t, <-l.ended)
}

// Other ways to sign in than with a secret in the keyring.
func TestWaysToSignIn(t *testing.T) {
	for name, settings := range map[string]string{
		"through a broker": "client_id = '" + cis2test.PublicClientID + "'\nredirect_uri = 'http://localhost:0/callback'\n",
		"with a file":      "client_secret_file = 'secret'\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, settings)
			require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(d.file), "secret"), []byte(cis2test.ClientSecret+"\n"), 0o600))
			d.signsIn(cis2test.GP)
			l, _ := d.start()
			l.until(signin.Waiting)
			l.Send(signin.SignIn{})
			l.Send(signin.Choose{Permission: l.until(signin.Choosing).Permissions[0]})
			l.until(signin.SignedIn)
			assert.Equal(t, "R01", d.entry().OrgIdentifier)
			l.Send(signin.Quit{})
			l.until(signin.Closed)
			require.NoError(t, <-l.ended)
			d.nothingLeft()
		})
	}
}

// If this fails, a user who pulls their card as soon as they have typed their passcode is signed in
// without it, and stays so.
func TestACardPulledBeforeTheSessionOpensEndsIt(t *testing.T) {
	d := newDesk(t, "")
	require.NoError(t, d.ring.SetSecret(t.Context(), keyring.ClientSecret, secret.New(cis2test.ClientSecret)))
	var pulled atomic.Bool
	d.cards = watchRemovals(nil, func() ticketapi.Seen {
		reader := smartcard.Reader{Name: "reader", Card: !pulled.Load()}
		seen := ticketapi.Seen{Presence: smartcard.Presence{Readers: []smartcard.Reader{reader}}}
		if !reader.Card {
			seen.Removals, seen.Latest = 1, []string{reader.Name}
		}
		return seen
	})
	t.Cleanup(d.cards.close)
	d.atPage = func() { pulled.Store(true) }
	d.signsIn(cis2test.GP)
	l, _ := d.start()
	l.until(signin.Waiting)
	l.Send(signin.SignIn{})
	l.until(signin.SigningIn)
	assert.Equal(t, signin.CardRemoved, l.until(signin.Waiting).Reason)
	d.nothingLeft()
	l.Send(signin.Quit{})
	l.until(signin.Closed)
	require.NoError(t, <-l.ended)
}

// All users of a computer share its loopback interface: where others are logged on, a colleague could
// get the sign-in.
func TestASharedComputer(t *testing.T) {
	type session struct {
		ID         string
		UID        uint32
		User, Seat string
		Path       dbus.ObjectPath
	}
	d := newDesk(t, "client_secret_file = 'secret'\n")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(d.file), "secret"), []byte(cis2test.ClientSecret), 0o600))
	conn, err := dbus.Connect(busOf(t, d.keyring))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	require.NoError(t, conn.ExportMethodTable(map[string]any{"ListSessions": func() ([]session, *dbus.Error) {
		return []session{{"1", uint32(os.Getuid()), "ann", "seat0", "/a"}, {"2", 61234, "bob", "", "/b"}}, nil
	}}, "/org/freedesktop/login1", "org.freedesktop.login1.Manager"))
	_, err = conn.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue)
	require.NoError(t, err)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", busOf(t, d.keyring))

	found := d.services(signin.NewBoard())
	settings, err := config.LoadReal(found.Sources)
	require.NoError(t, err)
	require.ErrorIs(t, found.ownLoopback(t.Context(), settings), sharedComputer)
	shared := settings
	shared.SharedLoopback = true
	require.NoError(t, found.ownLoopback(t.Context(), shared), "the organisation allows it")
	broker := settings
	broker.RedirectURI = "http://localhost:0/callback"
	require.NoError(t, found.ownLoopback(t.Context(), broker), "a broker wants the proof that only this program has")

	l, _ := d.start()
	l.until(signin.Waiting)
	l.Send(signin.SignIn{})
	assert.Equal(t, "CIS2-SHARED", l.failed().Problem.Code)
	assert.Zero(t, d.pages.Load())
	l.Send(signin.Quit{})
	l.closed()
	require.NoError(t, <-l.ended)
}

// TestThePortOfAnOpenWindowIsNoFault: a service desk that runs doctor while the window waits for the
// browser was asked to close the program that listens, which was the window.
func TestThePortOfAnOpenWindowIsNoFault(t *testing.T) {
	const leftAlone = "The open window of e-RS Login uses this way, so it was not checked."
	d := newDesk(t, "client_secret_file = 'secret'\n")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(d.file), "secret"), []byte(cis2test.ClientSecret), 0o600))
	services := d.services(signin.NewBoard())
	settings, err := config.LoadReal(services.Sources)
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(settings.RedirectURI, "http://"), "/callback"))
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
	require.NoError(t, err)
	defer func() { assert.NoError(t, listener.Close()) }()
	redirect := func(open func() (diagnose.Target, func() error, error)) diagnose.Finding {
		target, end, err := open()
		require.NoError(t, err)
		defer func() { assert.NoError(t, end()) }()
		for _, check := range diagnose.Checks(target) {
			if check.ID == "redirect" {
				return check.Run(t.Context())
			}
		}
		return diagnose.Finding{}
	}
	doctor := func() diagnose.Finding {
		return redirect(CheckRun{Program: d.program, Log: d.log, Settings: settings, Ring: d.ring}.OpenTarget)
	}

	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	runtime, err := os.MkdirTemp("/tmp", "port") // sockets have short paths
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(runtime)) })
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	xdg.Reload()
	found := doctor()
	require.Equal(t, diagnose.Failed, found.State)
	assert.Equal(t, "CIS2-PORT_IN_USE", found.Problem.Code)

	var awaits atomic.Bool
	lock, err := instance.Take(instance.DefaultFile())
	require.NoError(t, err)
	defer func() { assert.NoError(t, lock.Release()) }()
	require.NoError(t, lock.Listen(func(context.Context, instance.Request) instance.Answer {
		return instance.Answer{OK: true, AwaitsBrowser: awaits.Load()}
	}, func(error) {}))
	require.Equal(t, diagnose.Failed, doctor().State, "a window that waits for no browser has not taken the port")
	awaits.Store(true)
	found = doctor()
	assert.Equal(t, diagnose.Skipped, found.State)
	assert.Equal(t, leftAlone, found.Text())

	services.CardSide.Store(&CardSide{})
	found = redirect(func() (diagnose.Target, func() error, error) {
		_, target, end := services.openChecks()
		return target, end, nil
	})
	assert.Equal(t, diagnose.Skipped, found.State)
	assert.Equal(t, leftAlone, found.Text(), "the window's own page")
}

// TestTheChecksSayThatASignInIsRefused: without a word of it, a service desk takes an audit log that is
// required for one that only waits.
func TestTheChecksSayThatASignInIsRefused(t *testing.T) {
	d := newDesk(t, "")
	file := filepath.Join(t.TempDir(), "audit")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for required, code := range map[bool]string{false: "AUDIT-UNWRITABLE", true: "AUDIT-REQUIRED"} {
		settings := config.Config{AuditDir: file, AuditRequired: required}
		err := d.services(signin.NewBoard()).diagnosis(settings, nil, d.ring).Audit(t.Context())
		found := problem.Of(err)
		require.NotNil(t, found)
		assert.Equal(t, code, found.Code)
		assert.Contains(t, found.Expand(found.Happened), file)
	}
}

// busOf returns the address of a session's bus.
func busOf(t *testing.T, session *keyringtest.Session) string {
	t.Helper()
	var found string
	for _, entry := range session.Env() {
		if address, is := strings.CutPrefix(entry, "DBUS_SESSION_BUS_ADDRESS="); is {
			found = address // the last one counts
		}
	}
	require.NotEmpty(t, found)
	return found
}
