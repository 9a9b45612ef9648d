package diagnose

import "slices"

// sentences are all that findings say, in English.
var sentences []string

// translated adds a sentence to those for translation.
func translated(sentence string) string {
	sentences = append(sentences, sentence)
	return sentence
}

// What findings say.
var (
	saidNoAnswer  = translated("There was no answer in time.")
	saidPanic     = translated("This check could not be completed.")
	saidCancelled = translated("The checks were stopped before this one.")
	saidNothing   = translated("Not used on this computer.")
	saidPolicy    = translated("The policy cannot be used.")
	saidMachine   = translated("The settings of this computer cannot be used.")

	saidReaders     = translated("{{.Count}} connected: {{.Names}}.")
	saidNoReader    = translated("No smartcard reader is connected.")
	saidCard        = translated("There is a card in the reader.")
	saidNoCard      = translated("There is no card in the reader.")
	saidCardUnseen  = translated("The reader could not be checked, so the card could not be checked either.")
	saidAgent       = translated("The Identity Agent is installed (API version {{.API}}, engine version {{.Engine}}).")
	saidNoAgent     = translated("The Identity Agent is not installed on this computer.")
	saidNoSource    = translated("No program that reads smartcards is set up: the setting agent_command is empty.")
	saidCommand     = translated("Smartcard sign-in uses the program in the setting agent_command.")
	saidSimulated   = translated("The Identity Agent is simulated in the demonstration.")
	saidTicket      = translated("A smartcard is signed in.")
	saidNoTicket    = translated("No smartcard is signed in.")
	saidClock       = translated("This computer's clock is right, to within 1 second.")
	saidClockNear   = translated("This computer's clock is right, to within {{.Seconds}} seconds.")
	saidClockWrong  = translated("This computer's clock and e-RS differ by {{.Minutes}} minutes.")
	saidNoClock     = translated("e-RS did not respond, so the clock could not be compared.")
	saidNoDate      = translated("The response from e-RS has no time.")
	saidLive        = translated("This is the live e-RS ({{.Host}}).")
	saidTest        = translated("This is the test environment {{.Environment}} ({{.Host}}), not the live e-RS.")
	saidName        = translated("The name {{.Host}} was found.")
	saidNoName      = translated("The name {{.Host}} was not found.")
	saidProxyName   = translated("The proxy's name {{.Host}} was found. The proxy looks up the name of e-RS.")
	saidAddress     = translated("{{.Host}} is an IP address, so there is no name to look up.")
	saidNoProxy     = translated("No proxy is used.")
	saidProxy       = translated("The proxy {{.Proxy}} is used, and connects to e-RS.")
	saidProxyUnseen = translated("The proxy {{.Proxy}} is used. We could not check that it connects.")
	saidChain       = translated("The certificate of {{.Host}} is valid until {{.Until}} ({{.Left}}). It was issued by \"{{.Issuer}}\". " +
		"Its root is \"{{.Root}}\", from {{.TrustStore}}.")
	saidRefused        = translated("The certificate of {{.Host}} was not accepted.")
	saidNoTLS          = translated("{{.Host}} is on this computer and is reached without TLS, so there is no certificate.")
	saidNoChain        = translated("There was no connection, so no certificate was received.")
	saidCertificate    = translated("The certificate \"{{.Name}}\" is valid until {{.Until}} ({{.Left}}).")
	saidASID           = translated("The accredited system ID is {{.ASID}} ({{.Origin}}).")
	saidNoASID         = translated("The accredited system ID (ASID) is missing or not valid.")
	saidAnswers        = translated("e-RS responds over a secure connection (HTTP status {{.Status}}).")
	saidAnswersHere    = translated("e-RS responds on this computer, without TLS (HTTP status {{.Status}}).")
	saidAnswersBad     = translated("e-RS, or something in front of it, has a problem (HTTP status {{.Status}}).")
	saidAnswersOdd     = translated("Something responds, but not as e-RS should (HTTP status {{.Status}}).")
	saidNoProxySetting = translated("The settings do not have a valid proxy.")
	saidNoAddress      = translated("The settings do not have a valid address of e-RS.")
	saidNoBundle       = translated("The file that the setting ca_bundle names cannot be used.")
	saidNoOwn          = translated("e-RS asks for your organisation's certificate, which could not be used. Its own check says why.")
	saidKeyring        = translated("A test entry was written, read back and removed.")
	saidAudit          = translated("The audit log can be written.")
	saidSettings       = translated("All settings are valid.")
	saidManaged        = translated("All settings are valid. Your organisation manages some of them.")
	saidSettingsBad    = translated("{{.Count}} settings are missing or not valid.")
	saidSettingBad     = translated("1 setting is missing or not valid.")
	saidSettingsOdd    = translated("The settings work, but {{.Count}} of them need attention.")
	saidSettingOdd     = translated("The settings work, but 1 of them needs attention.")
	saidSeen           = translated("e-RS Login can see when this computer is locked, sleeps or signs out.")
	saidUnseen         = translated("e-RS Login cannot see everything about locking, sleep and sign-out.")

	saidPlatform     = translated("NHS Care Identity (CIS2)")
	saidClient       = translated("The client id is set ({{.Origin}}), and the client secret was found.")
	saidClientPublic = translated("The client id is set ({{.Origin}}). A broker needs no client secret.")
	saidNoClient     = translated("No client id is set that can be used.")
	saidRedirect     = translated("The browser can come back to this computer.")
	// Said of the port, by a window and beside one.
	saidRedirectInUse = translated("The open window of e-RS Login uses this way, so it was not checked.")
	saidBrowser       = translated("This computer can open a page in the browser.")
	saidOAuth         = translated("The sign-in service {{.Host}} answers, over a verified connection (HTTP status {{.Status}}).")
	saidOAuthHere     = translated("The sign-in service {{.Host}} answers on this computer, without TLS (HTTP status {{.Status}}).")
	saidOAuthBad      = translated("Something is wrong at the sign-in service {{.Host}} (HTTP status {{.Status}}).")
	saidDirectory     = translated("The directory of organisations, {{.Host}}, answers (HTTP status {{.Status}}).")
	saidNoDirectory   = translated("Organisations are shown by their codes: their names cannot be looked up.")
	saidDirectoryOff  = translated("The settings leave organisations' names out.")
)

// Texts returns every name and sentence of the screen's rows, for translation. Problems are
// collected elsewhere; the texts of [Handoff] are the command line's, which is English.
func Texts() []string {
	list := []string{OK.Word(), Attention.Word(), Failed.Word(), Skipped.Word()}
	for _, row := range (Target{}).rows() {
		list = append(list, row.Name)
	}
	list = slices.Concat(list, sentences)
	slices.Sort(list)
	return slices.Compact(list)
}
