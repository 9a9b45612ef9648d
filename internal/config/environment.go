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

// Environment returns the name of the test environment of the platform in use, such as dev1, or ""
// for the live e-RS and without an address. It is EnvironmentName, else made of the host. An
// EnvironmentName from a layer below that of the address does not count: it was given to another.
func (c Config) Environment() string {
	host, key := c.Host(), "base_url"
	if c.UsedPlatform() == PlatformFHIR {
		key = "fhir_base_url"
	}
	switch {
	case host == "":
		return ""
	case c.EnvironmentName != "" && c.Origin("environment_name").Layer >= c.Origin(key).Layer:
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

// Host returns the host of e-RS on the platform in use in lower case, or nothing.
func (c Config) Host() string {
	base := c.BaseURL
	if c.UsedPlatform() == PlatformFHIR {
		base = c.FHIRBaseURL
	}
	address, err := url.Parse(base)
	if err != nil {
		return "" // it was checked when it was read
	}
	return strings.ToLower(strings.TrimSuffix(address.Hostname(), "."))
}
