package diagnose

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

// The rows, by the name that they have in JSON.
const (
	IDReader      = "reader"
	IDCard        = "card"
	IDAgent       = "agent"
	IDTicket      = "ticket"
	IDClock       = "clock"
	IDEnvironment = "environment"
	IDDNS         = "dns"
	IDProxy       = "proxy"
	IDTLS         = "tls"
	IDCertificate = "certificate"
	IDASID        = "asid"
	IDERS         = "ers"
	IDKeyring     = "keyring"
	IDAudit       = "audit"
	IDSettings    = "settings"
	IDWorkstation = "workstation"

	IDPlatform  = "platform"
	IDClient    = "client"
	IDRedirect  = "redirect"
	IDBrowser   = "browser"
	IDOAuth     = "oauth"
	IDDirectory = "directory"
)

// Checks returns the rows of the Diagnostics screen in order, those of the platform in use, for one [Run]: results that several
// rows need, such as that of the one request to e-RS, are kept. Call it again for another Run.
func Checks(n Target) []Check {
	if n.LookUp == nil {
		n.LookUp = net.DefaultResolver.LookupHost
	}
	// The passphrase may come from the keyring, whose state is read before, and the request waits
	// for its turn.
	passphrase := 2*n.Settings.KeyringTimeout + usually
	network := n.Settings.RequestTimeout + passphrase
	j := newJourney(n)
	checks := n.ticketChecks(j, network, passphrase)
	if n.platform() == config.PlatformFHIR {
		checks = n.careIdentityChecks(j, network, passphrase)
	}
	if barred := n.Settings.UnusableLayer(); barred != config.LayerDefault {
		leaveOut(checks, barred)
	}
	return checks
}

func (n Target) platform() string {
	if n.Platform != "" {
		return n.Platform
	}
	return n.Settings.UsedPlatform()
}

// ticketChecks are those of the Identity Agent's platform.
func (n Target) ticketChecks(j *journey, network, passphrase time.Duration) []Check {
	return []Check{
		{ID: IDReader, Name: nameReader, Run: n.reader},
		{ID: IDCard, Name: nameCard, Run: n.card},
		{ID: IDAgent, Name: nameAgent, Run: n.agent},
		{ID: IDTicket, Name: nameTicket, Run: n.ticket},
		{ID: IDClock, Name: nameClock, Run: j.clock, Within: network},
		{ID: IDEnvironment, Name: nameEnvironment, Run: n.environment},
		{ID: IDDNS, Name: nameDNS, Run: j.name, Within: network},
		{ID: IDProxy, Name: nameProxy, Run: j.proxy, Within: network},
		{ID: IDTLS, Name: nameTLS, Run: j.chain, Within: network},
		{ID: IDCertificate, Name: nameCertificate, Run: j.ownCertificate, Within: passphrase},
		{ID: IDASID, Name: nameASID, Run: n.asid},
		{ID: IDERS, Name: nameERS, Run: j.ers, Within: network},
		{ID: IDKeyring, Name: nameKeyring, Run: n.keyring, Within: 4*n.Settings.KeyringTimeout + usually},
		{ID: IDAudit, Name: nameAudit, Run: n.audit},
		{ID: IDSettings, Name: nameSettings, Run: n.settings},
		{ID: IDWorkstation, Name: nameWorkstation, Run: n.workstation},
	}
}

// leaveOut skips the checks that act on settings while the policy or the computer's settings are
// unusable: the user's settings must not decide in their place what is run, and which server sees
// the certificate or a password.
func leaveOut(checks []Check, barred config.Layer) {
	said := saidPolicy
	if barred == config.LayerMachine {
		said = saidMachine
	}
	for i := range checks {
		switch checks[i].ID {
		case IDPlatform, IDReader, IDCard, IDBrowser, IDKeyring, IDSettings, IDWorkstation:
		default:
			checks[i].Run = func(context.Context) Finding { return skipped(said) }
		}
	}
}

