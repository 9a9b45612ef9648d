package app

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"time"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/fhir/directory"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/workstation"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/simulator"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// CheckRun is one run of the checks.
type CheckRun struct {
	// Demo is the platform whose stand-ins are checked; empty for the real one.
	Demo     string
	Program  Host
	Log      *logging.Log
	Settings config.Config
	// SettingsErr is what keeps the settings from being used for a sign-in.
	SettingsErr error
	Ring        *keyring.Client
}

// Masker returns a masker of the names of this computer and its user, those in settings and
// results, and that of the signed-in user.
func (e CheckRun) Masker(ctx context.Context, results []diagnose.Result) *diagnose.Masker {
	names := diagnose.SystemNames().And(diagnose.SettingsNames(e.Settings)).And(diagnose.ResultNames(results))
	if session, err := e.Ring.Read(ctx); err == nil {
		e.Log.Guard(signin.SecretOf(session))
		names.People = append(names.People, session.Details().UserName)
	}
	return diagnose.NewMasker(e.Log.Redact, names, e.asid())
}

// asid returns the one that the checks are about. It is no secret.
func (e CheckRun) asid() string {
	if e.Demo != "" {
		return erstest.ASID
	}
	return e.Settings.ASID
}

// OpenTarget opens what the command line's checks examine: separate helpers, connections and
// watchers, so that a window's are not disturbed. The function closes them.
func (e CheckRun) OpenTarget() (diagnose.Target, func() error, error) {
	switch e.Demo {
	case config.PlatformHSCN:
		return e.ticketStandIns()
	case config.PlatformFHIR:
		demo, err := newCareIdentityDemo(Demonstration{program: e.Program, log: e.Log})
		if err != nil {
			return diagnose.Target{}, nil, err
		}
		return demo.target(e.Ring), func() error {
			demo.server.Close()
			return nil
		}, nil
	}
	target, end := e.openReal()
	return target, end, nil
}

// openReal opens what a real sign-in on this computer would use.
func (e CheckRun) openReal() (diagnose.Target, func() error) {
	own := RealServices{Program: e.Program, Log: e.Log, Board: signin.NewBoard()}
	found := own.diagnosis(e.Settings, e.SettingsErr, e.Ring)
	var cards CardSide
	var err error
	if e.Settings.UsedPlatform() == config.PlatformFHIR {
		cards = own.openReaders(e.Settings)
	} else if cards, err = own.openCardSide(e.Settings); err != nil {
		// That is a result like any other.
		found.Agent = func(context.Context) (diagnose.Agent, error) { return diagnose.Agent{}, err }
		return found, func() error { return nil }
	}
	cards.examinedIn(&found)
	return found, cards.Close
}

// examinedIn adds the card side to a target, as it is without the handling of a removed card.
func (s *CardSide) examinedIn(target *diagnose.Target) {
	if s.source != nil {
		target.Agent, target.Ticket = agentOf(s.source), s.source.TicketNoAuth
	}
	if s.readers != nil {
		target.Readers = func(ctx context.Context) smartcard.Presence { return settledPresence(ctx, s.readers.Presence) }
	}
}

// askWindowWithin bounds a question of the checks to an open window, which may hang.
const askWindowWithin = 2 * time.Second

// AskWindow returns what the open window says of itself, and the zero Answer without one, or if it
// does not say: the checks do not depend on it.
func AskWindow(ctx context.Context, path string) instance.Answer {
	ctx, cancel := context.WithTimeout(ctx, askWindowWithin)
	defer cancel()
	answer, err := instance.Ask(ctx, path, instance.Request{Action: instance.LastProblem})
	if err != nil {
		return instance.Answer{}
	}
	return answer
}

// diagnosis returns what to check of the network, the keyring, the settings and the workstation. The
// caller adds the card side, which a window has open.
func (r RealServices) diagnosis(settings config.Config, settingsErr error, ring *keyring.Client) diagnose.Target {
	target := diagnose.Target{
		Settings: settings, SettingsErr: settingsErr, Keyring: ring, MissingEvents: missingEvents(idleLimit(settings)),
		Audit: func(context.Context) error {
			// Opening it is the check: like a sign-in it creates a missing folder, and it writes no
			// record.
			log, err := audit.Open(audit.Settings{
				Dir: settings.AuditDir, Keep: settings.AuditKeep, Version: r.Program.Metadata.Version, ASID: settings.ASID,
			})
			if closed := log.Close(); err == nil {
				err = closed
			}
			if err != nil && settings.AuditRequired {
				// A sign-in is refused, as the window says.
				return audit.Required.With("Folder", problem.Of(err).Args["Folder"]).Because(err)
			}
			return err
		},
	}
	if settings.UsedPlatform() == config.PlatformFHIR {
		r.diagnoseCareIdentity(&target, ring)
		return target
	}
	target.ASID = settings.ASID
	target.Certificate = func(ctx context.Context) (tls.Certificate, error) {
		return r.certificate(ctx, settings, withoutPrompt(ring, keyring.Passphrase))
	}
	target.ERS = func(certificate tls.Certificate) (diagnose.ERS, error) {
		return r.newCheckClient(settings, certificate, ring)
	}
	return target
}

