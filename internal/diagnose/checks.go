package diagnose

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// IDCertificate is the row of the organisation's own certificate.
const IDCertificate = "certificate"

// Checks returns the rows of the Diagnostics screen in order, those of the platform in use, for one
// [Run]: results that several rows need, such as that of the one request to e-RS, are kept. Call it
// again for another Run.
//
// While the policy or the computer's settings are unusable, checks that act on settings are skipped:
// the user's settings must not decide in their place what is run, and which server sees the
// certificate or a password.
func Checks(n Target) []Check {
	var checks []Check
	barred := n.Settings.UnusableLayer()
	for _, row := range n.rows() {
		var reason string
		switch {
		case row.platform != "" && row.platform != n.platform():
			continue
		case !row.always && barred == config.LayerMachine:
			reason = saidMachine
		case !row.always && barred != config.LayerDefault:
			reason = saidPolicy
		case row.absent:
			reason = saidNothing
		}
		if reason != "" {
			row.Run = func(context.Context) Finding { return skipped(reason) }
		}
		checks = append(checks, row.Check)
	}
	return checks
}

func (n Target) platform() string {
	if n.Platform != "" {
		return n.Platform
	}
	return n.Settings.UsedPlatform()
}

// row is a check of the Diagnostics screen.
type row struct {
	// platform is the one that it is about; empty for both.
	platform string
	// always: it acts on no setting.
	always bool
	// absent: the target does not have what it looks at.
	absent bool
	Check
}

// rows are those of both platforms.
func (n Target) rows() []row {
	const hscn, fhir, both = config.PlatformHSCN, config.PlatformFHIR, ""
	const always, bySettings, present = true, false, false
	if n.LookUp == nil {
		n.LookUp = net.DefaultResolver.LookupHost
	}
	// The passphrase may come from the keyring, whose state is read before, and the request waits
	// for its turn.
	secret := 2*n.Settings.KeyringTimeout + usually
	network := n.Settings.RequestTimeout + secret
	oauth := max(network, cis2.DefaultTimeout+usually)
	ring := 4*n.Settings.KeyringTimeout + usually
	j := newJourney(n)
	noReaders, noERS := n.Readers == nil, n.ERS == nil
	return []row{
		{fhir, always, present, Check{ID: "platform", Name: "Platform", Run: func(context.Context) Finding { return ok(saidPlatform) }}},
		{fhir, bySettings, n.ClientSecret == nil, Check{ID: "client", Name: "Your organisation's application", Run: n.client, Within: secret}},
		{fhir, always, n.Browser == nil, Check{ID: "browser", Name: "Web browser", Run: n.browser}},
		{fhir, bySettings, n.Redirect == nil, Check{ID: "redirect", Name: "Way back from the browser", Run: n.redirect}},
		{both, always, noReaders, Check{ID: "reader", Name: "Smartcard reader", Run: n.reader}},
		{hscn, always, noReaders, Check{ID: "card", Name: "Smartcard", Run: n.card}},
		{hscn, bySettings, n.Agent == nil, Check{ID: "agent", Name: "Identity Agent", Run: n.agent}},
		{hscn, bySettings, n.Ticket == nil, Check{ID: "ticket", Name: "Smartcard sign-in", Run: n.ticket}},
		{both, bySettings, noERS, Check{ID: "clock", Name: "Clock", Run: j.clock, Within: network}},
		{hscn, bySettings, n.Settings.Host() == "", Check{ID: "environment", Name: "e-RS platform", Run: n.environment}},
		{both, bySettings, noERS, Check{ID: "dns", Name: "e-RS address (DNS)", Run: j.name, Within: network}},
		{both, bySettings, noERS, Check{ID: "proxy", Name: "Proxy", Run: j.proxy, Within: network}},
		{both, bySettings, noERS, Check{ID: "tls", Name: "e-RS certificate (TLS)", Run: j.chain, Within: network}},
		{hscn, bySettings, n.Certificate == nil, Check{ID: IDCertificate, Name: "Your organisation's certificate", Run: j.ownCertificate, Within: secret}},
		{hscn, bySettings, present, Check{ID: "asid", Name: "Accredited system ID (ASID)", Run: n.asid}},
		{fhir, bySettings, n.OAuth == nil, Check{ID: "oauth", Name: "Sign-in service", Run: n.oauth, Within: oauth}},
		{both, bySettings, noERS, Check{ID: "ers", Name: "e-RS response", Run: j.ers, Within: network}},
		{fhir, bySettings, n.Directory == nil, Check{ID: "directory", Name: "Names of organisations", Run: n.directory, Within: oauth}},
		{both, always, n.Keyring == nil, Check{ID: "keyring", Name: "Secure storage (keyring)", Run: n.keyring, Within: ring}},
		{both, bySettings, n.Audit == nil, Check{ID: "audit", Name: "Audit log", Run: n.audit}},
		{both, always, present, Check{ID: "settings", Name: "Settings", Run: n.settings}},
		{both, always, n.MissingEvents == nil, Check{ID: "workstation", Name: "Locking, sleep and sign-out", Run: n.workstation}},
	}
}

