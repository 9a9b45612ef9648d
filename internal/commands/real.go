package commands

import (
	"context"
	"errors"
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
	"github.com/ers-login/ers-login/ui"
)

// openReal opens the window for a real sign-in. The settings are read when the window is there, so that a clinician sees what is
// wrong with them, and read again when they try again.
func (p program) openReal(cmd *cobra.Command) error {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return err
	}
	log := p.openLog(logging.DefaultDir())
	defer closeLog(log)
	neighbours := realNeighbours{program: p, log: log, sources: config.System(file, cmd.Flags())}
	return p.openWindow(cmd.Context(), log, ui.Settings{}, neighbours.prepare)
}

// openLog opens the log in a folder, or on the console alone. It is there whatever happens: a folder that cannot be written to
// is said on the console.
func (p program) openLog(folder string) *logging.Log {
	log, err := logging.New(logging.Settings{Dir: folder, Console: p.stderr, Version: p.metadata.Version})
	if err != nil {
		p.report(err)
	}
	// Fyne and other libraries write to the standard log.
	standard.SetFlags(0)
	standard.SetOutput(log.StdWriter())
	return log
}

func closeLog(log io.Closer) {
	// What could still be said about it would have to go into the log.
	_ = log.Close()
}

// realNeighbours finds what the settings name.
type realNeighbours struct {
	program program
	log     *logging.Log
	sources config.Sources
}

func (r realNeighbours) prepare(ctx context.Context) (neighbours, error) {
	settings, err := config.Load(r.sources)
	if err == nil {
		err = settings.RequireReal()
	}
	if err != nil {
		return neighbours{}, err
	}
	for _, warning := range settings.Warnings {
		r.log.Warn(warning)
	}
	r.setLevel(settings.LogLevel)

	ring, err := r.program.openKeyring(settings, r.log)
	if err != nil {
		return neighbours{}, err
	}
	ers, err := r.client(ctx, settings, ring.Passphrase)
	if err != nil {
		return neighbours{}, errors.Join(err, ring.Close())
	}
	cards, err := r.openCardSide(settings)
	if err != nil {
		ers.Close()
		return neighbours{}, errors.Join(err, ring.Close())
	}
	memory, err := history.Open(history.DefaultFile())
	if err != nil {
		r.log.WithError(err).Warn("history")
	}
	return neighbours{
		agent: cards.agent, ers: ers, keyring: ring, memory: memory, nudge: cards.readers.Changed(),
		baseURL: settings.BaseURL, asid: settings.ASID,
		pollInterval: settings.AgentPollInterval, maxAge: settings.SessionMaxAge,
		close: func() {
			ers.Close()
			if err := errors.Join(cards.close(), ring.Close()); err != nil {
				r.log.WithError(err).Warn("a helper did not end")
			}
		},
	}, nil
}

func (r realNeighbours) setLevel(level string) {
	parsed, err := logrus.ParseLevel(level)
	if err != nil {
		// The settings have been checked; a level that logrus does not know is a fault of ours.
		r.log.WithError(err).Warn("log level")
		return
	}
	r.log.SetLevel(parsed)
}

// openKeyring prepares the keyring's process. It is started when it is first needed.
func (p program) openKeyring(settings config.Config, log logrus.FieldLogger) (*keyring.Client, error) {
	arguments, err := worker()
	if err != nil {
		return nil, err
	}
	return keyring.New(keyring.Settings{
		Command: arguments, Env: p.environ, Version: p.metadata.Version,
		Timeout: settings.KeyringTimeout, PromptTimeout: settings.KeyringPromptTimeout, Log: log,
	}), nil
}

func (r realNeighbours) client(ctx context.Context, settings config.Config, stored config.PassphraseSource) (*ersclient.Client, error) {
	certificate, err := r.certificate(ctx, settings, stored)
	if err != nil {
		return nil, err
	}
	roots, trustStore, err := ersclient.LoadRootCAs(settings.CABundle)
	if err != nil {
		return nil, withOrigin(settings, err)
	}
	return ersclient.New(ersclient.Config{
		BaseURL: settings.BaseURL, ASID: settings.ASID, Certificate: certificate,
		RootCAs: roots, TrustStore: trustStore, SendFQDN: settings.SendFQDN,
		UserAgent: strings.Replace(r.program.name(), " ", "/", 1), Timeout: settings.RequestTimeout,
	})
}

// logWriter writes what a program of the organisation's says to the log, which masks tickets.
type logWriter struct{ log logrus.FieldLogger }

func (w logWriter) Write(said []byte) (int, error) {
	w.log.Warn(problem.Clean(string(said), 1000))
	return len(said), nil
}
