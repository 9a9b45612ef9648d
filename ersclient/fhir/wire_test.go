package fhir

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
)

func published(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return raw
}

// role returns an entry of A030's Bundle.
func role(id, organisation, codes string) string {
	return fmt.Sprintf(`{"resource":{"resourceType":"PractitionerRole","practitioner":{"identifier":{"value":%q}},`+
		`"organization":{"identifier":{"value":%q}},"code":%s}}`, id, organisation, codes)
}

func concept(codes ...string) string {
	var codings []string
	for _, code := range codes {
		codings = append(codings, `{"system":"https://fhir.nhs.uk/CodeSystem/eRS-BusinessFunction-1","code":"`+code+`"}`)
	}
	return `{"coding":[` + strings.Join(codings, ",") + `]}`
}

func bundleOf(total string, entries ...string) string {
	return `{"resourceType":"Bundle","total":` + total + `,"entry":[` + strings.Join(entries, ",") + `]}`
}

// permissions are written as organisation:function.
func permissions(user ersclient.User) []string {
	var list []string
	for _, p := range user.Permissions {
		list = append(list, p.OrgIdentifier+":"+string(p.BusinessFunction)+p.OrgName)
	}
	return list
}

const ann = "555020964101"

// These decide which cards a clinician can choose.
func TestA030Answers(t *testing.T) {
	cases := map[string]struct {
		body string
		id   string
		want []string
		err  string
	}{
		"the published example": {
			body: string(published(t, "PractitionerRoleBundle.json")), id: "000000000101",
			want: []string{"R69:SERVICE_DEFINER", "R69:SERVICE_PROVIDER_CLINICIAN", "R69:SERVICE_PROVIDER_ADMIN", "R68:REFERRING_CLINICIAN"},
		},
		"no roles: total 0 and no entry": {body: `{"resourceType":"Bundle","total":0}`},
		"no roles: an empty list":        {body: bundleOf("0")},
		"no roles: an empty list alone":  {body: `{"resourceType":"Bundle","entry":[]}`},
		"no roles: null":                 {body: `{"resourceType":"Bundle","total":0,"entry":null}`},
		"an unknown function is kept": {
			body: bundleOf("1", role(ann, "R01", "["+concept("TELEPATHY_COORDINATOR")+"]")), id: ann, want: []string{"R01:TELEPATHY_COORDINATOR"},
		},
		"several codings in a concept": {
			body: bundleOf("1", role(ann, "R01", "["+concept("A", "B")+","+concept("C")+"]")), id: ann, want: []string{"R01:A", "R01:B", "R01:C"},
		},
		"a coding of another system beside it": {
			body: bundleOf("1", role(ann, "R01", `[{"coding":[{"system":"https://fhir.hl7.org.uk/sds-job-role","code":"R8000"},`+
				`{"system":"https://fhir.nhs.uk/CodeSystem/eRS-BusinessFunction-2","code":"A"},{"code":"B"}]}]`)),
			id: ann, want: []string{"R01:A", "R01:B"},
		},
		"doubles in one and in two entries": {
			body: bundleOf("2", role(ann, "R01", "["+concept("A", "A")+"]"), role(ann, "R01", "["+concept("A", "B")+"]")),
			id:   ann, want: []string{"R01:A", "R01:B"},
		},
		"objects where FHIR has lists": {
			body: bundleOf("1", role(ann, "R01", `{"coding":{"code":"A"}}`)), id: ann, want: []string{"R01:A"},
		},
		"lists where FHIR has objects": {
			body: bundleOf("1", `{"resource":{"resourceType":"PractitionerRole","practitioner":{"identifier":[{"system":"s"},{"value":"`+ann+
				`"}]},"organization":{"identifier":[{"value":"R01"}]},"code":[`+concept("A")+`]}}`),
			id: ann, want: []string{"R01:A"},
		},
		"blanks around texts": {body: bundleOf("1", role(" "+ann+"\n", " R01 ", "["+concept(" A ")+"]")), id: ann, want: []string{"R01:A"}},
		"an organisation without functions": {
			body: bundleOf("2", role(ann, "R01", "[]"), role(ann, "R02", "["+concept("A", "")+"]")), id: ann, want: []string{"R02:A"},
		},
		"functions without an organisation": {
			body: bundleOf("2", role(ann, "", "["+concept("A")+"]"), role(ann, "R02", "["+concept("A")+"]")), id: ann, want: []string{"R02:A"},
		},
		"a resource of another type": {
			body: bundleOf("1", `{"resource":{"resourceType":"OperationOutcome"}}`, role(ann, "R01", "["+concept("A")+"]")),
			id:   ann, want: []string{"R01:A"},
		},
		"a total that is not the number": {body: bundleOf("7", role(ann, "R01", "["+concept("A")+"]")), id: ann, want: []string{"R01:A"}},
		"no total":                       {body: `{"resourceType":"Bundle","entry":[` + role(ann, "R01", "["+concept("A")+"]") + `]}`, id: ann, want: []string{"R01:A"}},

		"neither entries nor total":     {body: `{"resourceType":"Bundle"}`, err: "does not say that there are none"},
		"entries that are missing":      {body: `{"resourceType":"Bundle","total":2}`, err: "does not say that there are none"},
		"an empty list, and two":        {body: bundleOf("2"), err: "does not say that there are none"},
		"an error with a success":       {body: string(published(t, "ers-r4-403-business-function.json")), err: "not a Bundle"},
		"an object":                     {body: `{}`, err: "not a Bundle"},
		"nothing":                       {body: ``, err: "not JSON"},
		"half":                          {body: string(published(t, "PractitionerRoleBundle.json")[:900]), err: "not JSON"},
		"a list":                        {body: `[]`, err: "not a JSON object"},
		"text as total":                 {body: `{"resourceType":"Bundle","total":"0"}`, err: "total is not a number"},
		"an entry that is an object":    {body: `{"resourceType":"Bundle","total":1,"entry":{}}`, err: "entry is not a list"},
		"an entry that is null":         {body: bundleOf("1", "null"), err: "no resource"},
		"an entry without resource":     {body: bundleOf("1", "{}"), err: "no resource"},
		"two people":                    {body: bundleOf("2", role(ann, "R01", "[]"), role("555020964102", "R02", "[]")), err: "two people"},
		"no user":                       {body: bundleOf("1", role("", "R01", "["+concept("A")+"]")), err: "no 12-digit user id"},
		"a short id":                    {body: bundleOf("1", role("5550209641", "R01", "[]")), err: "no 12-digit user id"},
		"an id with letters":            {body: bundleOf("1", role("55502096410A", "R01", "[]")), err: "no 12-digit user id"},
		"an id that is a number":        {body: strings.ReplaceAll(bundleOf("1", role(ann, "R01", "[]")), `"`+ann+`"`, ann), err: "not a string"},
		"an identifier that is a text":  {body: bundleOf("1", `{"resource":{"resourceType":"PractitionerRole","practitioner":{"identifier":"x"}}}`), err: "not an object"},
		"a code that is a text":         {body: bundleOf("1", role(ann, "R01", `["A"]`)), err: "not an object"},
		"a coding that is a text":       {body: bundleOf("1", role(ann, "R01", `[{"coding":["A"]}]`)), err: "not an object"},
		"a function that is a number":   {body: bundleOf("1", role(ann, "R01", `[{"coding":[{"code":5}]}]`)), err: "not a string"},
		"a function in two lines":       {body: bundleOf("1", role(ann, "R01", "["+concept(`A\r\nX-Other: 1`)+"]")), err: "cannot stand in a header"},
		"an organisation in two lines":  {body: bundleOf("1", role(ann, "R01\nX-Other: 1", "["+concept("A")+"]")), err: "cannot stand in a header"},
		"an organisation without end":   {body: bundleOf("1", role(ann, strings.Repeat("R", 65), "["+concept("A")+"]")), err: "cannot stand in a header"},
		"a function without end":        {body: bundleOf("1", role(ann, "R01", "["+concept(strings.Repeat("A", 101))+"]")), err: "cannot stand in a header"},
		"permissions without end":       {body: bundleOf("1", role(ann, "R01", "["+concept(numbered("F", maxResults+1)...)+"]")), err: "more than 10000 permissions"},
		"brackets without end":          {body: `{"resourceType":"Bundle","entry":` + strings.Repeat("[", 200_000) + `}`, err: "nested too deeply"},
		"brackets without end, in JSON": {body: `{"a":` + strings.Repeat("[", 60_000) + strings.Repeat("]", 60_000) + strings.Repeat(",\"b\":{}", 50_000) + `}`, err: "nested too deeply"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			user, err := decodeRoles([]byte(one.body))
			if one.err != "" {
				require.ErrorContains(t, err, one.err)
				require.Zero(t, user)
				return
			}
			require.NoError(t, err)
			require.Equal(t, one.id, user.Identifier)
			require.Equal(t, one.want, permissions(user))
			require.Empty(t, user.Name(), "e-RS sends no names")
		})
	}
}

