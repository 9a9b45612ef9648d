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

// Environment returns the name of the test environment at BaseURL, such as dev1. It is empty for the
// live e-RS, and without a BaseURL. The name is EnvironmentName if that counts, else it is part of
// the host, or the host of an unknown server. A name that another layer gave to another address
// does not count: the user could take a test environment for the live one, or the reverse.
func (c Config) Environment() string {
	host := c.Host()
	switch {
	case host == "":
		return ""
	case c.EnvironmentName != "" && c.origins["environment_name"].Layer >= c.origins["base_url"].Layer:
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
