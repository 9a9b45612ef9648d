package ui

import (
	"math/rand/v2"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

var published = []ersclient.BusinessFunction{
	ersclient.ReferringClinician, ersclient.ReferringClinicianAdmin, ersclient.ReferringAdmin, ersclient.BMSHCPProxy,
	ersclient.BMSAdmin, ersclient.ServiceProviderClinician, ersclient.ServiceProviderClinicianAdmin,
	ersclient.ServiceProviderAdmin, ersclient.ServiceDefiner, ersclient.BookingManager, ersclient.Commissioner,
	ersclient.InformationAnalyst, ersclient.ERSAdmin, ersclient.AdditionalRequirementsManager, ersclient.ReferrerRightsManager,
}

// TestRoleNames: two roles with one name cannot be distinguished, and a code name on a card means
// nothing to a clinician.
func TestRoleNames(t *testing.T) {
	require.Len(t, roles, len(published))
	names, purposes := map[string]bool{}, map[string]bool{}
	for _, function := range published {
		name, purpose := RoleName(function), rolePurpose(function)
		require.NotEmpty(t, purpose)
		require.NotContains(t, name, "_")
		require.False(t, names[name] || purposes[purpose], "%s is called like another", function)
		names[name], purposes[purpose] = true, true
	}
	for _, c := range []struct {
		function ersclient.BusinessFunction
		want     string
	}{
		{ersclient.ServiceProviderClinicianAdmin, "Service provider clinician admin"},
		{"SOME_NEW_ROLE", "Some new role"},
		{"SOME-NEW  ROLE", "Some new role"},
		{"écho_rôle", "Écho rôle"},
		{"", "Role without a name"},
		{"___", "Role without a name"},
	} {
		require.Equal(t, c.want, RoleName(c.function))
	}
	require.Empty(t, rolePurpose("SOME_NEW_ROLE"))
}

func TestOrganisation(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"NHST_X3", "R01", "NHST_X3 (R01)"},
		{"", "R01", "R01"},
		{"NHST_X3", "", "NHST_X3"},
		{" Two\nlines ", "R01", "Two lines (R01)"},
	} {
		require.Equal(t, c.want, organisation(ersclient.Permission{OrgName: c.name, OrgIdentifier: c.code}))
	}
}

// TestOrderIsStable: a card keeps its place, in whatever order e-RS lists the pairs.
func TestOrderIsStable(t *testing.T) {
	permissions := append(manyRoles(5, 4), fiveRoles()...)
	permissions = append(permissions,
		ersclient.Permission{BusinessFunction: ersclient.ServiceDefiner, OrgIdentifier: "A1", OrgName: "northern community hospital no 1"},
		ersclient.Permission{BusinessFunction: "UNKNOWN_A", OrgIdentifier: "A1", OrgName: "northern community hospital no 1"},
		ersclient.Permission{BusinessFunction: ersclient.ServiceDefiner, OrgIdentifier: "B2"})
	want := byOrganisation(permissions)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		shuffled := append([]ersclient.Permission(nil), permissions...)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		require.Equal(t, want, byOrganisation(shuffled))
	}
	var codes []string
	for _, section := range want {
		codes = append(codes, section.code)
	}
	require.Equal(t, []string{"B2", "R01", "A1", "Y00000", "Y00001", "Y00002", "Y00003", "Y00004"}, codes,
		"by name without regard to case, then by code; one without a name by its code")
}

// TestSections: the pairs of an organisation are together, each once.
func TestSections(t *testing.T) {
	w := newWorld(t, Settings{})
	twice := append(fiveRoles(), fiveRoles()[0])
	twice[5].OrgName = " NHST_X3, spelt otherwise"
	last := twice[5]
	w.Show(choosingState(twice, &last))
	require.Equal(t, []string{
		"Choose your organisation and role",
		"Press Enter for the role you used last, or choose another.",
		"Cancel sign-in",
		"Help (F1)",
		"Search organisations and roles",
		"Your usual roles",
		"Service provider clinician admin, NHST_X3, spelt otherwise (R01), Last used, Enter, 1, 6",
		"NHST_X3  R01 · 4 more roles",
		"Referring clinician, Refer patients and book appointments, 2",
		"Referring clinician admin, Support a referring clinician, 3",
		"Service definer, Maintain the directory of services, 4",
		"Service provider clinician, Review and triage referrals, 5",
	}, w.texts()[:12])

	one := ersclient.Permission{BusinessFunction: "SOME_NEW_ROLE", OrgIdentifier: "R01"}
	w.Show(choosingState([]ersclient.Permission{one}, &one))
	require.Equal(t, []string{"Choose your organisation and role", "You have one role. Press Enter to continue.", "Cancel sign-in",
		"Help (F1)", "R01  1 role", "Some new role, Enter, 1"}, w.texts()[:6])
	w.press(fyne.KeyReturn)
	requireIntents(t, w, signin.Choose{Permission: one})
}

// TestFullTextOnFocus: two trusts whose names differ only at the end must be distinguishable.
func TestFullTextOnFocus(t *testing.T) {
	long := triage
	long.OrgName = "The Newcastle upon Tyne Hospitals and Northumbria Specialist Emergency Care Services NHS Foundation Trust"
	w := newWorld(t, Settings{})
	w.Show(choosingState(append(fiveRoles(), long), &long))
	cut := func() bool {
		card, ok := requireFocusedObject(t, w).CanvasObject.(*widgets.RoleCard)
		require.True(t, ok)
		return card.Cut(card.Size().Width)
	}
	require.False(t, cut())
	first := requireFocusedObject(t, w)
	grown := first.Size().Height
	requireNothingOverlaps(t, w)
	w.press(fyne.KeyDown)
	var before *widgets.RoleCard
	for _, object := range w.heard() {
		if card, ok := object.CanvasObject.(*widgets.RoleCard); ok && before == nil {
			before = card
		}
	}
	require.NotNil(t, before)
	require.Less(t, before.Size().Height, grown)
	require.True(t, before.Cut(before.Size().Width), "it is as high as others again")
	requireWholeInView(t, w)
	w.press(fyne.KeyUp)
	require.False(t, cut())
	requireNothingOverlaps(t, w)
}

// TestColumns: the cards use the width of the page's column.
func TestColumns(t *testing.T) {
	for _, c := range []struct {
		width, scale float32
		columns      int
	}{
		{720, 1, 2}, {960, 1, 3}, {1280, 1, 4}, {1920, 1, 4}, {720, 2, 1}, {960, 2, 1}, {1920, 2, 2},
	} {
		w := newWorld(t, Settings{TextScale: c.scale})
		w.win.Resize(fyne.NewSize(c.width, 2000))
		w.Show(choosingState(manyRoles(1, 10), nil))
		columns, height := map[float32]bool{}, float32(0)
		for _, object := range w.heard() {
			if card, ok := object.CanvasObject.(*widgets.RoleCard); ok {
				columns[object.at.X] = true
				assert.Contains(t, []float32{0, height}, height)
				if height != 0 {
					assert.Equal(t, height, card.Size().Height, "cards are equally high")
				}
				height = card.Size().Height
			}
		}
		assert.Len(t, columns, c.columns, "at %v and %v", c.width, c.scale)
	}
}
