package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/history"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui"
)

// realInput is how the window for a real sign-in was asked for.
type realInput struct {
	// file is the settings file that was named, and flags are settings.
	file  string
	flags *pflag.FlagSet
	// background: see [windowOptions]. byLink: a link has opened it.
	background, byLink bool
}

// openReal opens the window for a real sign-in. The settings are read when the window is there, so
// that it can show their errors, and again for each try.
func (p program) openReal(ctx context.Context, input realInput) error {
	log := p.openLog(logging.DefaultDir())
	defer closeLog(log)
	memory := openHistory(log)
	found := realServices{
		program: p, log: log, board: signin.NewBoard(), sources: config.System(input.file, input.flags), memory: memory, open: &openSide{},
		left: &leftover{},
	}
	return p.openWindow(ctx, log, found.board, windowOptions{
		settings: ui.Settings{
			Favourites: memory, Diagnostics: newWindowDiagnostics(found.examine),
			Preferences: newPreferences(asWanted(found.sources), p.autostart(log), log),
		},
		wanted: windowFingerprint("sign-in", input.file, input.flags, p.environ), find: found.sweepingUp, background: input.background, held: input.byLink, graphics: p.newGraphics(log),
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
	records := r.openAudit(settings, ers, certificate.CommonName(ers.using.certificate))
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

// logWriter writes the output of the organisation's program to the log, which masks tickets.
type logWriter struct{ log logrus.FieldLogger }

func (w logWriter) Write(said []byte) (int, error) {
	w.log.Warn(problem.Clean(string(said), 1000))
	return len(said), nil
}
