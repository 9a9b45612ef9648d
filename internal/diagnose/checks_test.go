package diagnose_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// ring is a keyring with set answers. The real one is in the tests for Linux.
type ring struct{ check, try error }

func (r ring) Check(context.Context) error       { return r.check }
func (r ring) Try(context.Context, string) error { return r.try }

// world is a stand-in for e-RS and a client's settings for it, which a test breaks in one way.
type world struct {
	server *erstest.Server
	client hscn.Config
	target diagnose.Target
}

func newWorld(t *testing.T, options ...erstest.Option) *world {
	t.Helper()
	w := &world{server: erstest.NewServer(options...)}
	t.Cleanup(w.server.Close)
	certificate := w.server.ClientCertificate()
	w.client = hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: w.server.URL, RootCAs: w.server.RootCAs(), TrustStore: "the authority of the test",
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
	}}
	settings, err := config.Load(config.Sources{})
	require.NoError(t, err)
	settings.BaseURL = w.server.URL
	card := simulator.New(0)
	t.Cleanup(card.Close)
	w.target = diagnose.Target{
		Settings: settings, ASID: erstest.ASID,
		Readers: func(context.Context) smartcard.Presence {
			return smartcard.Presence{Readers: []smartcard.Reader{{Name: "Reader 1"}, {Name: "Reader 2", Card: true}}}
		},
		Agent: func(context.Context) (diagnose.Agent, error) {
			return diagnose.Agent{Installed: true, API: "0x00010000"}, nil
		},
		Ticket: func(context.Context) (ersclient.Ticket, error) {
			return ersclient.NewTicket(erstest.TicketGP), nil
		},
		Certificate: func(context.Context) (tls.Certificate, error) { return certificate, nil },
		ERS: func(certificate tls.Certificate) (diagnose.ERS, error) {
			w.client.Certificate = certificate
			client, err := hscn.New(w.client)
			if err != nil {
				return nil, err
			}
			return client, nil
		},
		LookUp:        func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil },
		Keyring:       ring{},
		Audit:         func(context.Context) error { return nil },
		MissingEvents: func(context.Context) error { return nil },
	}
	return w
}

func (w *world) run(t *testing.T) map[string]diagnose.Result {
	t.Helper()
	found := map[string]diagnose.Result{}
	for _, result := range diagnose.Run(t.Context(), diagnose.Checks(w.target), nil) {
		assert.NotContains(t, result.Text(), "{{", "%s says a template", result.ID)
		if result.Problem != nil {
			assert.NotContains(t, result.Problem.Expand(result.Problem.Happened), "{{", "%s has a template", result.ID)
		}
		assert.Equal(t, result.State == diagnose.Attention || result.State == diagnose.Failed, result.Problem != nil, result.ID)
		found[result.ID] = result
	}
	assert.Empty(t, w.server.Sessions(), "no check signs in")
	return found
}

// TestERR000EveryLinkThatIsWell: a row that cries wolf is not looked at when it matters.
func TestERR000EveryLinkThatIsWell(t *testing.T) {
	w := newWorld(t)
	found := w.run(t)
	require.Len(t, found, 16, "the rows of the screen")
	for id, result := range found {
		assert.Equal(t, diagnose.OK, result.State, "%s: %s", id, result.Text())
	}
	assert.Contains(t, found["reader"].Text(), "2 connected: Reader 1, Reader 2")
	assert.Contains(t, found["tls"].Text(), "the authority of the test")
	assert.Contains(t, found["certificate"].Text(), erstest.FQDN)
	assert.Contains(t, found["asid"].Text(), erstest.ASID)
	assert.Equal(t, "No proxy is used.", found["proxy"].Text())
	assert.Len(t, w.server.Requests(), 1, "one request serves all rows (IO-06)")
	assert.Equal(t, "HEAD", w.server.Requests()[0].Method)
}

