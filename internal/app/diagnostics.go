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
	open func() (CheckRun, diagnose.Target, func() error)
}

// Names returns the names of the checks, for a page that is being opened.
func (d *windowDiagnostics) Names() []string {
	d.shown.Store(d.platform())
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
	e, services, end := d.open()
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
		Bundle: func(context.Context) (ui.Bundle, error) { return e.windowBundle(report, masker) },
	}
}

// windowBundle makes the support bundle, saved in the user's folder for downloads.
func (e CheckRun) windowBundle(report diagnose.Report, masker *diagnose.Masker) (ui.Bundle, error) {
	now := time.Now()
	files, err := diagnose.Bundle(diagnose.BundleSettings{
		Report: report, Made: now, Demonstration: e.Demo != "", Settings: e.Settings, LogDir: logging.DefaultDir(), Masker: masker,
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
	if info, err := os.Stat(xdg.UserDirs.Download); err == nil && info.IsDir() {
		return xdg.UserDirs.Download
	}
	return xdg.Home
}

// openChecks opens what the window's diagnostics check: the window's card side, or a new one if it has
// none, as with wrong settings; and a separate keyring process, so that the window's is not kept
// busy.
func (r RealServices) openChecks() (CheckRun, diagnose.Target, func() error) {
	settings, err := config.LoadReal(r.Sources)
	ring := r.Program.OpenKeyring(settings, r.Log)
	e := CheckRun{Program: r.Program, Log: r.Log, Settings: settings, SettingsErr: err, Ring: ring}
	side := r.CardSide.Load()
	if side == nil {
		target, end := e.openReal()
		return e, target, func() error { return errors.Join(end(), ring.Close()) }
	}
	target := r.diagnosis(settings, err, ring)
	side.examinedIn(&target)
	if target.Redirect != nil {
		target.Redirect = leftToWindow
	}
	return e, target, ring.Close
}

// leftToWindow is the check of the way back from the browser in a window, which has the port during a
// sign-in: taking it could disturb that.
func leftToWindow(context.Context) error { return diagnose.ErrInUse }

// openChecks opens what the demonstration's diagnostics check: its own card and stand-in.
func (d Demonstration) openChecks() (CheckRun, diagnose.Target, func() error) {
	e := CheckRun{Demo: config.PlatformHSCN, Program: d.ring.user(), Log: d.log, Settings: DemoSettings()}
	e.Ring = e.Program.OpenKeyring(e.Settings, d.log)
	return e, simulated(e.Settings, d.ers, d.card, e.Ring), e.Ring.Close
}