func numbered(prefix string, count int) []string {
	var list []string
	for i := range count {
		list = append(list, fmt.Sprintf("%s%d", prefix, i))
	}
	return list
}

func clinician(identifier string) string {
	return `{"resource":{"resourceType":"Practitioner","identifier":` + identifier + `}}`
}

// These decide for whom an admin can act.
func TestA040Answers(t *testing.T) {
	many := func(count int) string {
		var entries []string
		for i := range count {
			entries = append(entries, clinician(fmt.Sprintf(`{"value":"%012d"}`, i)))
		}
		return bundleOf("1", entries...)
	}
	cases := map[string]struct {
		body string
		want []string
		err  string
	}{
		"the published example":          {body: string(published(t, "PractitionerBundle.json")), want: []string{"111111111111"}},
		"no clinicians, as reported":     {body: string(published(t, "a040-empty-bundle-as-reported.json"))},
		"a list, as FHIR has it":         {body: bundleOf("1", clinician(`[{"system":"s","value":"`+ann+`"}]`)), want: []string{ann}},
		"a list with an empty one":       {body: bundleOf("1", clinician(`[{"system":"s"},{"value":"`+ann+`"}]`)), want: []string{ann}},
		"two, and one twice":             {body: bundleOf("3", clinician(`{"value":"`+ann+`"}`), clinician(`{"value":"111111111111"}`), clinician(`{"value":"`+ann+`"}`)), want: []string{ann, "111111111111"}},
		"a resource of another type":     {body: bundleOf("0", `{"resource":{"resourceType":"OperationOutcome"}}`)},
		"A030's answer":                  {body: string(published(t, "PractitionerRoleBundle.json")), err: "does not say that there are none"},
		"a clinician without a number":   {body: bundleOf("1", clinician(`null`)), err: "no 12-digit user id"},
		"a number that is short":         {body: bundleOf("1", clinician(`{"value":"1"}`)), err: "no 12-digit user id"},
		"an identifier that is a number": {body: bundleOf("1", clinician(`5`)), err: "not an object"},
		"a total without entries":        {body: `{"resourceType":"Bundle","total":1}`, err: "does not say that there are none"},
		"ten thousand":                   {body: many(maxResults), want: idsUpTo(maxResults)},
		"one more":                       {body: many(maxResults + 1), err: "more than 10000 clinicians"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			clinicians, err := decodeClinicians([]byte(one.body))
			if one.err != "" {
				require.ErrorContains(t, err, one.err)
				require.Nil(t, clinicians)
				return
			}
			require.NoError(t, err)
			var ids []string
			for _, one := range clinicians {
				require.Equal(t, ersclient.User{Identifier: one.Identifier}, one)
				ids = append(ids, one.Identifier)
			}
			require.Equal(t, one.want, ids)
		})
	}
}

