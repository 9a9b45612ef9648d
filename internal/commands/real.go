package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	standard "log"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/history"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui"
)

// openReal opens the window for a real sign-in. The settings are read when the window is there, so
// that it can show their errors, and again for each try.
func (p program) openReal(cmd *cobra.Command) error {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return err
	}
	background, err := inBackground(cmd.Flags())
	if err != nil {
		return err
	}
	byLink, err := cmd.Flags().GetBool(byLinkFlag)
	if err != nil {
		return err
	}
	log := p.openLog(logging.DefaultDir())
	defer closeLog(log)
	memory := openHistory(log)
	found := realServices{
		program: p, log: log, board: signin.NewBoard(), sources: config.System(file, cmd.Flags()), memory: memory, open: &openSide{},
		left: &leftover{},
	}
	return p.openWindow(cmd.Context(), log, found.board, windowOptions{
		settings: ui.Settings{
			Favourites: memory, Diagnostics: newWindowDiagnostics(found.examine),
			Preferences: newPreferences(asWanted(found.sources), p.autostart(log), log),
		},
		wanted: windowFingerprint("sign-in", file, cmd.Flags(), p.environ), find: found.sweepingUp, background: background, held: byLink, graphics: p.newGraphics(log),
		unusable: found.unusable, sweep: found.sweep,
	})
}

// openHistory reads the users' earlier choices and favourites. They are a convenience: errors are
// logged.
func openHistory(log logrus.FieldLogger) *history.History {
	memory, err := history.Open(history.DefaultFile())
	if err != nil {
		log.WithError(err).Warn("history")
	}
	return memory
}

// openLog opens the log in a folder, or on the console alone. It always returns a log: a folder
// that cannot be written is reported on the console.
func (p program) openLog(folder string) *logging.Log {
	console := p.stderr
	if folder != "" {
		console = withoutConsole(p.stderr)
	}
	log, err := logging.New(logging.Settings{Dir: folder, Console: console, Version: p.metadata.Version})
	if err != nil {
		p.report(err)
	}
	// Fyne and other libraries write to the standard log.
	standard.SetFlags(0)
	standard.SetOutput(log.StdWriter())
	return log
}

func closeLog(log io.Closer) {
	// There is no log left to report an error to.
	_ = log.Close()
}

// realServices finds the services that the settings name.
type realServices struct {
	program program
	log     *logging.Log
	board   *signin.Board
	sources config.Sources
	memory  *history.History
	// open holds the card side while it is open.
	open *openSide
	// left is the session that a failed start has cleared.
	left *leftover
}

// unusable returns what is wrong with the settings, as prepare would.
func (r realServices) unusable() error {
	_, err := config.LoadReal(r.sources)
	return err
}

func (r realServices) prepare(ctx context.Context) (services, error) {
	settings, err := config.LoadReal(r.sources)
	// Discarded settings may explain why others are missing.
	r.warn(settings.Warnings)
	// A failing start is logged at that level, too.
	r.setLevel(settings.LogLevel)
	if err != nil {
		return services{}, err
	}
	ring, err := r.program.openKeyring(settings, r.log)
	if err != nil {
		return services{}, err
	}
	ers, err := r.newRenewing(ctx, settings, ring)
	if err != nil {
		return services{}, errors.Join(err, ring.Close())
	}
	cards, err := r.openCardSide(settings)
	if err != nil {
		ers.Close()
		return services{}, errors.Join(err, ring.Close())
	}
	r.open.set(&cards)
	records := r.openAudit(settings, ers, ersclient.CommonName(ers.using.certificate))
	ers.renamed = records.log.Rename
	return services{
		platform: hscn.New(hscn.Settings{
			ERS: records.ers, BaseURL: settings.BaseURL, ASID: settings.ASID, Agent: cards.agent, PollInterval: settings.AgentPollInterval,
			Changed: cards.readers.Changed(), Presence: func() hscn.Presence { return presenceOf(cards.readers.Presence()) }, Log: r.log,
		}),
		keyring: auditedKeyring{remembering{ownedKeyring{ring, r.program.lock}, r.left}, records.ers}, memory: r.memory,
		maxAge: settings.SessionMaxAge, grace: settings.ClosingGrace, endWhenLocked: settings.ScreenLock == config.LockEnds,
		close: func() {
			r.open.set(nil)
			ers.Close()
			if err := errors.Join(cards.close(), ring.Close(), records.close()); err != nil {
				r.log.WithError(err).Warn("not all ended as it should")
			}
		},
	}, nil
}

