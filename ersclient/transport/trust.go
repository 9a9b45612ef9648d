package transport

import "github.com/ers-login/ers-login/internal/problem"

// StandInTrust names to a person, for [Config.TrustStore], the throw-away authority of a stand-in for e-RS.
const StandInTrust = "the authority of the demonstration"

// What names other trust stores than a file to a person: the system's, and one that was handed over without a name.
const (
	SystemTrust     = "the system's certificates"
	configuredTrust = "the configured certificates"
)

// trustPhrase returns the name of a trust store as it stands in a Problem: words of ours, or the path of a file.
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
