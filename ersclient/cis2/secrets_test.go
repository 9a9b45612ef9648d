package cis2_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/davecgh/go-spew/spew"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// plant is a text that must not be found in what a program prints, in any of the forms it could
// have there.
type plant struct{ name, text string }

func (p plant) in(t *testing.T, output string) {
	t.Helper()
	for _, form := range []string{
		p.text, url.QueryEscape(p.text), hex.EncodeToString([]byte(p.text)), base64.StdEncoding.EncodeToString([]byte(p.text)),
		fmt.Sprintf("%d", []byte(p.text)),
	} {
		require.NotContains(t, output, form, p.name)
	}
}

// printed is a value in the ways that careless code prints one.
func printed(t *testing.T, values ...any) string {
	t.Helper()
	var output bytes.Buffer
	text := slog.New(slog.NewTextHandler(&output, nil))
	logger := logrus.New()
	logger.SetOutput(&output)
	spewed := spew.ConfigState{DisableMethods: true, Indent: " "}
	for _, value := range values {
		fmt.Fprintf(&output, "%v %+v %#v %s %q %x", value, value, value, value, value, value)
		text.Info("x", "value", value)
		logger.WithField("value", value).Info("x")
		if encoded, err := json.Marshal(value); err == nil {
			output.Write(encoded)
		}
		output.WriteString(spewed.Sdump(value))
		if err, ok := value.(error); ok {
			p := problem.Of(err)
			fmt.Fprint(&output, err.Error(), p.Args, p.Expand(p.Happened), p.Expand(p.Quoted), p.Expand(strings.Join(p.WhatToDo(), " ")))
		}
	}
	return output.String()
}

// The client secret, the code, the verifier and both tokens never are in an error, a log or a value
// that is printed, not even where the server quotes what it refuses.
func TestPlantedSecrets(t *testing.T) {
	const clientSecret, code, access, refresh = "planted-client-secret", "planted-code", "planted-access-token", "planted-refresh-token"
	var verifier string
	config, came := recorder(t, `{"access_token":"`+access+`","expires_in":"599","refresh_token":"`+refresh+`"}`)
	config.Secret = func(context.Context) (secret.Text, error) { return secret.New(clientSecret), nil }
	client := newClient(t, config)
	attempt := begin(t, client)
	uri, state := callbackOf(t, attempt)
	require.Equal(t, 200, get(t, http.MethodGet, uri+"?code="+code+"&state="+state))
	got, err := attempt.Wait(bounded(t))
	require.NoError(t, err)
	tokens, err := client.Exchange(t.Context(), got)
	require.NoError(t, err)
	require.True(t, tokens.Access.Reveal() == access)
	require.True(t, tokens.Refresh.Reveal() == refresh)
	verifier = came()[0].form.Get("code_verifier")
	plants := []plant{
		{"secret", clientSecret}, {"code", code}, {"access token", access}, {"refresh token", refresh}, {"verifier", verifier},
	}
	values := []any{got, &got, tokens, &tokens, tokens.Access, tokens.Refresh, attempt.Address()}

	server := newServer(t)
	quoting := registered(server, "http://localhost:0/callback")
	quoting.Secret, quoting.Timeout = config.Secret, 2*time.Second
	quoter := newClient(t, quoting)
	all := clientSecret + " " + code + " " + verifier + " " + access + " " + refresh
	for _, fault := range []testserver.Fault{
		cis2test.OAuthError(400, "invalid_request", "not this: "+all), cis2test.OAuthError(401, all, all),
		cis2test.OAuthError(500, "unknown_error", strings.Repeat("x", 150)+all), cis2test.ApigeeFault(500, all, all),
		{Kind: testserver.CutAfter}, {Kind: testserver.Hang}, {Kind: testserver.TruncatedJSON}, {Kind: testserver.HTML},
		{Kind: testserver.Body, Status: 200, Body: `{"access_token":"` + access}, {Kind: testserver.Redirect},
		{Kind: testserver.Body, Status: 200, Body: `{"access_token":7,"refresh_token":"` + refresh + `"}`},
		{Kind: testserver.Body, Status: 200, Body: `{"access_token":"` + access + `","expires_in":"` + refresh + `"}`},
	} {
		require.NoError(t, server.Fail(cis2test.Token, fault))
		_, err := quoter.Exchange(t.Context(), got)
		require.Error(t, err)
		values = append(values, forCall(err, clientSecret, code, verifier))
		require.NoError(t, server.Fail(cis2test.Refresh, fault))
		_, err = quoter.Refresh(t.Context(), tokens.Refresh)
		require.Error(t, err)
		values = append(values, forCall(err, clientSecret, refresh))
		fault.Times = 3
		require.NoError(t, server.Fail(cis2test.UserInfo, fault))
		_, err = quoter.UserInfo(t.Context(), tokens.Access)
		if err != nil {
			values = append(values, forCall(err, access))
		}
		server.Forgive(cis2test.UserInfo)
	}
	for _, value := range values {
		one, ok := value.(called)
		if !ok {
			output := printed(t, value)
			for _, plant := range plants {
				plant.in(t, output)
			}
			continue
		}
		output := printed(t, one.err)
		for _, text := range one.texts {
			plant{"in the error of a call that has it", text}.in(t, output)
		}
	}
	_, err = client.Exchange(t.Context(), cis2.Code{})
	require.Error(t, err)
	require.Empty(t, ersclient.AccessToken{}.String())
}

// called is the error of a call with the secrets that the call had: a server can only quote those.
type called struct {
	err   error
	texts []string
}

func forCall(err error, texts ...string) called { return called{err, texts} }
