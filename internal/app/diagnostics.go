package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/adrg/xdg"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/ui"
)

// windowDiagnostics is the window's page with the checks of package diagnose, which "ers-login
// doctor" runs too.
type windowDiagnostics struct {
	// platform returns the one in use, at once.
	platform func() string
	// shown is the one whose rows the page has.
	shown atomic.Value
	// open opens what to check, anew for each run; the function closes it.
	open func() (CheckRun, diagnose.Target, func() error, error)
}

// Names returns the names of the checks, for a page that is being opened.
func (d *windowDiagnostics) Names() []string {
	d.shown.Store(d.platform())
	return d.checkNames()
}

func (d *windowDiagnostics) checkNames() []string {
	var names []string
	for _, check := range d.checks(diagnose.Target{}) {
		names = append(names, check.Name)
	}
	return names
}

// checks returns the checks whose rows the page has, whatever the settings say by now.
func (d *windowDiagnostics) checks(target diagnose.Target) []diagnose.Check {
	target.Platform, _ = d.shown.Load().(string)
	return diagnose.Checks(target)
}

// Run runs all checks.
func (d *windowDiagnostics) Run(ctx context.Context, last diagnose.Incident, progress func(int, diagnose.Finding)) ui.DiagnosticsResult {
	e, services, end, err := d.open()
	if err != nil {
		e.Log.WithError(err).Error("diagnostics")
		failed := diagnose.Finding{State: diagnose.Failed, Problem: noDiagnostics.Because(err)}
		for i := range d.checkNames() {
			progress(i, failed)
		}
		return ui.DiagnosticsResult{Report: e.Log.Redact(noDiagnostics.Title)}
	}
	if last.Card {
		services.Refused = last.Problem
	}
	results := diagnose.Run(ctx, d.checks(services), progress)
	e.Log.WithField("failed", diagnose.Failures(results)).Info("diagnostics")
	masker := e.Masker(ctx, results)
	if err := end(); err != nil {
		e.Log.WithError(err).Warn("diagnostics")
	}
	report := diagnose.Report{Version: e.Program.Metadata.Version, Results: results, Last: last, Mask: masker.Mask}
	return ui.DiagnosticsResult{
		Report: report.Text(),
		Bundle: func(context.Context) (ui.Bundle, error) { return e.windowBundle(results, last, masker) },
	}
}

// windowBundle makes the support bundle, saved in the user's folder for downloads.
func (e CheckRun) windowBundle(results []diagnose.Result, last diagnose.Incident, masker *diagnose.Masker) (ui.Bundle, error) {
	now := time.Now()
	files, err := diagnose.Bundle(diagnose.BundleSettings{
		Version: e.Program.Metadata.Version, Made: now, Demonstration: e.Demo != "", Settings: e.Settings, Results: results, Last: last,
		LogDir: logging.DefaultDir(), Masker: masker,
	})
	if err != nil {
		return ui.Bundle{}, err
	}
	made := ui.Bundle{Path: filepath.Join(downloads(), "ers-login-support-"+now.Format("20060102-150405")+".zip"), Files: files}
	made.Save = func() error { return diagnose.Save(made.Path, files, now) }
	return made, nil
}

// downloads returns the folder for downloads, or the home folder if there is none.
func downloads() string {
	if folder := xdg.UserDirs.Download; isFolder(folder) {
		return folder
	}
	return xdg.Home
}

// openChecks opens what the window's diagnostics check: the window's card side, or a new one if it has
// none, as with wrong settings; and a separate keyring process, so that the window's is not kept
// busy.
func (r RealServices) openChecks() (CheckRun, diagnose.Target, func() error, error) {
	settings, err := config.LoadReal(r.Sources)
	e := CheckRun{Program: r.Program, Log: r.Log, Settings: settings, SettingsErr: err}
	ring, err := r.Program.OpenKeyring(settings, r.Log)
	if err != nil {
		return e, diagnose.Target{}, nil, err
	}
	e.Ring = ring
	side := r.CardSide.Load()
	if side == nil {
		services, end, err := e.OpenTarget()
		if err != nil {
			return e, diagnose.Target{}, nil, errors.Join(err, ring.Close())
		}
		return e, services, func() error { return errors.Join(end(), ring.Close()) }, nil
	}
	found := r.diagnosis(settings, e.SettingsErr, ring)
	found.MissingEvents = missingEvents(idleLimit(settings))
	if side.source != nil {
		found.Agent, found.Ticket = agentOf(side.source), side.source.TicketNoAuth
	}
	found.Readers = side.seenReaders()
	if found.Redirect != nil {
		found.Redirect = leftToWindow
	}
	return e, found, ring.Close, nil
}

// leftToWindow is the check of the way back from the browser in a window, which has the port during a
// sign-in: taking it could disturb that.
func leftToWindow(context.Context) error { return diagnose.ErrInUse }

// openChecks opens what the demonstration's diagnostics check: its own card and stand-in.
func (d Demonstration) openChecks() (CheckRun, diagnose.Target, func() error, error) {
	settings, err := DemoSettings()
	e := CheckRun{Demo: config.PlatformHSCN, Program: d.ring.user(), Log: d.log, Settings: settings}
	if err != nil {
		return e, diagnose.Target{}, nil, err
	}
	if e.Ring, err = e.Program.OpenKeyring(settings, d.log); err != nil {
		return e, diagnose.Target{}, nil, err
	}
	return e, simulated(settings, d.ers, d.card, e.Ring), e.Ring.Close, nil
}

// isFolder reports whether path is a folder.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

var noDiagnostics = &problem.Problem{
	Code:     "DIAG-NOT_STARTED",
	Title:    "The checks could not be started",
	Happened: "A part of e-RS Login could not be started.",
	Steps: []string{
		"Close e-RS Login and start it again.",
		"If that does not help, contact your local service desk and quote the reference below.",
	},
}
