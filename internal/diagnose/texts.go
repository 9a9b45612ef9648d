package diagnose

import "slices"

// What findings say.
const (
	saidNoAnswer  = "There was no answer in time."
	saidPanic     = "This check could not be completed."
	saidCancelled = "The checks were stopped before this one."
	saidNothing   = "Not used on this computer."
	saidPolicy    = "The policy cannot be used."
	saidMachine   = "The settings of this computer cannot be used."

	saidReaders     = "{{.Count}} connected: {{.Names}}."
	saidNoReader    = "No smartcard reader is connected."
	saidCard        = "There is a card in the reader."
	saidNoCard      = "There is no card in the reader."
	saidCardUnseen  = "The reader could not be checked, so the card could not be checked either."
	saidAgent       = "The Identity Agent is installed (API version {{.API}}, engine version {{.Engine}})."
	saidNoAgent     = "The Identity Agent is not installed on this computer."
	saidNoSource    = "No program that reads smartcards is set up: the setting agent_command is empty."
	saidCommand     = "Smartcard sign-in uses the program in the setting agent_command."
	saidSimulated   = "The Identity Agent is simulated in the demonstration."
	saidTicket      = "A smartcard is signed in."
	saidNoTicket    = "No smartcard is signed in."
	saidClock       = "This computer's clock is right, to within 1 second."
	saidClockNear   = "This computer's clock is right, to within {{.Seconds}} seconds."
	saidClockWrong  = "This computer's clock and e-RS differ by {{.Minutes}} minutes."
	saidNoClock     = "e-RS did not respond, so the clock could not be compared."
	saidNoDate      = "The response from e-RS has no time."
	saidLive        = "This is the live e-RS ({{.Host}})."
	saidTest        = "This is the test environment {{.Environment}} ({{.Host}}), not the live e-RS."
	saidName        = "The name {{.Host}} was found."
	saidNoName      = "The name {{.Host}} was not found."
	saidProxyName   = "The proxy's name {{.Host}} was found. The proxy looks up the name of e-RS."
	saidAddress     = "{{.Host}} is an IP address, so there is no name to look up."
	saidNoProxy     = "No proxy is used."
	saidProxy       = "The proxy {{.Proxy}} is used, and connects to e-RS."
	saidProxyUnseen = "The proxy {{.Proxy}} is used. We could not check that it connects."
	saidChain       = "The certificate of {{.Host}} is valid until {{.Until}} ({{.Left}}). It was issued by \"{{.Issuer}}\". " +
		"Its root is \"{{.Root}}\", from {{.TrustStore}}."
	saidRefused        = "The certificate of {{.Host}} was not accepted."
	saidNoTLS          = "{{.Host}} is on this computer and is reached without TLS, so there is no certificate."
	saidNoChain        = "There was no connection, so no certificate was received."
	saidCertificate    = "The certificate \"{{.Name}}\" is valid until {{.Until}} ({{.Left}})."
	saidASID           = "The accredited system ID is {{.ASID}} ({{.Origin}})."
	saidNoASID         = "The accredited system ID (ASID) is missing or not valid."
	saidAnswers        = "e-RS responds over a secure connection (HTTP status {{.Status}})."
	saidAnswersHere    = "e-RS responds on this computer, without TLS (HTTP status {{.Status}})."
	saidAnswersBad     = "e-RS, or something in front of it, has a problem (HTTP status {{.Status}})."
	saidAnswersOdd     = "Something responds, but not as e-RS should (HTTP status {{.Status}})."
	saidNoProxySetting = "The settings do not have a valid proxy."
	saidNoAddress      = "The settings do not have a valid address of e-RS."
	saidNoBundle       = "The file that the setting ca_bundle names cannot be used."
	saidNoOwn          = "e-RS asks for your organisation's certificate, which could not be used. Its own check says why."
	saidKeyring        = "A test entry was written, read back and removed."
	saidAudit          = "The audit log can be written."
	saidSettings       = "All settings are valid."
	saidManagedOne     = "All settings are valid. Your organisation manages 1 of them."
	saidManaged        = "All settings are valid. Your organisation manages {{.Count}} of them."
	saidSettingsBad    = "{{.Count}} settings are missing or not valid."
	saidSettingBad     = "1 setting is missing or not valid."
	saidSettingsOdd    = "The settings work, but {{.Count}} of them need attention."
	saidSettingOdd     = "The settings work, but 1 of them needs attention."
	saidSeen           = "e-RS Login can see when this computer is locked, sleeps or signs out."
	saidUnseen         = "e-RS Login cannot see everything about locking, sleep and sign-out."

	saidPlatform     = "NHS Care Identity (CIS2)"
	saidClient       = "The client id is set ({{.Origin}}), and the client secret was found."
	saidClientPublic = "The client id is set ({{.Origin}}). A broker needs no client secret."
	saidNoClient     = "No client id is set that can be used."
	saidRedirect     = "The browser can come back to this computer."
	// Said of the port, by a window and beside one.
	saidRedirectInUse = "The open window of e-RS Login uses this way, so it was not checked."
	saidBrowser       = "This computer can open a page in the browser."
	saidOAuth         = "The sign-in service {{.Host}} answers, over a verified connection (HTTP status {{.Status}})."
	saidOAuthHere     = "The sign-in service {{.Host}} answers on this computer, without TLS (HTTP status {{.Status}})."
	saidOAuthBad      = "Something is wrong at the sign-in service {{.Host}} (HTTP status {{.Status}})."
	saidDirectory     = "The directory of organisations, {{.Host}}, answers (HTTP status {{.Status}})."
	saidNoDirectory   = "Organisations are shown by their codes: their names cannot be looked up."
	saidDirectoryOff  = "The settings leave organisations' names out."
)

// Texts returns every name and sentence of the screen's rows, for translation. Problems are
// collected elsewhere; the texts of [Handoff] are the command line's, which is English.
func Texts() []string {
	list := []string{OK.Word(), Attention.Word(), Failed.Word(), Skipped.Word()}
	for _, row := range (Target{}).rows() {
		list = append(list, row.Name)
	}
	list = append(list,
		saidNoAnswer, saidPanic, saidCancelled, saidNothing, saidPolicy, saidMachine,
		saidReaders, saidNoReader, saidCard, saidNoCard, saidCardUnseen, saidAgent, saidNoAgent, saidNoSource, saidCommand, saidSimulated,
		saidTicket, saidNoTicket, saidClock, saidClockNear, saidClockWrong, saidNoClock, saidNoDate, saidLive, saidTest, saidName, saidNoName, saidProxyName,
		saidAddress, saidNoProxy, saidProxy, saidProxyUnseen, saidChain, saidRefused, saidNoTLS, saidNoChain, saidCertificate, saidASID,
		saidNoASID, saidAnswers, saidAnswersHere, saidAnswersBad, saidAnswersOdd, saidNoAddress, saidNoProxySetting, saidNoBundle, saidNoOwn, saidKeyring, saidAudit, saidSettings,
		saidManagedOne, saidManaged, saidSettingsBad, saidSettingBad, saidSettingsOdd, saidSettingOdd, saidSeen, saidUnseen,

		saidPlatform, saidClient, saidClientPublic, saidNoClient, saidRedirect, saidRedirectInUse, saidBrowser, saidOAuth, saidOAuthHere, saidOAuthBad, saidDirectory,
		saidNoDirectory, saidDirectoryOff,
	)
	slices.Sort(list)
	return slices.Compact(list)
}