func idsUpTo(count int) []string {
	var ids []string
	for i := range count {
		ids = append(ids, fmt.Sprintf("%012d", i))
	}
	return ids
}

// FuzzRoles feeds A030's answer. What it yields goes into headers of other programs.
func FuzzRoles(f *testing.F) {
	f.Add(published(f, "PractitionerRoleBundle.json"))
	f.Add([]byte(bundleOf("1", role(ann, "R01", "["+concept("A", "B")+"]"))))
	f.Add([]byte(`{"resourceType":"Bundle","total":0}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		user, err := decodeRoles(body)
		if err != nil {
			require.Zero(t, user)
			require.Less(t, len(err.Error()), 200)
			return
		}
		require.True(t, user.Identifier == "" && len(user.Permissions) == 0 || isUserID(user.Identifier))
		for _, p := range user.Permissions {
			header, err := Header(p, ersclient.NewAccessToken("token"))
			require.NoError(t, err, "a card that cannot be chosen")
			require.Len(t, header, 3)
		}
	})
}

// FuzzClinicians feeds A040's answer.
func FuzzClinicians(f *testing.F) {
	f.Add(published(f, "PractitionerBundle.json"))
	f.Add(published(f, "a040-empty-bundle-as-reported.json"))
	f.Add([]byte(bundleOf("1", clinician(`[{"value":"`+ann+`"}]`))))
	f.Fuzz(func(t *testing.T, body []byte) {
		clinicians, err := decodeClinicians(body)
		if err != nil {
			require.Nil(t, clinicians)
			return
		}
		for _, one := range clinicians {
			require.True(t, isUserID(one.Identifier))
		}
	})
}
