package cis2test_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2test"
)

const uuidOfOurs = "6d1b7f1e-4a3f-4b52-9a0c-7b6a5f0c2d11"

// api calls the FHIR API: the headers are those of a right call, with changes; "" drops one.
func (c *caller) api(path, token string, changes map[string]string) answer {
	c.Helper()
	header := http.Header{
		"Accept": {"application/fhir+json"}, "Authorization": {"Bearer " + token}, "X-Correlation-ID": {uuidOfOurs},
		"NHSD-End-User-Organisation-ODS": {"RX001"}, "NHSD-eRS-Business-Function": {"SERVICE_PROVIDER_CLINICIAN_ADMIN"},
	}
	for name, value := range changes {
		header[name] = []string{value}
		if value == "" {
			delete(header, name)
		}
	}
	return c.do(http.MethodGet, c.server.FHIRURL()+path, "", header)
}

func example(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "fhir", "testdata", name))
	require.NoError(t, err)
	return raw
}

// shape decodes JSON, without the times that differ with each answer.
func shape(t *testing.T, raw []byte) any {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal(raw, &value), string(raw))
	var level func(any)
	level = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for name, member := range value {
				switch name {
				case "lastUpdated", "timestamp":
					value[name] = ""
				}
				level(member)
			}
		case []any:
			for _, member := range value {
				level(member)
			}
		}
	}
	level(value)
	return value
}

const (
	rolesPath      = "/R4/PractitionerRole"
	cliniciansPath = "/R4/Practitioner?_query=onBehalfOf"
)

// A client that works with the stand-in has to work with e-RS: its refusals are the published ones.
func TestRefusalsAreThoseOfERS(t *testing.T) {
	unproven := cis2test.Persona{ID: "unproven", Identifier: "555020964199", Level: 3, Unproven: true}
	cases := map[string]struct {
		options []cis2test.Option
		persona string
		path    string
		change  map[string]string
		before  func(*cis2test.Server)
		status  int
		example string
	}{
		"an unknown token": {change: map[string]string{"Authorization": "Bearer other"}, status: 401, example: "ers-r4-401-invalid-access-token"},
		"no token":         {change: map[string]string{"Authorization": ""}, status: 401, example: "ers-r4-401-invalid-access-token"},
		"a token that has ended": {
			before: func(s *cis2test.Server) { s.Pass(600 * time.Second) }, status: 401, example: "ers-r4-401-access-token-expired",
		},
		"a token revoked behind the back": {
			before: func(s *cis2test.Server) { s.Revoke(cis2test.Admin) }, status: 401, example: "ers-r4-401-invalid-access-token",
		},
		"too low a level":       {persona: cis2test.LowLevel, status: 401, example: "ers-r4-401-insufficient-aal"},
		"too low a level, A040": {persona: cis2test.LowLevel, path: cliniciansPath, status: 401, example: "ers-r4-401-insufficient-aal"},
		"too low an identity": {
			options: []cis2test.Option{cis2test.WithPersona(unproven)}, persona: "unproven", status: 401, example: "ers-r4-401-insufficient-ial",
		},
		"no ASID": {options: []cis2test.Option{cis2test.WithoutASID()}, status: 403, example: "ers-r4-403-asid-not-configured"},
		"no organisation": {
			path: cliniciansPath, change: map[string]string{"NHSD-End-User-Organisation-ODS": ""}, status: 400, example: "ers-r4-400-ods-header-missing",
		},
		"no function": {path: cliniciansPath, change: map[string]string{"NHSD-eRS-Business-Function": ""}, status: 400},
		"an organisation that is not allowed": {
			options: []cis2test.Option{cis2test.WithAllowList("R01")}, path: cliniciansPath, status: 403, example: "ers-r4-403-ods-not-in-allowlist",
		},
		"another's organisation": {
			path: cliniciansPath, change: map[string]string{"NHSD-End-User-Organisation-ODS": "R01"}, status: 403, example: "ers-r4-403-business-function",
		},
		"another's function": {
			path: cliniciansPath, change: map[string]string{"NHSD-eRS-Business-Function": "ERS_ADMIN"}, status: 403, example: "ers-r4-403-business-function",
		},
		"a function that acts for no one": {
			path: cliniciansPath, change: map[string]string{"NHSD-eRS-Business-Function": "SERVICE_PROVIDER_ADMIN"},
			status: 403, example: "ers-r4-403-business-function",
		},
		"a stranger to act for": {path: cliniciansPath, change: map[string]string{"NHSD-eRS-On-Behalf-Of-User-ID": "555020964101"}, status: 400},
		"no query":              {path: "/R4/Practitioner", status: 400},
		"HTML wanted":           {change: map[string]string{"Accept": "text/html"}, status: 406},
		"an id that is none":    {change: map[string]string{"X-Correlation-ID": "mine"}, status: 400},
		"another path":          {path: "/R4/Patient", status: 404},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t, one.options...)
			if one.persona == "" {
				one.persona = cis2test.Admin
			}
			if one.path == "" {
				one.path = rolesPath
			}
			token := c.server.BeginSession(one.persona).AccessToken
			if one.before != nil {
				one.before(c.server)
			}
			got := c.api(one.path, token, one.change)
			require.Equal(t, one.status, got.status, got.body)
			if one.status == http.StatusNotFound {
				return
			}
			require.Equal(t, "application/fhir+json", got.header.Get("Content-Type"))
			require.Regexp(t, `^[0-9a-f-]{36}$`, got.header.Get("X-Request-ID"))
			require.Contains(t, got.body, `"resourceType":"OperationOutcome"`)
			if one.example != "" {
				require.Equal(t, shape(t, example(t, one.example+".json")), shape(t, []byte(got.body)))
			}
		})
	}
}

