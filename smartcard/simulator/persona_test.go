package simulator_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// businessFunctions is the published list.
var businessFunctions = []string{
	"REFERRING_CLINICIAN", "REFERRING_CLINICIAN_ADMIN", "REFERRING_ADMIN", "BMS_HCP_PROXY", "BMS_ADMIN",
	"SERVICE_PROVIDER_CLINICIAN", "SERVICE_PROVIDER_CLINICIAN_ADMIN", "SERVICE_PROVIDER_ADMIN", "SERVICE_DEFINER",
	"BOOKING_MANAGER", "COMMISSIONER", "INFORMATION_ANALYST", "ERS_ADMIN", "ADDITIONAL_REQUIREMENTS_MANAGER",
	"REFERRER_RIGHTS_MANAGER",
}

// If this fails, the demonstration shows people whom e-RS could not describe.
func TestPersonasAreSound(t *testing.T) {
	var keys, titles, identifiers []string
	for _, p := range simulator.Personas() {
		t.Run(p.Key, func(t *testing.T) {
			assert.Regexp(t, `^[a-z]+(-[a-z]+)*$`, p.Key)
			assert.NotContains(t, keys, p.Key)
			assert.NotContains(t, titles, p.Title)
			assert.NotContains(t, identifiers, p.Identifier)
			assert.Regexp(t, `^[0-9]{12}$`, p.Identifier)
			assert.NotEmpty(t, p.FirstName)
			assert.NotEmpty(t, p.LastName)
			seen := map[simulator.Permission]bool{}
			for _, permission := range p.Permissions {
				assert.Contains(t, businessFunctions, permission.BusinessFunction)
				assert.Regexp(t, `^[A-Z][A-Z0-9]{2,5}$`, permission.OrgIdentifier)
				assert.NotEmpty(t, permission.OrgName)
				assert.False(t, seen[permission], "twice: %v", permission)
				seen[permission] = true
			}
			found, ok := simulator.PersonaByKey(p.Key)
			assert.True(t, ok)
			assert.Equal(t, p, found)
		})
		keys, titles, identifiers = append(keys, p.Key), append(titles, p.Title), append(identifiers, p.Identifier)
	}
	assert.Equal(t, []string{"gp", "consultant", "no-roles", "blocked", "expired"}, keys, "the order of the menu")
	_, ok := simulator.PersonaByKey("unknown")
	assert.False(t, ok)
}

func TestThePersonasAreWhatTheirTitlesSay(t *testing.T) {
	persona := func(key string) simulator.Persona {
		p, ok := simulator.PersonaByKey(key)
		require.True(t, ok)
		return p
	}
	gp := persona("gp")
	assert.Equal(t, "555020964101", gp.Identifier)
	assert.Len(t, gp.Permissions, 5)
	assert.Equal(t, simulator.Permission{
		BusinessFunction: "REFERRING_CLINICIAN", OrgIdentifier: "R01", OrgName: "NHST_X3",
	}, gp.Permissions[0])

	functions, names := map[string]int{}, map[string]bool{}
	consultant := persona("consultant")
	for _, permission := range consultant.Permissions {
		functions[permission.OrgIdentifier]++
		names[permission.OrgName] = true
	}
	assert.Len(t, functions, 40)
	assert.Len(t, names, 40)
	for organisation, count := range functions {
		assert.GreaterOrEqual(t, count, 2, organisation)
	}

	assert.Empty(t, persona("no-roles").Permissions)
	assert.Equal(t, smartcard.PINBlocked, persona("blocked").Refusal)
	assert.True(t, persona("expired").TicketExpired)
	assert.False(t, slices.ContainsFunc(simulator.Personas(), func(p simulator.Persona) bool {
		return p.TicketExpired && p.Key != "expired" || p.Refusal != smartcard.Success && p.Key != "blocked"
	}), "the others sign in")
}

// The personas are data for others to keep: if this fails, changing one changes the next demonstration.
func TestPersonasAreACopy(t *testing.T) {
	simulator.Personas()[0].Permissions[0].OrgName = "scribbled over"
	assert.Equal(t, "NHST_X3", simulator.Personas()[0].Permissions[0].OrgName)
}