// reader looks at the readers. On FHIR a smartcard is one of several ways to sign in, so there may be
// none.
func (n Target) reader(ctx context.Context) Finding {
	optional := n.platform() == config.PlatformFHIR
	seen := n.Readers(ctx)
	switch {
	case seen.Err != nil && (optional || ticketapi.ServiceProblems.Has(seen.Err)):
		return troubled(Attention, seen.Err)
	case seen.Err != nil:
		return troubled(Failed, seen.Err)
	case len(seen.Readers) == 0 && optional:
		return ok(saidNoReader)
	case len(seen.Readers) == 0:
		return failed(saidNoReader, smartcard.ReaderNotAvailable.Problem())
	}
	names := make([]string, min(len(seen.Readers), maxReaders))
	for i := range names {
		names[i] = problem.Clean(seen.Readers[i].Name, maxReaderName)
	}
	return ok(saidReaders).With("Count", strconv.Itoa(len(seen.Readers))).With("Names", strings.Join(names, ", "))
}

// Limits of what readers and the Identity Agent report: readers shown, and characters of a name and
// of a version.
const maxReaders, maxReaderName, maxVersion = 3, 60, 40

// maxHost bounds a host name, in characters: DNS has no longer ones.
const maxHost = 253

func (n Target) card(ctx context.Context) Finding {
	seen := n.Readers(ctx)
	switch {
	case seen.Err != nil || len(seen.Readers) == 0:
		return skipped(saidCardUnseen)
	case !seen.CardIn():
		return attention(saidNoCard, noCard)
	}
	return ok(saidCard)
}

func (n Target) agent(ctx context.Context) Finding {
	agent, err := n.Agent(ctx)
	switch {
	case err != nil:
		return troubled(Failed, err)
	case agent.Kind == AgentCommand:
		return ok(saidCommand)
	case agent.Kind == SimulatedAgent:
		return ok(saidSimulated)
	case agent.Err != nil:
		return troubled(Failed, agent.Err)
	case !agent.Installed:
		if runtime.GOOS != "windows" {
			return failed(saidNoSource, ticketapi.NotInstalled(runtime.GOOS))
		}
		return failed(saidNoAgent, ticketapi.NotInstalled(runtime.GOOS))
	}
	return ok(saidAgent).With("API", known(problem.Clean(agent.API, maxVersion))).With("Engine", known(problem.Clean(agent.Engine, maxVersion)))
}

