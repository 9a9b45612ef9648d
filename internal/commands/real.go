package commands

import (
	"context"
	"crypto/tls"
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
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/command"
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
	err = p.openWindow(cmd.Context(), log, ui.Settings{}, neighbours.prepare)
	var shown reported
	if errors.As(err, &shown) {
		printProblem(p.stderr, shown.error)
	}
	return err
}

// openLog opens the log in a folder, or on the console alone. It is there whatever happens: a folder that cannot be written to
// is said on the console.
func (p program) openLog(folder string) *logging.Log {
	log, err := logging.New(logging.Settings{Dir: folder, Console: p.stderr, Version: p.metadata.Version})
	if err != nil {
		printProblem(p.stderr, err)
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

	agent, err := r.agent(settings)
	if err != nil {
		return neighbours{}, err
	}
	chain, err := r.program.openKeyring(settings, r.log)
	if err != nil {
		return neighbours{}, err
	}
	ers, err := r.client(ctx, settings, chain)
	if err != nil {
		return neighbours{}, errors.Join(err, chain.Close())
	}
	memory, err := history.Open(history.DefaultFile())
	if err != nil {
		r.log.WithError(err).Warn("history")
	}
	return neighbours{
		agent: agent, ers: ers, keyring: chain, memory: memory,
		baseURL: settings.BaseURL, asid: settings.ASID,
		pollInterval: settings.AgentPollInterval, maxAge: settings.SessionMaxAge,
		close: func() {
			ers.Close()
			if err := chain.Close(); err != nil {
				r.log.WithError(err).Warn("the keyring worker did not end")
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

// agent is the program that the organisation has configured. There is no falling back on a simulated one.
func (r realNeighbours) agent(settings config.Config) (smartcard.Agent, error) {
	if len(settings.AgentCommand) == 0 {
		return nil, noAgent
	}
	agent, err := command.New(settings.AgentCommand)
	if err != nil {
		return nil, err
	}
	agent.Stderr = logWriter{r.log.WithField("agent", "stderr")}
	return agent, nil
}

var noAgent = &problem.Problem{
	Code:  "SETTING-AGENT_COMMAND",
	Title: "No source of smartcard tickets is set up",
	Happened: "This version of the program takes the ticket of your smartcard from a program that your organisation chooses, " +
		"and the setting agent_command, which names it, is empty.",
	Steps: []string{
		"Give your local service desk the reference below.",
		"For the service desk: set agent_command to the full path of a program that prints the ticket.",
	},
	Retry: true,
}

// openKeyring prepares the keyring's process. It is started when it is first needed.
func (p program) openKeyring(settings config.Config, log logrus.FieldLogger) (*keyring.Client, error) {
	arguments, err := worker()
	if err != nil {
		return nil, err
	}
	return keyring.New(keyring.Settings{
		Command: arguments, Version: p.metadata.Version,
		Timeout: settings.KeyringTimeout, PromptTimeout: settings.KeyringPromptTimeout, Log: log,
	}), nil
}

func (r realNeighbours) client(ctx context.Context, settings config.Config, chain *keyring.Client) (*ersclient.Client, error) {
	certificate, err := r.certificate(ctx, settings, chain)
	if err != nil {
		return nil, err
	}
	roots, trustStore, err := ersclient.LoadRootCAs(settings.CABundle)
	if err != nil {
		return nil, err
	}
	return ersclient.New(ersclient.Config{
		BaseURL: settings.BaseURL, ASID: settings.ASID, Certificate: certificate,
		RootCAs: roots, TrustStore: trustStore, SendFQDN: settings.SendFQDN,
		UserAgent: strings.Replace(r.program.name(), " ", "/", 1), Timeout: settings.RequestTimeout,
	})
}

func (r realNeighbours) certificate(ctx context.Context, settings config.Config, chain *keyring.Client) (tls.Certificate, error) {
	if !settings.PKCS12() {
		return ersclient.LoadCertificate(ersclient.CertificateFiles{Certificate: settings.Certificate, Key: settings.Key})
	}
	passphrase, err := settings.Passphrase(ctx, chain.Passphrase)
	if err != nil {
		return tls.Certificate{}, err
	}
	r.log.Guard(passphrase)
	return ersclient.LoadCertificate(ersclient.CertificateFiles{PKCS12: settings.Certificate, Passphrase: passphrase})
}

// logWriter writes what a program of the organisation's says to the log, which masks tickets.
type logWriter struct{ log logrus.FieldLogger }

func (w logWriter) Write(said []byte) (int, error) {
	w.log.Warn(problem.Clean(string(said), 1000))
	return len(said), nil
}