// TestWhichERS: a service desk must see whether a report is about the live e-RS.
func TestWhichERS(t *testing.T) {
	for address, want := range map[string]string{
		"":                                    "Not used on this computer.",
		"https://api.ebs.ncrs.nhs.uk/ers-api": "This is the live e-RS (api.ebs.ncrs.nhs.uk).",
		"https://api.dev1.ers.ncrs.nhs.uk/ers-api": "This is the test environment dev1 (api.dev1.ers.ncrs.nhs.uk), not the live e-RS.",
	} {
		for _, check := range diagnose.Checks(diagnose.Target{Settings: config.Config{BaseURL: address}}) {
			if check.ID == "environment" {
				found := check.Run(t.Context())
				assert.Equal(t, want, found.Text())
				assert.Equal(t, address == "", found.State == diagnose.Skipped)
			}
		}
	}
}

// TestERR000EveryLinkThatIsBroken: each is found in its own row, with the reference that the service desk knows.
func TestERR000EveryLinkThatIsBroken(t *testing.T) {
	longAgo := time.Now().AddDate(-1, 0, 0)
	locked := keyring.Locked.Because(errors.New("it is locked"))
	tests := map[string]struct {
		options []erstest.Option
		change  func(*testing.T, *world)
		want    map[string]string // state and code by row
		says    map[string]string // sentence by row
		// happened ends what has happened, by row.
		happened map[string]string
	}{
		"an authority that is not trusted": {change: func(_ *testing.T, w *world) { w.client.RootCAs = x509.NewCertPool() },
			want: map[string]string{"tls": "failed TLS-UNTRUSTED", "ers": "failed TLS-UNTRUSTED", "clock": "skipped", "dns": "ok", "proxy": "ok"}},
		"a certificate for another name": {options: []erstest.Option{erstest.WithServerNames("elsewhere.example")},
			want: map[string]string{"tls": "failed TLS-NAME", "ers": "failed TLS-NAME"}},
		"a certificate that has expired": {options: []erstest.Option{erstest.WithServerValidity(longAgo, longAgo.AddDate(0, 1, 0))},
			want: map[string]string{"tls": "failed TLS-EXPIRED", "ers": "failed TLS-EXPIRED"}},
		"a clock that is behind": {change: func(_ *testing.T, w *world) { w.server.SetClock(3 * time.Hour) },
			want: map[string]string{"clock": "attention CLOCK-WRONG", "ers": "ok"}},
		"a clock that is ahead": {change: func(_ *testing.T, w *world) { w.server.SetClock(-time.Hour) },
			want: map[string]string{"clock": "attention CLOCK-WRONG", "ers": "ok"}},
		"no certificate of ours": {change: func(_ *testing.T, w *world) {
			w.target.Certificate = func(context.Context) (tls.Certificate, error) {
				return certificate.Load(certificate.Files{})
			}
		}, want: map[string]string{"certificate": "failed CERT-NOT_SET", "tls": "ok", "ers": "skipped"}, says: map[string]string{
			"ers": "e-RS asks for your organisation's certificate, which could not be used. Its own check says why."}},
		"a certificate of ours that has expired": {change: func(t *testing.T, w *world) {
			expired := selfSigned(t, time.Now().AddDate(0, 0, -3)).Leaf
			w.target.Certificate = func(context.Context) (tls.Certificate, error) {
				return tls.Certificate{}, certificate.Check(expired, "certificate", "expired.pem")
			}
		}, want: map[string]string{"certificate": "failed CERT-EXPIRED", "tls": "ok", "clock": "skipped", "ers": "skipped"}},
		"a certificate of ours from elsewhere": {change: func(t *testing.T, w *world) {
			w.target.Certificate = fixed(selfSigned(t, time.Now().AddDate(1, 0, 0)))
		}, want: map[string]string{"certificate": "ok", "tls": "ok", "ers": "failed TLS-CLIENT_CERT"}},
		"a certificate of ours that expires soon": {change: func(t *testing.T, w *world) {
			w.target.Certificate = fixed(selfSigned(t, time.Now().AddDate(0, 0, 3)))
		}, want: map[string]string{"certificate": "attention CERT-EXPIRES_SOON"}},
		"a certificate behind a locked keyring": {change: func(_ *testing.T, w *world) {
			w.target.Certificate = func(context.Context) (tls.Certificate, error) { return tls.Certificate{}, locked }
		}, want: map[string]string{"certificate": "attention KEYRING-LOCKED", "tls": "ok", "ers": "skipped"}},
		"a name that is not found": {change: func(_ *testing.T, w *world) {
			w.client.BaseURL = "https://ers.invalid/ers-api"
			w.target.LookUp = func(context.Context, string) ([]string, error) {
				return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
			}
		}, want: map[string]string{"dns": "failed DIAG-DNS", "ers": "failed NET-DNS", "tls": "skipped", "clock": "skipped"}},
		"no listener": {change: func(_ *testing.T, w *world) { w.server.Close() },
			want: map[string]string{"ers": "failed NET-REFUSED", "tls": "skipped", "dns": "ok", "proxy": "ok"}},
		"no setting of an address": {change: func(_ *testing.T, w *world) {
			w.client.BaseURL, w.target.Settings.BaseURL = "", ""
			w.target.SettingsErr = w.target.Settings.RequireReal()
		}, want: map[string]string{"ers": "skipped", "tls": "skipped", "dns": "skipped", "proxy": "skipped", "clock": "skipped",
			"settings": "failed SETTING-SEVERAL"}},
		"authorities that are missing": {change: func(t *testing.T, w *world) {
			w.target.ERS = func(tls.Certificate) (diagnose.ERS, error) {
				_, _, err := certificate.LoadRootCAs(filepath.Join(t.TempDir(), "missing.pem"))
				return nil, err
			}
		}, want: map[string]string{"tls": "failed CA-MISSING", "ers": "failed CA-MISSING", "dns": "skipped", "proxy": "skipped"}, says: map[string]string{
			"dns": "The file that the setting ca_bundle names cannot be used.", "proxy": "The file that the setting ca_bundle names cannot be used."}},
		"a proxy that cannot be understood": {change: func(_ *testing.T, w *world) { w.client.Proxy = transport.ProxyOf("http://proxy.example:8o") },
			want: map[string]string{"proxy": "failed NET-PROXY_SETTING", "ers": "failed NET-PROXY_SETTING", "tls": "skipped", "dns": "ok"}},
		"a gateway that is overloaded": {change: func(_ *testing.T, w *world) { w.target.ERS = answers(http.StatusServiceUnavailable) },
			want: map[string]string{"ers": "failed DIAG-ERS_STATUS", "clock": "skipped"}},
		"a redirection": {change: func(_ *testing.T, w *world) { w.target.ERS = answers(http.StatusFound) },
			want: map[string]string{"ers": "attention DIAG-ERS_ADDRESS"}},
		"another path": {change: func(_ *testing.T, w *world) { w.client.BaseURL += "/elsewhere" },
			want: map[string]string{"ers": "attention DIAG-ERS_ADDRESS"}},
		"no reader": {change: func(_ *testing.T, w *world) {
			w.target.Readers = func(context.Context) smartcard.Presence { return smartcard.Presence{} }
		}, want: map[string]string{"reader": "failed CARD-READER_NOT_AVAILABLE", "card": "skipped"}},
		"readers that cannot be seen": {change: func(_ *testing.T, w *world) {
			w.target.Readers = func(context.Context) smartcard.Presence {
				return smartcard.Presence{Err: smartcard.ReaderNotAvailable.Err()}
			}
		}, want: map[string]string{"reader": "failed CARD-READER_NOT_AVAILABLE", "card": "skipped"}},
		"no card": {change: func(_ *testing.T, w *world) {
			w.target.Readers = func(context.Context) smartcard.Presence {
				return smartcard.Presence{Readers: []smartcard.Reader{{Name: "Reader 1"}}}
			}
			w.target.Ticket = func(context.Context) (ersclient.Ticket, error) {
				return ersclient.Ticket{}, smartcard.TicketNotAvailable.Err()
			}
		}, want: map[string]string{"reader": "ok", "card": "attention CARD-NONE", "ticket": "attention CARD-TICKET_NOT_AVAILABLE"}},
		// A check that asks for the passcode of a blocked card sends its user to try again.
		"a card that the window knows to be blocked": {change: func(_ *testing.T, w *world) {
			w.target.Ticket = func(context.Context) (ersclient.Ticket, error) {
				return ersclient.Ticket{}, smartcard.TicketNotAvailable.Err()
			}
			w.target.Refused = smartcard.PINBlocked.Problem()
		}, want: map[string]string{"ticket": "failed CARD-PIN_BLOCKED"}},
		"an agent that does not answer": {change: func(_ *testing.T, w *world) {
			w.target.Agent = func(context.Context) (diagnose.Agent, error) { return diagnose.Agent{}, smartcard.AgentSilent }
			w.target.Ticket = func(context.Context) (ersclient.Ticket, error) { return ersclient.Ticket{}, smartcard.AgentSilent }
		}, want: map[string]string{"agent": "failed CARD-AGENT_SILENT", "ticket": "failed CARD-AGENT_SILENT"}},
		"no agent": {change: func(_ *testing.T, w *world) {
			w.target.Agent = func(context.Context) (diagnose.Agent, error) { return diagnose.Agent{}, nil }
		}, want: map[string]string{"agent": "failed CARD-NOT_INSTALLED"}, says: map[string]string{"agent": map[bool]string{
			true:  "The Identity Agent is not installed on this computer.",
			false: "No program that reads smartcards is set up: the setting agent_command is empty.",
		}[runtime.GOOS == "windows"]}},
		"a command for an agent": {change: func(_ *testing.T, w *world) {
			w.target.Agent = func(context.Context) (diagnose.Agent, error) { return diagnose.Agent{Kind: diagnose.AgentCommand}, nil }
		}, want: map[string]string{"agent": "ok"}},
		"a locked keyring": {change: func(_ *testing.T, w *world) { w.target.Keyring = ring{check: locked} },
			want: map[string]string{"keyring": "attention KEYRING-LOCKED"}},
		"another check at once": {change: func(_ *testing.T, w *world) { w.target.Keyring = ring{try: keyring.Checking} },
			want: map[string]string{"keyring": "attention KEYRING-CHECKING"}},
		"a keyring that garbles": {change: func(_ *testing.T, w *world) { w.target.Keyring = ring{try: keyring.ReadBack} },
			want: map[string]string{"keyring": "failed KEYRING-READBACK"}},
		"a folder for audit records that is a file": {change: func(t *testing.T, w *world) {
			file := filepath.Join(t.TempDir(), "audit")
			require.NoError(t, os.WriteFile(file, nil, 0o600))
			w.target.Audit = func(context.Context) error {
				log, err := audit.Open(audit.Settings{Dir: file})
				return errors.Join(err, log.Close())
			}
		}, want: map[string]string{"audit": "failed AUDIT-UNWRITABLE"}},
		"settings that are missing": {change: func(_ *testing.T, w *world) { w.target.SettingsErr = w.target.Settings.RequireReal() },
			want: map[string]string{"settings": "failed SETTING-SEVERAL", "asid": "skipped"}},
		"a workstation without events": {change: func(_ *testing.T, w *world) {
			w.target.MissingEvents = func(context.Context) error { return errors.New("there is no logind") }
		}, want: map[string]string{"workstation": "attention WORKSTATION-UNSEEN"}},
		"a workstation with few events": {change: func(_ *testing.T, w *world) {
			w.target.MissingEvents = func(context.Context) error {
				long := errors.New(strings.Repeat("no such name; ", 20))
				return errors.Join(fmt.Errorf("locking, switching users, sleep and shutdown: logind: %w", long), fmt.Errorf("sign-out: %w", long))
			}
		}, want: map[string]string{"workstation": "attention WORKSTATION-UNSEEN"}, happened: map[string]string{
			"workstation": "What is missing: locking, switching users, sleep and shutdown; sign-out."}},
		"nothing at all": {change: func(_ *testing.T, w *world) { w.target = diagnose.Target{} },
			want: map[string]string{"reader": "skipped", "card": "skipped", "agent": "skipped", "ticket": "skipped", "clock": "skipped",
				"dns": "skipped", "proxy": "skipped", "tls": "skipped", "certificate": "skipped", "asid": "skipped", "ers": "skipped",
				"keyring": "skipped", "audit": "skipped", "workstation": "skipped"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.options...)
			if test.change != nil {
				test.change(t, w)
			}
			found := w.run(t)
			for id, want := range test.want {
				said := found[id].State.String()
				if found[id].Problem != nil {
					said += " " + found[id].Problem.Code
				}
				assert.Equal(t, want, said, "%s: %s", id, found[id].Text())
			}
			if name == "a name that is not found" {
				for _, id := range []string{"dns", "ers"} {
					assert.Contains(t, strings.Join(found[id].Problem.ServiceDesk, " "), "base_url", "it may be mistyped")
				}
			}
			for id, end := range test.happened {
				assert.True(t, strings.HasSuffix(found[id].Problem.Expand(found[id].Problem.Happened), end), found[id].Problem)
			}
			for id, want := range test.says {
				assert.Equal(t, want, found[id].Text(), id)
			}
		})
	}
}

