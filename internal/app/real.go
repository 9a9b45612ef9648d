package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/history"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/fhir"
	"github.com/ers-login/ers-login/internal/signin/hscn"
	"github.com/ers-login/ers-login/ui"
)

// RealInput is how the window for a real sign-in was asked for.
type RealInput struct {
	// File is the settings file that was named, and flags are settings.
	File  string
	Flags *pflag.FlagSet
	// Background: see [windowOptions]. byLink: a link has opened it.
	Background, ByLink bool
}

// OpenReal opens the window for a real sign-in. The settings are read when the window is there, so
// that it can show their errors, and again for each try.
func (h Host) OpenReal(ctx context.Context, input RealInput) error {
	log := h.OpenLog(logging.DefaultDir())
	defer CloseLog(log)
	memory := openHistory(log)
	sources := h.Sources(input.File, input.Flags)
	looks := settingsForLooks(sources)
	found := RealServices{
		Program: h, Log: log, Board: signin.NewBoard(), Sources: sources, memory: memory,
		CardSide: &atomic.Pointer[CardSide]{}, leftover: &leftover{},
	}
	return h.openWindow(ctx, log, found.Board, windowOptions{
		settings: ui.Settings{
			Favourites: memory, Diagnostics: &windowDiagnostics{platform: found.usedPlatform, open: found.openChecks},
			Preferences: newPreferences(looks, h.Autostart(log), log), Environment: environmentOf(looks),
			Words: wordsOf(looks.UsedPlatform()),
		},
		fingerprint: requestFingerprint("sign-in", input.File, input.Flags, h.Environ), find: found.prepareOrClear,
		background: input.Background, manualStart: input.ByLink, graphics: h.newGraphics(log),
		unusable: found.unusable, clearBeforeFlow: found.clearBeforeFlow,
	})
}

// DemoSettings are the defaults, which a demonstration has.
func DemoSettings() config.Config {
	settings, _ := config.Load(config.Sources{}) // there is nothing that could be wrong
	return settings
}

// settingsForLooks reads the settings for the window's looks, before it opens. It reports no
// errors: the sign-in reads the settings again, with a window to report them in.
func settingsForLooks(sources config.Sources) config.Config {
	settings, _ := config.Load(sources)
	return settings
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

// RealServices finds the services that the settings name.
type RealServices struct {
	Program Host
	Log     *logging.Log
	Board   *signin.Board
	Sources config.Sources
	memory  *history.History
	// CardSide is the card side that the window has open, for its diagnostics; nil while it has none.
	CardSide *atomic.Pointer[CardSide]
	// leftover is the session that a failed start has cleared.
	leftover *leftover
	// Browse opens a page in the user's browser; nil is the desktop's way.
	Browse func(ctx context.Context, address string) error
}

// usedPlatform returns the platform by the present settings.
func (r RealServices) usedPlatform() string { return settingsForLooks(r.Sources).UsedPlatform() }

// unusable returns what is wrong with the settings, as prepare would.
func (r RealServices) unusable() error {
	_, err := config.LoadReal(r.Sources)
	return err
}

func (r RealServices) prepare(ctx context.Context) (Services, error) {
	settings, err := config.LoadReal(r.Sources)
	found := Services{environment: environmentOf(settings)}
	// Discarded settings may explain why others are missing.
	warnings := settings.Warnings
	if invalid := new(config.Invalid); errors.As(err, &invalid) {
		warnings = invalid.Discarded
	}
	r.warn(warnings)
	// A failing start is logged at that level, too.
	r.setLevel(settings.LogLevel)
	if err != nil {
		return found, err
	}
	ring := r.Program.OpenKeyring(settings, r.Log)
	r.Board.SetQuiet("platform", settings.PlatformProblem())
	environment := found.environment
	if settings.UsedPlatform() == config.PlatformFHIR {
		found, err = r.careIdentityServices(settings, ring)
	} else {
		found, err = r.identityAgentServices(ctx, settings, ring)
	}
	found.environment = environment
	if err != nil {
		return found, errors.Join(err, ring.Close())
	}
	found.keyring = clearedSessionKeyring{ownedKeyring{ring, r.Program.Lock}, r.leftover}
	found.memory, found.idleLimit = r.memory, idleLimit(settings)
	return found.with(settings, ring, r.Log), nil
}

// wordsOf returns a platform's words for a window without a flow.
func wordsOf(platform string) *signin.Words {
	words := hscn.Words
	if platform == config.PlatformFHIR {
		words = fhir.Words
	}
	return &words
}

// idleLimit returns how long the computer may be idle before a session ends, 0 for no limit. The
// Identity Agent has a limit of its own.
func idleLimit(settings config.Config) time.Duration {
	if settings.UsedPlatform() == config.PlatformFHIR {
		return settings.IdleTimeout
	}
	return 0
}

// environmentOf returns the e-RS that settings lead to.
func environmentOf(settings config.Config) signin.Environment {
	found := signin.Environment{Name: settings.Environment(), Host: settings.Host(), Platform: settings.UsedPlatform()}
	if found.Platform == config.PlatformHSCN {
		found.ASID = settings.ASID
	}
	return found
}

// warn reports discarded settings. The window shows those that a user can act on.
func (r RealServices) warn(warnings []*problem.Problem) {
	const shown = 5
	for i := range shown {
		var found *problem.Problem
		if i < len(warnings) {
			found = warnings[i]
		}
		// After another try there may be fewer.
		r.Board.Set(fmt.Sprintf("settings %d", i), found)
	}
	for _, warning := range warnings {
		r.Log.Warn(warning)
	}
}

func (r RealServices) setLevel(level string) {
	if parsed, err := logrus.ParseLevel(level); err == nil { // the settings were validated
		r.Log.SetLevel(parsed)
	}
}

// openAuditLog opens the audit log (LAL-001), which records under the certificate's name. The window
// reports a log that cannot be written; the settings decide whether sign-in is possible nevertheless.
func (r RealServices) openAuditLog(settings config.Config, fqdn string) *audit.Log {
	log, err := audit.Open(audit.Settings{
		Dir: settings.AuditDir, Keep: settings.AuditKeep,
		SessionID: audit.SessionID(settings.AuditSessionID), SystemLog: settings.AuditSystemLog,
		Version: r.Program.Metadata.Version, ASID: settings.ASID, FQDN: fqdn,
		Trouble: func(found *problem.Problem) { r.Board.Set("audit", found) }, Log: r.Log,
	})
	if err != nil {
		r.Log.WithError(err).Warn("audit log")
	}
	return log
}

func closeAudit(log *audit.Log) error {
	if err := log.Close(); err != nil {
		return errors.Join(errors.New("audit log"), err)
	}
	return nil
}
