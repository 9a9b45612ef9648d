package transport

import "github.com/ers-login/ers-login/internal/problem"

// StandInTrust is the [Config.TrustStore] of the throw-away authority of a stand-in for e-RS.
const StandInTrust = "the authority of the demonstration"

// The names of trust stores other than a file: the system's, and a pool given without a name.
const (
	SystemTrust     = "the system's certificates"
	configuredTrust = "the configured certificates"
)

// trustPhrase returns a trust store's name for a Problem: a translatable phrase, or the path of a
// file.
func trustPhrase(name string) problem.Phrase {
	switch name {
	case SystemTrust:
		return problem.Words(SystemTrust)
	case configuredTrust:
		return problem.Words(configuredTrust)
	case StandInTrust:
		return problem.Words(StandInTrust)
	}
	return problem.Verbatim(name)
}