// A service desk that sees only what stops a sign-in does not see that base_url is there, misspelt.
func TestSettingsThatDoNotCountAreNamedBesideThoseThatStop(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.toml")
	for name, test := range map[string]struct{ more, code string }{
		"several stop": {"asid = 1234\n", "SETTING-SEVERAL"},
		"one stops":    {"asid = 1234\nbase_url = 'https://ers.example'\ncertificate_thumbprint = '00112233445566778899aabbccddeeff00112233'\n", "SETTING-ASID"},
	} {
		t.Run(name, func(t *testing.T) {
			content := "base_ulr = 'https://ers.example'\nidle_timeout = '15 minutes'\nscreen_lock = 'maybe'\nmy_password = 'planted-one'\n" + test.more
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			w := newWorld(t)
			w.target.Settings, w.target.SettingsErr = config.LoadReal(config.Sources{UserFile: file, OS: "windows"})
			report := diagnose.Report{Results: []diagnose.Result{{ID: "settings", Finding: w.run(t)["settings"].Finding}}, Mask: mask(diagnose.Names{})}
			found := report.Results[0]
			assert.Equal(t, diagnose.Failed, found.State)
			assert.Equal(t, test.code, found.Problem.Code)
			encoded, err := report.JSON()
			require.NoError(t, err)
			for _, text := range []string{report.Text(), string(encoded)} {
				for _, says := range []string{"asid", "Did you mean base_url?", "idle_timeout", "screen_lock", "my_password"} {
					assert.Contains(t, text, says)
				}
				assert.Contains(t, text, "e-RS Login does not use it.")
				assert.NotContains(t, text, "planted-one")
				assert.NotContains(t, text, "{{")
			}
		})
	}
	w := newWorld(t)
	settings := make([]byte, 0, 1000)
	for i := range 20 {
		settings = fmt.Appendf(settings, "unknown%d = 1\n", i)
	}
	require.NoError(t, os.WriteFile(file, settings, 0o600))
	w.target.Settings, w.target.SettingsErr = config.LoadReal(config.Sources{UserFile: file})
	text := diagnose.Report{Results: []diagnose.Result{w.run(t)["settings"]}, Mask: mask(diagnose.Names{})}.Text()
	assert.Contains(t, text, "8 more are not shown here. Correct these first.", "it is bounded")
}

