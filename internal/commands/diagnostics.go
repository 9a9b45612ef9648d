package commands

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/adrg/xdg"

	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/ui"
)

// windowDiagnostics is the page of the window with the checks of package diagnose, which "ers-login doctor" runs too.
type windowDiagnostics struct {
	names []string
	// examine finds what is to be looked at, anew for each run; the function ends what was opened for it.
	examine func() (examination, diagnose.Target, func() error, error)
}

func newWindowDiagnostics(examine func() (examination, diagnose.Target, func() error, error)) *windowDiagnostics {
	d := &windowDiagnostics{examine: examine}
	for _, check := range diagnose.Checks(diagnose.Target{}) {
		d.names = append(d.names, check.Name)
	}
	return d
}

// Names returns what the links are called.
func (d *windowDiagnostics) Names() []string { return d.names }

// Run looks at all of them.
func (d *windowDiagnostics) Run(ctx context.Context, progress func(int, ui.Finding)) ui.Examination {
	e, services, end, err := d.examine()
	if err != nil {
		e.log.WithError(err).Error("diagnostics")
		failed := diagnose.Finding{State: diagnose.Failed, Problem: noDiagnostics.Because(err)}
		for i := range d.names {
			progress(i, shownFinding(failed))
		}
		return ui.Examination{Report: e.log.Redact(noDiagnostics.Title)}
	}
	results := diagnose.Run(ctx, diagnose.Checks(services), func(i int, found diagnose.Finding) { progress(i, shownFinding(found)) })
	masker := e.masker(ctx, results)
	if err := end(); err != nil {
		e.log.WithError(err).Warn("diagnostics")
	}
	report := diagnose.Report{Version: e.program.metadata.Version, Results: results, Mask: masker.Mask}
	return ui.Examination{
		Report: "e-RS Login " + e.program.metadata.Version + "\n\n" + report.Text(),
		Bundle: func(context.Context) (ui.Bundle, error) { return e.windowBundle(results, masker) },
	}
}

func shownFinding(found diagnose.Finding) ui.Finding {
	shown := ui.Finding{Said: found.Said, Args: found.Args, Phrases: found.Phrases, Problem: found.Problem}
	switch found.State {
	case diagnose.OK:
		shown.State = login.HealthGood
	case diagnose.Attention:
		shown.State = login.HealthAttention
	case diagnose.Failed:
		shown.State = login.HealthBad
	case diagnose.Skipped:
		shown.State = login.HealthUnknown
	}
	return shown
}

// windowBundle makes the support bundle, to be saved where the user finds what they have downloaded.
func (e examination) windowBundle(results []diagnose.Result, masker *diagnose.Masker) (ui.Bundle, error) {
	now := time.Now()
	files, err := diagnose.Bundle(diagnose.BundleSettings{
		Version: e.program.metadata.Version, Made: now, Settings: e.settings, Results: results,
		LogDir: logging.DefaultDir(), Masker: masker,
	})
	if err != nil {
		return ui.Bundle{}, err
	}
	made := ui.Bundle{Path: filepath.Join(downloads(), "ers-login-support-"+now.Format("20060102-150405")+".zip")}
	for _, file := range files {
		made.Files = append(made.Files, ui.BundleFile{Name: file.Name, Content: string(file.Content)})
	}
	made.Save = func() error { return diagnose.Save(made.Path, files, now) }
	return made, nil
}

// downloads is the folder for what the user is to find again: the home folder where there is no other.
func downloads() string {
	if folder := xdg.UserDirs.Download; isFolder(folder) {
		return folder
	}
	return xdg.Home
}

// openSide is the card side that a window has open, for its diagnostics to look at.
type openSide struct {
	mu   sync.Mutex
	side *cardSide
}

func (o *openSide) set(side *cardSide) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.side = side
}

func (o *openSide) get() *cardSide {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.side
}

// examine is what the diagnostics of the window look at: the card side that it has open, or one of their own while it has none, as where
// its settings are wrong; and a keyring process of their own, so that the window's has nobody to wait for.
func (r realServices) examine() (examination, diagnose.Target, func() error, error) {
	settings, err := lookAtRealSettings(r.sources)
	e := examination{program: r.program, log: r.log, settings: settings, settingsErr: err}
	ring, err := r.program.openKeyring(settings, r.log)
	if err != nil {
		return e, diagnose.Target{}, nil, err
	}
	e.ring = ring
	side := r.open.get()
	if side == nil {
		services, end, err := e.services()
		if err != nil {
			return e, diagnose.Target{}, nil, errors.Join(err, ring.Close())
		}
		return e, services, func() error { return errors.Join(end(), ring.Close()) }, nil
	}
	found := r.diagnosis(settings, e.settingsErr, ring)
	found.Workstation = missingEvents
	found.Agent, found.Ticket = agentOf(side.source), side.source.TicketNoAuth
	found.Readers = func(ctx context.Context) (diagnose.Readers, error) { return seenReaders(ctx, side.readers.Presence) }
	return e, found, ring.Close, nil
}

// examine is what the diagnostics of the demonstration look at: its own card and stand-in.
func (d demonstration) examine() (examination, diagnose.Target, func() error, error) {
	settings, err := demoSettings()
	e := examination{demo: true, program: d.ring.user(), log: d.log, settings: settings}
	if err != nil {
		return e, diagnose.Target{}, nil, err
	}
	if e.ring, err = e.program.openKeyring(settings, d.log); err != nil {
		return e, diagnose.Target{}, nil, err
	}
	return e, simulated(settings, d.ers, d.card, e.ring), e.ring.Close, nil
}

// isFolder tells whether a folder is there.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

var noDiagnostics = &problem.Problem{
	Code:     "DIAG-NOT_STARTED",
	Title:    "The checks could not be started",
	Happened: "A part of this program could not be started.",
	Steps: []string{
		"Start the program again.",
		"If that does not help, give your local service desk the reference below.",
	},
}
