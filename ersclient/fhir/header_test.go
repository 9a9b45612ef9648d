package fhir

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
)

// Another program sends these: a wrong one acts as another user, or is refused.
func TestHeader(t *testing.T) {
	as := func(organisation string, function ersclient.BusinessFunction, onBehalfOf string) ersclient.Permission {
		return ersclient.Permission{OrgIdentifier: organisation, BusinessFunction: function, OrgName: "A name", OnBehalfOf: onBehalfOf}
	}
	token := ersclient.NewAccessToken("planted-token")
	cases := map[string]struct {
		as    ersclient.Permission
		token ersclient.AccessToken
		want  http.Header
		err   string
	}{
		"a clinician": {as("R01", ersclient.ReferringClinician, ""), token, http.Header{
			"Authorization":                  {"Bearer planted-token"},
			"NHSD-End-User-Organisation-ODS": {"R01"},
			"NHSD-eRS-Business-Function":     {"REFERRING_CLINICIAN"},
		}, ""},
		"an admin who acts for a clinician": {as("R01", ersclient.ServiceProviderClinicianAdmin, ann), token, http.Header{
			"Authorization":                  {"Bearer planted-token"},
			"NHSD-End-User-Organisation-ODS": {"R01"},
			"NHSD-eRS-Business-Function":     {"SERVICE_PROVIDER_CLINICIAN_ADMIN"},
			"NHSD-eRS-On-Behalf-Of-User-ID":  {ann},
		}, ""},
		"an admin who asks for whom": {as("R01", ersclient.ServiceProviderClinicianAdmin, ""), token, http.Header{
			"Authorization":                  {"Bearer planted-token"},
			"NHSD-End-User-Organisation-ODS": {"R01"},
			"NHSD-eRS-Business-Function":     {"SERVICE_PROVIDER_CLINICIAN_ADMIN"},
		}, ""},
		"an unknown function": {as("R01", "TELEPATHY_COORDINATOR", ""), token, http.Header{
			"Authorization":                  {"Bearer planted-token"},
			"NHSD-End-User-Organisation-ODS": {"R01"},
			"NHSD-eRS-Business-Function":     {"TELEPATHY_COORDINATOR"},
		}, ""},
		"another role that acts for one":  {as("R01", ersclient.ReferringClinicianAdmin, ann), token, nil, "only a SERVICE_PROVIDER_CLINICIAN_ADMIN"},
		"a clinician without a number":    {as("R01", ersclient.ServiceProviderClinicianAdmin, "Dr Who"), token, nil, "12 digits"},
		"no organisation":                 {as("", ersclient.ReferringClinician, ""), token, nil, "not an ODS code"},
		"no function":                     {as("R01", "", ""), token, nil, "business function"},
		"an organisation in two lines":    {as("R01\r\nX: y", ersclient.ReferringClinician, ""), token, nil, "not an ODS code"},
		"a function in two lines":         {as("R01", "A\r\nX: y", ""), token, nil, "business function"},
		"a function with a blank":         {as("R01", "A B", ""), token, nil, "business function"},
		"no token":                        {as("R01", ersclient.ReferringClinician, ""), ersclient.AccessToken{}, nil, "no access token"},
		"a token in two lines":            {as("R01", ersclient.ReferringClinician, ""), ersclient.NewAccessToken("planted\ntoken"), nil, "no access token"},
		"a token that is longer than 600": {as("R01", ersclient.ReferringClinician, ""), ersclient.NewAccessToken(strings.Repeat("a", 601)), nil, "no access token"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			header, err := Header(one.as, one.token)
			require.Equal(t, one.want, header)
			if one.err != "" {
				require.ErrorContains(t, err, one.err)
				require.NotContains(t, err.Error(), "planted")
				return
			}
			require.NoError(t, err)
		})
	}
	require.True(t, as("R01", ersclient.ServiceProviderClinicianAdmin, "").NeedsClinician())
	require.False(t, as("R01", ersclient.ServiceProviderClinicianAdmin, ann).NeedsClinician())
	require.False(t, as("R01", ersclient.ServiceProviderAdmin, "").NeedsClinician())
}