// answered is an e-RS that gives a status which the stand-in gives to no such request.
type answered int

func answers(status int) func(tls.Certificate) (diagnose.ERS, error) {
	return func(tls.Certificate) (diagnose.ERS, error) { return answered(status), nil }
}

func (a answered) Examine(context.Context) (transport.Examination, error) {
	return transport.Examination{Status: int(a), TLS: tls.VersionTLS13}, nil
}

func (answered) Host() string         { return "ers.example" }
func (answered) ProxyAddress() string { return "" }

// A broken chain must name its issuer for the service desk: most often the proxy that inspects the
// traffic.
func TestTheChainThatIsRefusedIsNamed(t *testing.T) {
	w := newWorld(t)
	w.client.RootCAs = x509.NewCertPool()
	found := w.run(t)["tls"]
	assert.Contains(t, found.Text(), "127.0.0.1")
	assert.NotContains(t, found.Text(), "throw-away", "a sentence is ours alone")
	assert.Equal(t, "Not verified, in the words of the certificate: issued by e-RS stand-in throw-away CA",
		found.Problem.Expand(found.Problem.Quoted))
	report := diagnose.Report{Mask: mask(diagnose.Names{}), Results: []diagnose.Result{{ID: "tls", Name: "TLS", Finding: found.Finding}}}
	assert.Regexp(t, `\n +Not verified, in the words of the certificate: issued by e-RS stand-in throw-away CA\n`, report.Text())
	assert.Regexp(t, `\n +Technical cause: .*unknown authority; presented 1: subject "CN=e-RS stand-in", issuer "CN=e-RS stand-in`, report.Text())
}

