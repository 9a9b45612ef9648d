package diagnose

import "slices"

// The names of the rows.
const (
	nameReader      = "Smartcard reader"
	nameCard        = "Smartcard"
	nameAgent       = "Identity Agent"
	nameTicket      = "Smartcard sign-in"
	nameClock       = "Clock"
	nameDNS         = "Name of e-RS (DNS)"
	nameProxy       = "Proxy"
	nameTLS         = "Certificate of e-RS (TLS)"
	nameCertificate = "Your organisation's certificate"
	nameASID        = "Accredited system id (ASID)"
	nameERS         = "Answer of e-RS"
	nameKeyring     = "Keyring"
	nameAudit       = "Audit log"
	nameSettings    = "Settings"
	nameWorkstation = "Locking, sleep and log-off"

	namePlatform  = "Platform"
	nameClient    = "Your organisation's application"
	nameRedirect  = "Way back from the browser"
	nameBrowser   = "Web browser"
	nameOAuth     = "Sign-in service"
	nameDirectory = "Names of organisations"
)

// What findings say.
const (
	saidNoAnswer  = "There was no answer in time."
	saidPanic     = "The check itself failed."
	saidCancelled = "The checks were ended before this one."
	saidNothing   = "There is nothing to look at here."
	saidPolicy    = "The policy cannot be used."
	saidMachine   = "The settings of this computer cannot be used."

	saidReaders     = "Smartcard readers connected: {{.Count}} ({{.Names}})."
	saidNoReader    = "No smartcard reader is connected."
	saidCard        = "There is a card in the reader."
	saidNoCard      = "There is no card in the reader."
	saidCardUnseen  = "The readers cannot be seen, so neither can a card."
	saidAgent       = "The Identity Agent is installed (version of its API {{.API}}, of its engine {{.Engine}})."
	saidNoAgent     = "The Identity Agent is not installed on this computer."
	saidCommand     = "Tickets come from the program that the setting agent_command names."
	saidSimulated   = "The Identity Agent is simulated, as this is the demonstration."
	saidTicket      = "Somebody is signed in with a smartcard."
	saidNoTicket    = "Nobody is signed in with a smartcard."
	saidClock       = "This computer's clock agrees with that of e-RS (difference in seconds: {{.Seconds}})."
	saidClockWrong  = "This computer's clock does not agree with that of e-RS (difference in minutes: {{.Minutes}})."
	saidNoClock     = "e-RS did not answer, so there is no clock to compare with."
	saidNoDate      = "e-RS did not tell the time in its answer."
	saidName        = "The name {{.Host}} was found."
	saidNoName      = "The name {{.Host}} could not be looked up."
	saidProxyName   = "The name {{.Host}} of the proxy was found; the proxy looks up that of e-RS."
	saidAddress     = "{{.Host}} is an address, and needs no looking up."
	saidNoProxy     = "No proxy is used."
	saidProxy       = "The proxy {{.Proxy}} is used, and connects to e-RS."
	saidProxyUnseen = "The proxy {{.Proxy}} is used; whether it connects could not be seen."
	saidChain       = "The certificate of {{.Host}} comes from \"{{.Issuer}}\" and ends in \"{{.Root}}\", which is one of {{.TrustStore}}; " +
		"it is valid until {{.Until}} (days left: {{.Days}})."
	saidRefused     = "The certificate presented for {{.Host}} is not accepted."
	saidNoChain     = "No certificate was presented, as no connection was made."
	saidCertificate = "The certificate \"{{.Name}}\" is valid until {{.Until}} (days left: {{.Days}})."
	saidASID        = "The accredited system id is {{.ASID}} ({{.Origin}})."
	saidNoASID      = "No accredited system id is set that can be used."
	saidAnswers     = "e-RS answers, over a verified connection (HTTP status {{.Status}})."
	saidAnswersBad  = "Something is wrong at e-RS, or in front of it (HTTP status {{.Status}})."
	saidAnswersOdd  = "Something answers, but not as e-RS should (HTTP status {{.Status}})."
	saidNoAddress   = "The settings leave no way to e-RS that could be tried."
	saidKeyring     = "A test entry was written, read back and removed."
	saidAudit       = "The audit log can be written."
	saidSettings    = "All settings can be used (managed by your organisation: {{.Locked}})."
	saidSettingsBad = "Some settings cannot be used ({{.Count}})."
	saidSettingsOdd = "The settings can be used, with something to look at ({{.Count}})."
	saidSeen        = "This computer tells when it is locked, sleeps or logs off."
	saidUnseen      = "This computer does not tell everything about locking, sleep and log-off."

	saidPlatform     = "NHS Care Identity (CIS2)"
	saidClient       = "The client id is set ({{.Origin}}), and the client secret was found."
	saidClientPublic = "The client id is set ({{.Origin}}). A broker needs no client secret."
	saidNoClient     = "No client id is set that can be used."
	saidRedirect     = "The browser can come back to this computer."
	saidBrowser      = "This computer can open a page in the browser."
	saidOAuth        = "The sign-in service {{.Host}} answers, over a verified connection (HTTP status {{.Status}})."
	saidOAuthBad     = "Something is wrong at the sign-in service {{.Host}} (HTTP status {{.Status}})."
	saidDirectory    = "The directory of organisations, {{.Host}}, answers (HTTP status {{.Status}})."
	saidNoDirectory  = "Organisations are shown by their codes: their names cannot be looked up."
	saidDirectoryOff = "The settings leave organisations' names out."
)

// Texts returns every name and sentence of the screen's rows, for translation. Problems are
// collected elsewhere; the texts of [Handoff] are the command line's, which is English.
func Texts() []string {
	list := []string{OK.Word(), Attention.Word(), Failed.Word(), Skipped.Word()}
	list = append(list,
		nameReader, nameCard, nameAgent, nameTicket, nameClock, nameDNS, nameProxy, nameTLS, nameCertificate, nameASID, nameERS,
		nameKeyring, nameAudit, nameSettings, nameWorkstation,
		namePlatform, nameClient, nameRedirect, nameBrowser, nameOAuth, nameDirectory,

		saidNoAnswer, saidPanic, saidCancelled, saidNothing, saidPolicy, saidMachine,
		saidReaders, saidNoReader, saidCard, saidNoCard, saidCardUnseen, saidAgent, saidNoAgent, saidCommand, saidSimulated,
		saidTicket, saidNoTicket, saidClock, saidClockWrong, saidNoClock, saidNoDate, saidName, saidNoName, saidProxyName,
		saidAddress, saidNoProxy, saidProxy, saidProxyUnseen, saidChain, saidRefused, saidNoChain, saidCertificate, saidASID,
		saidNoASID, saidAnswers, saidAnswersBad, saidAnswersOdd, saidNoAddress, saidKeyring, saidAudit, saidSettings,
		saidSettingsBad, saidSettingsOdd, saidSeen, saidUnseen,

		saidPlatform, saidClient, saidClientPublic, saidNoClient, saidRedirect, saidBrowser, saidOAuth, saidOAuthBad, saidDirectory,
		saidNoDirectory, saidDirectoryOff,
	)
	slices.Sort(list)
	return slices.Compact(list)
}