// diagnoseCareIdentity adds what the FHIR platform needs. No check prompts.
func (r RealServices) diagnoseCareIdentity(target *diagnose.Target, ring *keyring.Client) {
	settings := target.Settings
	// The servers are examined without client id and redirect URI, which are other rows.
	at := func(address string, timeout time.Duration) (transport.Config, error) {
		made, err := r.publicTransport(settings, withoutPrompt(ring, keyring.ProxyPassword))
		made.BaseURL, made.Timeout = address, timeout
		return made, err
	}
	target.ClientSecret = func(ctx context.Context) error {
		if settings.Broker() && settings.ClientSecretFile == "" {
			return nil
		}
		_, err := r.clientSecret(ctx, settings, withoutPrompt(ring, keyring.ClientSecret))
		return err
	}
	target.Browser = func() error {
		if err := desktop.CanBrowse(); err != nil {
			return cis2.NoBrowser.Because(err)
		}
		return nil
	}
	target.Redirect = func(ctx context.Context) error { return r.takeRedirect(ctx, settings) }
	// Connections that are checked are closed at once, so that the clients hold nothing.
	target.ERS = func(tls.Certificate) (diagnose.ERS, error) {
		there, err := at(settings.FHIRBaseURL, settings.RequestTimeout)
		if err != nil {
			return nil, err
		}
		return wayOf(fhir.New(there))
	}
	server := func(address string, timeout time.Duration, service problem.Phrase) func() (diagnose.ERS, error) {
		return func() (diagnose.ERS, error) {
			there, err := at(address, timeout)
			if err != nil {
				return nil, err
			}
			there.Service = service
			return wayOf(transport.New(there))
		}
	}
	target.OAuth = server(settings.OAuthURL, cis2.DefaultTimeout, cis2.Service)
	target.Directory = server(settings.DirectoryURL, 0, directory.Service)
}

// wayOf returns the client as a diagnose.ERS, or nil with the error.
func wayOf[T diagnose.ERS](client T, err error) (diagnose.ERS, error) {
	if err != nil {
		return nil, err
	}
	return client, nil
}

// takeRedirect takes the port that the browser comes back to, and gives it back.
func (r RealServices) takeRedirect(ctx context.Context, settings config.Config) error {
	if err := r.ownLoopback(ctx, settings); err != nil {
		return err
	}
	// No connection is made.
	listening, err := r.newGateway(settings, transport.Config{PlainLoopback: true}, nil)
	if err != nil {
		return err
	}
	defer listening.Close()
	attempt, err := listening.Client.Begin(ctx)
	switch {
	case errors.Is(err, cis2.PortInUse) && AskWindow(ctx, instance.DefaultFile()).AwaitsBrowser:
		// The port is the open window's.
		return diagnose.ErrInUse
	case err != nil:
		return err
	}
	attempt.Close()
	return nil
}

// withoutPrompt asks the keyring for a secret only if that needs no prompt.
func withoutPrompt(ring *keyring.Client, which keyring.Kept) config.PassphraseSource {
	return func(ctx context.Context) (secret.Text, error) {
		if err := ring.Check(ctx); err != nil {
			return secret.Text{}, err
		}
		return ring.Secret(ctx, which)
	}
}

// agentOf returns the description of an agent.
func agentOf(agent smartcard.Agent) func(context.Context) (diagnose.Agent, error) {
	bridge, isBridge := agent.(*ticketapi.Bridge)
	return func(ctx context.Context) (diagnose.Agent, error) {
		if !isBridge {
			return diagnose.Agent{Kind: diagnose.AgentCommand}, nil
		}
		status, err := bridge.Status(ctx)
		return diagnose.Agent{
			Installed: status.Installed, API: status.APIVersion, Engine: status.EngineVersion, Err: status.Err,
		}, err
	}
}

// Readers are reported one after the other. They count as known once nothing has changed for this
// many reads.
const (
	lookInterval = 50 * time.Millisecond
	sameLooks    = 6
)

// settledPresence waits until the readers are known.
func settledPresence(ctx context.Context, presence func() smartcard.Presence) smartcard.Presence {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	last := presence()
	for same := 0; same < sameLooks; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
		now := presence()
		same++
		if errors.Is(now.Err, ticketapi.NotLooked) || !slices.Equal(now.Readers, last.Readers) {
			same = 0
		}
		last = now
	}
	return last
}

// firstWords bounds the wait for sources of workstation events to report that they deliver none.
const firstWords = time.Second

// missingEvents returns a check that reports which workstation events this desktop does not deliver,
// WentIdle among them if there is a limit.
func missingEvents(idleLimit time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		watching, end := context.WithCancel(ctx)
		watcher := workstation.Watch(watching, idleLimit)
		select {
		case <-time.After(firstWords):
		case <-ctx.Done():
		}
		found := watcher.MissingEvents()
		end()
		for range watcher.Events() {
			// The watcher ends with its last event, and has released what it held by then.
			continue
		}
		return found
	}
}

// ticketStandIns returns the demonstration's: a simulated card and a stand-in for e-RS, signed out.
func (e CheckRun) ticketStandIns() (diagnose.Target, func() error, error) {
	server := erstest.NewUnstartedServer()
	if err := server.Start(); err != nil {
		return diagnose.Target{}, nil, err
	}
	card := simulator.New(0)
	found := simulated(e.Settings, server, card, e.Ring)
	return found, func() error {
		card.Close()
		server.Close()
		return nil
	}, nil
}

// simulated returns what the checks examine in the demonstration.
func simulated(
	settings config.Config, server *erstest.Server, card *simulator.Agent, ring *keyring.Client,
) diagnose.Target {
	certificate := server.ClientCertificate()
	return diagnose.Target{
		Settings: settings, ASID: erstest.ASID, Keyring: ring, MissingEvents: missingEvents(0),
		Readers: func(context.Context) smartcard.Presence { return card.State().Presence() },
		Agent: func(context.Context) (diagnose.Agent, error) {
			return diagnose.Agent{Kind: diagnose.SimulatedAgent}, nil
		},
		Ticket:      card.TicketNoAuth,
		Certificate: func(context.Context) (tls.Certificate, error) { return certificate, nil },
		ERS:         func(tls.Certificate) (diagnose.ERS, error) { return wayOf(standInClient(server, settings)) },
	}
}