func known(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

func (n Target) ticket(ctx context.Context) Finding {
	_, err := n.Ticket(ctx)
	switch {
	case err == nil:
		return ok(saidTicket)
	case errors.Is(err, smartcard.TicketNotAvailable) && n.Refused != nil:
		return troubled(Failed, n.Refused)
	case errors.Is(err, smartcard.TicketNotAvailable):
		return attention(saidNoTicket, problem.Of(err))
	}
	return troubled(Failed, err)
}

func (n Target) environment(context.Context) Finding {
	host := problem.Clean(n.Settings.Host(), maxHost)
	name := n.Settings.Environment()
	if name == "" {
		return ok(saidLive).With("Host", host)
	}
	return ok(saidTest).With("Environment", name).With("Host", host)
}

func (n Target) asid(context.Context) Finding {
	if n.refused("asid") {
		return skipped(saidNoASID)
	}
	if n.ASID == "" {
		return skipped(saidNothing)
	}
	origin := problem.Verbatim(known(""))
	if from := n.Settings.Origin("asid"); from.String() != "" {
		origin = from.Phrase()
	}
	return ok(saidASID).With("ASID", n.ASID).WithPhrase("Origin", origin)
}

func (n Target) keyring(ctx context.Context) Finding {
	err := n.Keyring.Check(ctx)
	if err == nil {
		err = n.Keyring.Try(ctx, "A test entry of e-RS Login, without meaning: "+rand.Text())
	}
	if err != nil {
		return ringTroubled(err)
	}
	return ok(saidKeyring)
}

// ringTroubled is the finding of a keyring, or of what is in it, that could not be used. The next
// sign-in asks for the password of a locked one.
func ringTroubled(err error) Finding {
	if errors.Is(err, keyring.Locked) || errors.Is(err, keyring.Dismissed) || errors.Is(err, keyring.Checking) {
		return troubled(Attention, err)
	}
	return troubled(Failed, err)
}

func (n Target) audit(ctx context.Context) Finding {
	if err := n.Audit(ctx); err != nil {
		return troubled(Failed, err)
	}
	return ok(saidAudit)
}

func (n Target) settings(context.Context) Finding {
	if wrong := settingsProblems(n.SettingsErr); len(wrong) > 0 {
		return counted(failed, len(wrong), saidSettingBad, saidSettingsBad, problem.Of(n.SettingsErr))
	}
	if odd := n.Settings.Warnings; len(odd) > 0 {
		return counted(attention, len(odd), saidSettingOdd, saidSettingsOdd, (&config.Invalid{Problems: odd}).Problem())
	}
	managed := func(setting config.Setting) bool { return n.Settings.Locked(setting.Key) }
	if slices.ContainsFunc(config.Settings(), managed) {
		return ok(saidManaged)
	}
	return ok(saidSettings)
}

// counted is a finding whose sentence depends on a number.
func counted(found func(string, *problem.Problem) Finding, count int, one, many string, p *problem.Problem) Finding {
	if count == 1 {
		return found(one, p)
	}
	return found(many, p).With("Count", strconv.Itoa(count))
}

// refused reports whether a setting is missing or cannot be used, which the row of the settings
// reports.
func (n Target) refused(key string) bool {
	return slices.ContainsFunc(settingsProblems(n.SettingsErr), func(p *problem.Problem) bool { return config.IsAbout(p, key) })
}

// settingsProblems returns the Problems of the settings one by one.
func settingsProblems(err error) []*problem.Problem {
	var invalid *config.Invalid
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return invalid.Problems
	}
	return []*problem.Problem{problem.Of(err)}
}

func (n Target) workstation(ctx context.Context) Finding {
	if err := n.MissingEvents(ctx); err != nil {
		return attention(saidUnseen, unseen.With("What", missingEvents(err)).Because(err))
	}
	return ok(saidSeen)
}

// missingEvents returns what each of the joined errors says is missing: what comes before its reason,
// which is for the service desk.
func missingEvents(err error) string {
	notes := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		notes = joined.Unwrap()
	}
	var what []string
	for _, note := range notes {
		missing, _, _ := strings.Cut(note.Error(), ": ")
		if !slices.Contains(what, missing) {
			what = append(what, missing)
		}
	}
	return strings.Join(what, "; ")
}
