package cis2_test

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/cis2"
)

// FuzzCallback: a query without the state is never a callback, and one with it is either a code that
// can be sent on or a failure.
func FuzzCallback(f *testing.F) {
	const state = "dGhlIHN0YXRl"
	for _, query := range []string{
		"code=abc&state=" + state, "state=" + state, "error=access_denied&state=" + state, "code=abc&state=other",
		"code=a&code=b&state=" + state, "state=" + state + "&state=" + state, "code=%zz&state=" + state, "code=a;state=" + state,
		"error=%00%1b&error_description=" + strings.Repeat("x", 500) + "&state=" + state, "",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		code, ours, failed := cis2.ReadCallback(query, state)
		values, err := url.ParseQuery(query)
		if (err == nil && len(values["state"]) == 1 && values.Get("state") == state) != ours {
			t.Fatal("the state decides")
		}
		switch {
		case !ours:
			require.Empty(t, code)
			require.NoError(t, failed)
		case failed != nil:
			require.Empty(t, code)
			requireLine(t, failed.Error())
		default:
			require.NotEmpty(t, code)
			require.Equal(t, values.Get("code"), code)
			require.Equal(t, -1, strings.IndexFunc(code, func(r rune) bool { return r <= ' ' || r > '~' }))
		}
	})
}

// requireLine fails unless a text can be shown and logged.
func requireLine(t *testing.T, text string) {
	t.Helper()
	require.True(t, utf8.ValidString(text))
	require.Equal(t, -1, strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", text)
	require.Less(t, len(text), 4000)
}

// FuzzTokens: whatever comes, a token that is taken fits into a header and an entry, and has an end
// to come.
func FuzzTokens(f *testing.F) {
	for _, body := range []string{
		`{"access_token":"a","expires_in":"599","refresh_token":"r","refresh_token_expires_in":"43199","refresh_count":"0","token_type":"Bearer"}`,
		`{"access_token":"a","expires_in":599}`, `{"access_token":"a","expires_in":"1e3"}`, `{"access_token":"a","expires_in":" 5 "}`,
		`{"access_token":"a","expires_in":9223372036854775807}`, `{"expires_in":null}`, `[]`, `null`, ``,
	} {
		f.Add([]byte(body))
	}
	asked := time.Date(2027, time.March, 1, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		tokens, err := cis2.DecodeTokens(body, asked)
		if err != nil {
			requireLine(t, err.Error())
			require.Equal(t, cis2.Tokens{}.Access.Reveal(), tokens.Access.Reveal())
			return
		}
		access := tokens.Access.Reveal()
		require.NotEmpty(t, access)
		require.LessOrEqual(t, len(access), 600)
		require.Equal(t, -1, strings.IndexFunc(access, func(r rune) bool { return r <= ' ' || r > '~' }))
		require.True(t, tokens.AccessEnds.After(asked))
		require.True(t, tokens.AccessEnds.Before(asked.AddDate(1, 0, 0)))
		if !tokens.RefreshEnds.IsZero() {
			require.False(t, tokens.Refresh.IsZero())
			require.True(t, tokens.RefreshEnds.After(asked))
		}
	})
}

// FuzzUserInfo: whatever comes, what is taken can be shown.
func FuzzUserInfo(f *testing.F) {
	published, err := os.ReadFile("testdata/userinfo.json")
	require.NoError(f, err)
	f.Add(published)
	for _, body := range []string{`{}`, `{"sub":656005750104}`, `{"name":{"a":1}}`, `{"nhsid_user_orgs":[{"org_code":null},1,[]]}`, `[]`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		info, err := cis2.DecodeUserInfo(body)
		if err != nil {
			requireLine(t, err.Error())
			return
		}
		for _, text := range []string{info.Identifier, info.Name, info.GivenName, info.FamilyName} {
			requireLine(t, text)
		}
		if info.Identifier != "" {
			require.Len(t, info.Identifier, 12)
		}
		for code, name := range info.OrgNames {
			require.NotEmpty(t, code)
			requireLine(t, code+name)
		}
	})
}

// FuzzError: whatever an error's body has, what is made of it can be shown.
func FuzzError(f *testing.F) {
	for _, body := range []string{
		`{"error":"invalid_grant","error_description":"refresh_token is invalid","message_id":"rrt-1"}`,
		`{"fault":{"faultstring":"x","detail":{"errorcode":"y"}}}`, `{"error":{}}`, `[]`, `{"error":"\u0000"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { requireLine(t, cis2.DecodeError(body)) })
}

// The published example of a user, who has many members that are not read.
func TestThePublishedUser(t *testing.T) {
	body, err := os.ReadFile("testdata/userinfo.json")
	require.NoError(t, err)
	info, err := cis2.DecodeUserInfo(body)
	require.NoError(t, err)
	require.Equal(t, "656005750104", info.Identifier)
	require.Equal(t, "Test User", info.Name)
	require.Equal(t, "NHS CONNECTING FOR HEALTH", info.OrgNames["X09"])
	require.Len(t, info.OrgNames, 2)
}