// fixed is a certificate that is there.
func fixed(certificate tls.Certificate) func(context.Context) (tls.Certificate, error) {
	return func(context.Context) (tls.Certificate, error) { return certificate, nil }
}

func selfSigned(t *testing.T, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "own.example"},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: until,
	}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(encoded)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{encoded}, PrivateKey: key, Leaf: leaf}
}

// proxy connects, if it gets its password, should it have one.
type proxy struct {
	*httptest.Server
	password string

	mu    sync.Mutex
	conns []net.Conn
}

func newProxy(t *testing.T, password string) *proxy {
	t.Helper()
	p := &proxy{password: password}
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, conn := range p.conns {
			_ = conn.Close() // a test's own
		}
	})
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
	if _, password, _ := asked.BasicAuth(); password != p.password {
		w.Header().Set("Proxy-Authenticate", `Basic realm="made up"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	target, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic("a server without hijacking")
	}
	client, _, err := hijacker.Hijack()
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	p.conns = append(p.conns, client, target)
	p.mu.Unlock()
	_, _ = fmt.Fprint(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(target, client)
		_ = target.Close()
	}()
	_, _ = io.Copy(client, target)
	_ = client.Close()
}

// TestERR000Proxy: if this fails, a user behind a proxy with a wrong password reads that e-RS is
// down.
func TestERR000Proxy(t *testing.T) {
	const password = "a made-up password"
	tests := map[string]struct {
		stored string
		change func(*world)
		proxy  string
		ers    string
	}{
		"it connects":          {stored: password, proxy: "ok", ers: "ok"},
		"nothing is stored":    {proxy: "failed", ers: "failed"},
		"another is stored":    {stored: "not this one", proxy: "failed", ers: "failed"},
		"it does not connect":  {stored: password, change: func(w *world) { w.server.Close() }, proxy: "failed", ers: "failed"},
		"what is behind fails": {stored: password, change: func(w *world) { w.client.RootCAs = x509.NewCertPool() }, proxy: "ok", ers: "failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w, p := newWorld(t), newProxy(t, password)
			address, err := url.Parse(p.URL)
			require.NoError(t, err)
			w.client.Proxy = http.ProxyURL(address)
			w.client.ProxyCredentials = func(context.Context, string) (string, secret.Text, bool) {
				return "ann", secret.New(test.stored), test.stored != ""
			}
			if test.change != nil {
				test.change(w)
			}
			found := w.run(t)
			assert.Equal(t, test.proxy, found["proxy"].State.String(), found["proxy"].Text())
			assert.Equal(t, test.ers, found["ers"].State.String(), found["ers"].Text())
			if test.proxy == "ok" {
				assert.Contains(t, found["proxy"].Text(), address.Host)
			}
			assert.Equal(t, "ok", found["dns"].State.String(), "it is the proxy's address that is looked up")
			report, err := (diagnose.Report{Results: []diagnose.Result{found["proxy"], found["ers"]}, Mask: mask(diagnose.Names{})}).JSON()
			require.NoError(t, err)
			assert.NotContains(t, string(report), password)
		})
	}
}