// The answers have the form of the published examples, member for member.
func TestAnswersAreThoseOfERS(t *testing.T) {
	published := cis2test.Persona{
		ID: "published", Identifier: "000000000101", Level: 3,
		Organisations: []cis2test.Organisation{
			{Code: "R69", Functions: []string{"SERVICE_DEFINER", "SERVICE_PROVIDER_CLINICIAN", "SERVICE_PROVIDER_ADMIN"}},
			{Code: "R68", Functions: []string{"REFERRING_CLINICIAN"}},
			// The published example of A040 is another person's.
			{Code: "R70", Functions: []string{"SERVICE_PROVIDER_CLINICIAN_ADMIN"}},
		},
		OnBehalfOf: []string{"111111111111"},
	}
	c := newCaller(t, cis2test.WithPersona(published))
	token := c.server.BeginSession("published").AccessToken
	object := func(raw []byte) map[string]any {
		made, ok := shape(t, raw).(map[string]any)
		require.True(t, ok)
		delete(made, "id")
		return made
	}
	list := func(value any) []any {
		made, ok := value.([]any)
		require.True(t, ok)
		return made
	}

	got := c.api(rolesPath, token, nil)
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.Equal(t, uuidOfOurs, got.header.Get("X-Correlation-ID"))
	roles, want := object([]byte(got.body)), object(example(t, "PractitionerRoleBundle.json"))
	require.InDelta(t, 3, roles["total"], 0)
	roles["total"], roles["entry"] = want["total"], list(roles["entry"])[:2]
	require.Equal(t, want, roles)

	got = c.api(cliniciansPath, token, map[string]string{"NHSD-End-User-Organisation-ODS": "R70"})
	require.Equal(t, http.StatusOK, got.status, got.body)
	clinicians, want := object([]byte(got.body)), object(example(t, "PractitionerBundle.json"))
	for _, bundle := range []map[string]any{clinicians, want} {
		entry, ok := list(bundle["entry"])[0].(map[string]any)
		require.True(t, ok)
		resource, ok := entry["resource"].(map[string]any)
		require.True(t, ok)
		require.IsType(t, map[string]any{}, resource["identifier"], "an object, where FHIR has a list")
	}
	require.Equal(t, want, clinicians)

	got = c.api(rolesPath, c.server.BeginSession(cis2test.NoRoles).AccessToken, nil)
	require.Contains(t, got.body, `"total":0`)
	require.NotContains(t, got.body, "entry", "no results, no member")
}

func TestTheDirectory(t *testing.T) {
	c := newCaller(t)
	got := c.do(http.MethodGet, c.server.DirectoryURL()+"/RX007", "", nil)
	require.Equal(t, http.StatusOK, got.status)
	require.Contains(t, got.body, `"Name":"MADE-UP HOSPITAL 7"`)
	require.Contains(t, got.body, `"extension":"RX007"`)
	require.Equal(t, http.StatusNotFound, c.do(http.MethodGet, c.server.DirectoryURL()+"/RX999", "", nil).status)
}

// A planted fault is what e-RS would send.
func TestOutcomeFault(t *testing.T) {
	c := newCaller(t)
	require.NoError(t, c.server.Fail(cis2test.A030, cis2test.OutcomeFault(500, "exception", "SERVICE_ERROR", "Internal Server Error")))
	got := c.api(rolesPath, "any", nil)
	require.Equal(t, 500, got.status)
	require.Equal(t, shape(t, example(t, "ers-r4-500-service-error.json")), shape(t, []byte(got.body)))
	require.NoError(t, c.server.Fail(cis2test.A030, cis2test.OutcomeFault(429, "throttled", "TOO_MANY_REQUESTS", "")))
	got = c.api(rolesPath, "any", nil)
	require.Equal(t, shape(t, example(t, "ers-r4-429-throttled.json")), shape(t, []byte(got.body)))
}

func TestBeginSessionKnowsItsPersonas(t *testing.T) {
	c := newCaller(t)
	require.Panics(t, func() { c.server.BeginSession("nobody") })
	require.True(t, strings.HasSuffix(c.server.DirectoryURL(), "/organisations"))
}