// warn reports discarded settings. The window shows those that a user can act on.
func (r realServices) warn(warnings []*problem.Problem) {
	const shown = 5
	for i := range shown {
		var found *problem.Problem
		if i < len(warnings) {
			found = warnings[i]
		}
		// After another try there may be fewer.
		r.board.Set(fmt.Sprintf("settings %d", i), found)
	}
	for _, warning := range warnings {
		r.log.Warn(warning)
	}
}

func (r realServices) setLevel(level string) {
	parsed, err := logrus.ParseLevel(level)
	if err != nil {
		// The settings were validated; a level unknown to logrus is a bug.
		r.log.WithError(err).Warn("log level")
		return
	}
	r.log.SetLevel(parsed)
}

// openKeyring prepares the keyring process, which starts when first needed.
func (p program) openKeyring(settings config.Config, log logrus.FieldLogger) (*keyring.Client, error) {
	arguments, err := worker()
	if err != nil {
		return nil, err
	}
	return keyring.New(keyring.Settings{
		Command: arguments, Env: p.environ, Version: p.metadata.Version,
		Timeout: settings.KeyringTimeout, PromptTimeout: settings.KeyringPromptTimeout, Log: log,
		Aliases: settings.WindowsAliases,
	}), nil
}

// client makes the e-RS client.
func (r realServices) client(settings config.Config, ring *keyring.Client, using credentials) (*ersclient.Client, error) {
	proxy, err := ersclient.ProxyOf(settings.Proxy)
	if err != nil {
		return nil, withOrigin(settings, err)
	}
	return ersclient.New(ersclient.Config{ASID: settings.ASID, SendFQDN: settings.SendFQDN, TransportConfig: ersclient.TransportConfig{
		BaseURL: settings.BaseURL, Certificate: using.certificate,
		RootCAs: using.roots, TrustStore: using.trustStore,
		ServerName: settings.ServerName, RSAKeyExchange: settings.TLSCiphers == config.CiphersCompatible,
		UserAgent: strings.Replace(r.program.name(), " ", "/", 1), Timeout: settings.RequestTimeout,
		Proxy: proxy, ProxyCredentials: r.proxyCredentials(settings, ring.ProxyPassword),
		Notice: r.board.Set,
	}})
}

// proxyCredentials returns the user name and password for a proxy: the user of the settings, and
// the password stored in the keyring for this proxy. It is nil if no user is set.
func (r realServices) proxyCredentials(
	settings config.Config, stored func(context.Context) (secret.Text, error),
) func(context.Context, string) (string, secret.Text, bool) {
	if settings.ProxyUser == "" {
		return nil
	}
	return func(ctx context.Context, proxy string) (string, secret.Text, bool) {
		kept, err := stored(ctx)
		var password secret.Text
		if err == nil {
			password, err = passwordFor(settings, kept, proxy)
		}
		if err != nil {
			// The user sees the proxy's own answer; the log has why there was no password.
			r.log.WithError(err).Warn("the password for the proxy")
			return "", secret.Text{}, false
		}
		r.log.Guard(password)
		return settings.ProxyUser, password, true
	}
}

// logWriter writes the output of the organisation's program to the log, which masks tickets.
type logWriter struct{ log logrus.FieldLogger }

func (w logWriter) Write(said []byte) (int, error) {
	w.log.Warn(problem.Clean(string(said), 1000))
	return len(said), nil
}