func (n Target) reader(ctx context.Context) Finding {
	if n.Readers == nil {
		return skipped(saidNothing)
	}
	seen := n.Readers(ctx)
	switch {
	case ticketapi.ServiceProblems.Has(seen.Err):
		return troubled(Attention, seen.Err)
	case seen.Err != nil:
		return troubled(Failed, seen.Err)
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
	if n.Readers == nil {
		return skipped(saidNothing)
	}
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
	if n.Agent == nil {
		return skipped(saidNothing)
	}
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
		return failed(saidNoAgent, smartcard.NotInstalled.Problem())
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
	if n.Ticket == nil {
		return skipped(saidNothing)
	}
	_, err := n.Ticket(ctx)
	switch {
	case err == nil:
		return ok(saidTicket)
	case errors.Is(err, smartcard.TicketNotAvailable):
		return attention(saidNoTicket, problem.Of(err))
	}
	return troubled(Failed, err)
}

func (n Target) environment(context.Context) Finding {
	host := problem.Clean(n.Settings.Host(), maxHost)
	name := n.Settings.Environment()
	switch {
	case host == "":
		return skipped(saidNothing)
	case name == "":
		return ok(saidLive).With("Host", host)
	}
	return ok(saidTest).With("Environment", name).With("Host", host)
}

func (n Target) asid(context.Context) Finding {
	for _, wrong := range problemsOf(n.SettingsErr) {
		if config.IsAbout(wrong, "asid") {
			return failed(saidNoASID, wrong)
		}
	}
	if n.ASID == "" {
		return skipped(saidNothing)
	}
	origin := problem.Verbatim(known(""))
	if from := n.Settings.Origin("asid"); from.Where != "" {
		origin = from.Phrase()
	}
	return ok(saidASID).With("ASID", n.ASID).WithPhrase("Origin", origin)
}

func (n Target) keyring(ctx context.Context) Finding {
	if n.Keyring == nil {
		return skipped(saidNothing)
	}
	err := n.Keyring.Check(ctx)
	if err == nil {
		err = n.Keyring.Try(ctx, "A test entry of e-RS Login, without meaning: "+rand.Text())
	}
	switch {
	case err == nil:
		return ok(saidKeyring)
	case errors.Is(err, keyring.Locked), errors.Is(err, keyring.Dismissed):
		// It is unlocked at the next sign-in.
		return troubled(Attention, err)
	case errors.Is(err, keyring.Checking):
		return troubled(Attention, err)
	}
	return troubled(Failed, err)
}

func (n Target) audit(ctx context.Context) Finding {
	if n.Audit == nil {
		return skipped(saidNothing)
	}
	if err := n.Audit(ctx); err != nil {
		return troubled(Failed, err)
	}
	return ok(saidAudit)
}

func (n Target) settings(context.Context) Finding {
	if wrong := problemsOf(n.SettingsErr); len(wrong) > 0 {
		return counted(failed, len(wrong), saidSettingBad, saidSettingsBad, together(wrong))
	}
	if odd := n.Settings.Warnings; len(odd) > 0 {
		return counted(attention, len(odd), saidSettingOdd, saidSettingsOdd, together(odd))
	}
	locked := 0
	for _, setting := range config.Settings() {
		if n.Settings.Locked(setting.Key) {
			locked++
		}
	}
	switch locked {
	case 0:
		return ok(saidSettings)
	case 1:
		return ok(saidManagedOne)
	default:
		return ok(saidManaged).With("Count", strconv.Itoa(locked))
	}
}

// counted is a finding whose sentence depends on a number.
func counted(found func(string, *problem.Problem) Finding, count int, one, many string, p *problem.Problem) Finding {
	if count == 1 {
		return found(one, p)
	}
	return found(many, p).With("Count", strconv.Itoa(count))
}

func together(list []*problem.Problem) *problem.Problem {
	return (&config.Invalid{Problems: list}).Problem()
}

// problemsOf returns the Problems of the settings one by one.
func problemsOf(err error) []*problem.Problem {
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
	if n.MissingEvents == nil {
		return skipped(saidNothing)
	}
	if err := n.MissingEvents(ctx); err != nil {
		return attention(saidUnseen, unseen.With("What", err.Error()).Because(err))
	}
	return ok(saidSeen)
}
