package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
)

// A clinician who takes a test environment for the live e-RS, or the reverse, acts on the wrong data.
func TestEnvironment(t *testing.T) {
	const dev1, live, relay = "https://api.dev1.ers.ncrs.nhs.uk/ers-api", "https://api.ebs.ncrs.nhs.uk/ers-api", "https://relay.example/ers-api"
	address := func(url string) string { return "base_url = '" + url + "'\n" }
	for name, c := range map[string]struct {
		file      string
		variables []string
		want      string
	}{
		"no address":                       {"environment_name = 'Training'\n", nil, ""},
		"the live e-RS":                    {address(live), nil, ""},
		"the live e-RS, in capitals":       {address("https://API.EBS.ncrs.nhs.uk:443/ers-api"), nil, ""},
		"the live FHIR API":                {address("https://api.service.nhs.uk/referrals/FHIR"), nil, ""},
		"dev1":                             {address(dev1), nil, "dev1"},
		"integration of the FHIR API":      {address("https://int.api.service.nhs.uk/referrals/FHIR"), nil, "int"},
		"the live host as part of a name":  {address("https://api.ebs.ncrs.nhs.uk.example/ers-api"), nil, "api.ebs.ncrs.nhs.…"},
		"an unknown server":                {address(relay), nil, "relay.example"},
		"a name":                           {address(dev1) + "environment_name = ' Training '\n", nil, "Training"},
		"a relay of the live e-RS":         {address(relay) + "environment_name = 'LIVE'\n", nil, ""},
		"a name for the live host":         {address(live) + "environment_name = 'Rehearsal'\n", nil, "Rehearsal"},
		"a name of a lower layer":          {address(live) + "environment_name = 'live'\n", []string{"ERS_LOGIN_BASE_URL=" + dev1}, "dev1"},
		"a name of a higher layer":         {address(dev1), []string{"ERS_LOGIN_ENVIRONMENT_NAME=Training"}, "Training"},
		"a name that is taken back":        {address(dev1) + "environment_name = ''\n", nil, "dev1"},
		"an address that is not encrypted": {address("http://api.dev1.ers.ncrs.nhs.uk"), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			settings, _ := config.Load(config.Sources{UserFile: settingsFile(t, c.file), Environ: c.variables})
			require.Equal(t, c.want, settings.Environment())
		})
	}
}
