package config

import (
	"net/url"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

// LiveEnvironment is the value of environment_name for the live e-RS.
const LiveEnvironment = "live"

// liveHosts are the hosts of the live e-RS, as NHS England publishes them: on HSCN, and for the
// FHIR API. Both kinds of test environments have their name as a label of the host.
var liveHosts = []string{"api.ebs.ncrs.nhs.uk", "api.service.nhs.uk"}

// Environment returns the name of the test environment at BaseURL, such as dev1, or "" for the live
// e-RS and without a BaseURL. It is EnvironmentName, else made of the host. An EnvironmentName from
// a layer below that of BaseURL does not count: it was given to another address.
func (c Config) Environment() string {
	host := c.Host()
	switch {
	case host == "":
		return ""
	case c.EnvironmentName != "" && c.Origin("environment_name").Layer >= c.Origin("base_url").Layer:
		if c.EnvironmentName == LiveEnvironment {
			return ""
		}
		return c.EnvironmentName
	case slices.Contains(liveHosts, host):
		return ""
	}
	if name, is := strings.CutSuffix(host, ".ers.ncrs.nhs.uk"); is {
		host = strings.TrimPrefix(name, "api.")
	} else if name, is := strings.CutSuffix(host, ".api.service.nhs.uk"); is {
		host = name
	}
	return problem.Clean(host, maxEnvironmentName)
}

// Host returns the host of BaseURL in lower case, or nothing.
func (c Config) Host() string {
	address, err := url.Parse(c.BaseURL)
	if err != nil {
		return "" // it was checked when it was read
	}
	return strings.ToLower(strings.TrimSuffix(address.Hostname(), "."))
}
