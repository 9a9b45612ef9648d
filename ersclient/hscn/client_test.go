package hscn_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

var gpRole = ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinician, OrgIdentifier: "R01", OrgName: "NHST_X3"}

// If this fails, sign-in is broken for all users.
func TestA00101A00201A00302SignInAndOut(t *testing.T) {
	server := clienttest.NewServer(t)
	client := clienttest.NewClient(t, server)

	created, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
	require.NoError(t, err)
	require.Equal(t, "SA Assurance GP-Card", created.User.Name())
	require.Equal(t, "555020964101", created.User.Identifier)
	require.Len(t, created.User.Permissions, 5)
	require.Nil(t, created.Permission)

	selected, err := client.SelectRole(t.Context(), created, gpRole)
	require.NoError(t, err)
	require.Equal(t, &gpRole, selected.Permission)
	require.Equal(t, created.User, selected.User, "names are trimmed")
	require.False(t, selected.Key.Equal(created.Key.Text), "A002's key is another than A001's")
	require.True(t, selected.Ticket.Equal(created.Ticket), "the ticket stays the card's")

	sessions := server.Sessions()
	require.Len(t, sessions, 1)
	require.True(t, sessions[0].Valid)
	require.True(t, selected.Key.Reveal() == sessions[0].Key, "the key is the server's")

	require.NoError(t, client.DeleteSession(t.Context(), selected.Key))
	require.Empty(t, server.Sessions())
}

// A user without roles is no error of A001: the window names whom to ask, and needs the name and
// session for it.
func TestAUserWithoutRolesGetsASession(t *testing.T) {
	server := clienttest.NewServer(t)
	created, err := clienttest.NewClient(t, server).CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketNoRoles))
	require.NoError(t, err)
	require.Empty(t, created.User.Permissions)
	require.False(t, created.Key.IsZero())
}

// The published A001 example's token starts with a blank, which is not part of a valid ticket.
func TestTheTicketIsTrimmed(t *testing.T) {
	server := clienttest.NewServer(t)
	untrimmed := ersclient.Ticket{Text: secret.New(" " + erstest.TicketGP + "\r\n")}
	created, err := clienttest.NewClient(t, server).CreateSession(t.Context(), untrimmed)
	require.NoError(t, err)
	require.True(t, created.Ticket.Reveal() == erstest.TicketGP)
}

func TestAnUnknownRoleCanBeSelected(t *testing.T) {
	server := clienttest.NewServer(t, erstest.WithUser("a ticket", erstest.User{
		Identifier: "555020964109", FirstName: "New", LastName: "Role",
		Roles: []erstest.Role{{BusinessFunction: "TELEPATHY_COORDINATOR", OrgIdentifier: "R01", OrgName: " Somewhere "}},
	}))
	client := clienttest.NewClient(t, server)
	created, err := client.CreateSession(t.Context(), ersclient.NewTicket("a ticket"))
	require.NoError(t, err)
	require.Equal(t, []ersclient.Permission{
		{BusinessFunction: "TELEPATHY_COORDINATOR", OrgIdentifier: "R01", OrgName: "Somewhere"},
	}, created.User.Permissions)
	selected, err := client.SelectRole(t.Context(), created, created.User.Permissions[0])
	require.NoError(t, err)
	require.Equal(t, created.User.Permissions[0], *selected.Permission)
}

// Every rule that e-RS enforces has its own screen.
func TestWhatERSRefuses(t *testing.T) {
	sign := func(t *testing.T, client *hscn.Client) ersclient.Session {
		t.Helper()
		created, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
		require.NoError(t, err)
		return created
	}
	cases := map[string]struct {
		change func(*hscn.Config)
		call   func(*testing.T, *erstest.Server, *hscn.Client) error
		code   string
		says   string
	}{
		"a ticket that has ended": {
			call: func(t *testing.T, _ *erstest.Server, client *hscn.Client) error {
				_, err := client.CreateSession(t.Context(), ersclient.NewTicket("an unknown ticket"))
				return err
			},
			code: "ERS-A001-403",
			says: "Your smartcard session may have ended while this window was open.",
		},
		"an ASID that was never issued": {
			change: func(config *hscn.Config) { config.ASID = "000000000000" },
			call: func(t *testing.T, _ *erstest.Server, client *hscn.Client) error {
				_, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
				return err
			},
			code: "ERS-A001-403",
		},
		"a role the user does not have": {
			call: func(t *testing.T, _ *erstest.Server, client *hscn.Client) error {
				_, err := client.SelectRole(t.Context(), sign(t, client),
					ersclient.Permission{BusinessFunction: ersclient.ERSAdmin, OrgIdentifier: "R01"})
				return err
			},
			code: "ERS-A002-403",
			says: "The role may no longer be valid for you, or your session ended. You are not signed in.",
		},
		"a role that needs a clinician to act for": {
			call: func(t *testing.T, _ *erstest.Server, client *hscn.Client) error {
				_, err := client.SelectRole(t.Context(), sign(t, client),
					ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinicianAdmin, OrgIdentifier: "X99"})
				return err
			},
			code: "ERS-A002-403",
			says: "With this role you work for a clinician, and this version of e-RS Login cannot send e-RS their name yet. " +
				"The role may also no longer be valid for you. You are not signed in.",
		},
		"a second selection": {
			call: func(t *testing.T, _ *erstest.Server, client *hscn.Client) error {
				selected, err := client.SelectRole(t.Context(), sign(t, client), gpRole)
				require.NoError(t, err)
				_, err = client.SelectRole(t.Context(), selected, gpRole)
				return err
			},
			code: "ERS-A002-400",
		},
		"a session that ended with the card": {
			call: func(t *testing.T, server *erstest.Server, client *hscn.Client) error {
				created := sign(t, client)
				server.Revoke(erstest.TicketGP)
				_, err := client.SelectRole(t.Context(), created, gpRole)
				return err
			},
			code: "ERS-A002-403",
		},
		"a session deleted twice": {
			call: func(t *testing.T, _ *erstest.Server, client *hscn.Client) error {
				created := sign(t, client)
				require.NoError(t, client.DeleteSession(t.Context(), created.Key))
				return client.DeleteSession(t.Context(), created.Key)
			},
			code: "ERS-A003-403",
		},
		"a request that fails validation": {
			call: func(t *testing.T, server *erstest.Server, client *hscn.Client) error {
				require.NoError(t, server.Fail(erstest.A001,
					erstest.Outcome("The ASID\n is\tsuspended")))
				_, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
				return err
			},
			code: "ERS-A001-422",
			says: "e-RS rejected something that e-RS Login sent.\nMessage from e-RS: The ASID is suspended",
		},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server := clienttest.NewServer(t)
			change := one.change
			if change == nil {
				change = func(*hscn.Config) {}
			}
			err := one.call(t, server, clienttest.NewClient(t, server, change))
			found := clienttest.ProblemOf(t, one.code, err)
			if one.says != "" {
				require.Equal(t, one.says, strings.TrimSpace(found.Expand(found.Happened)+"\n"+found.Expand(found.Quoted)))
			}
			require.NotErrorIs(t, err, ersclient.ErrAnswerLost, "e-RS has said no")
		})
	}
}

// The screen that clinicians meet most matches the design word by word.
func TestTheScreenOfAnEndedTicket(t *testing.T) {
	_, err := clienttest.NewClient(t, clienttest.NewServer(t)).CreateSession(t.Context(), ersclient.NewTicket("an unknown ticket"))
	found := clienttest.ProblemOf(t, "ERS-A001-403", err)
	require.Equal(t, "e-RS did not accept your smartcard sign-in", found.Expand(found.Title))
	require.Equal(t, []string{
		"Remove your smartcard and insert it again.",
		"Enter your passcode, then press **Try again**.",
		"If it happens again, contact your local service desk and quote the reference below.",
	}, found.WhatToDo())
	require.True(t, found.Retry)
}

// Each status has its own reference and a readable sentence, for each of the calls.
func TestEveryStatusHasItsGuidance(t *testing.T) {
	server := clienttest.NewServer(t)
	client := clienttest.NewClient(t, server)
	created, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
	require.NoError(t, err)
	calls := map[testserver.Call]func() error{
		erstest.A001: func() error {
			_, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
			return err
		},
		erstest.A002: func() error { _, err := client.SelectRole(t.Context(), created, gpRole); return err },
		erstest.A003: func() error { return client.DeleteSession(t.Context(), created.Key) },
	}
	for call, make := range calls {
		for _, status := range []int{400, 401, 403, 404, 405, 409, 410, 412, 416, 418, 422, 423, 429, 500, 501, 505} {
			t.Run(fmt.Sprintf("%s %d", call, status), func(t *testing.T) {
				require.NoError(t, server.Fail(call, testserver.Fault{Kind: testserver.Status, Status: status}))
				err := make()
				clienttest.RequireCode(t, fmt.Sprintf("ERS-%s-%d", call, status), err)
				var cause *transport.StatusError
				require.ErrorAs(t, err, &cause)
				require.Equal(t, string(call), cause.Call)
				require.Equal(t, status, cause.Status)
				require.NotErrorIs(t, err, ersclient.ErrAnswerLost)
				require.ErrorIs(t, err, ersclient.ErrAnswered)
				require.Equal(t, call == erstest.A001 && status == 403, errors.Is(err, ersclient.ErrProofRefused))
				require.Equal(t, call == erstest.A003 && (status == 404 || status == 410), errors.Is(err, ersclient.ErrSessionGone))
			})
		}
	}
}

// After a lost answer the flow deletes the session and starts over. If it took one for a refusal,
// the user would meet "already selected"; the other way round it would sign in anew for nothing.
func TestWhetherTheAnswerToA002WasLost(t *testing.T) {
	cases := map[string]struct {
		fault testserver.Fault
		code  string
		lost  bool
	}{
		"cut before it was handled": {testserver.Fault{Kind: testserver.CutBefore}, "NET-CUT", true},
		"cut after it was handled":  {testserver.Fault{Kind: testserver.CutAfter}, "NET-CUT", true},
		"cut in the answer":         {testserver.Fault{Kind: testserver.CutDuring}, "NET-CUT", true},
		"half a JSON":               {testserver.Fault{Kind: testserver.TruncatedJSON}, "ERS-A002-ANSWER", true},
		"a page":                    {testserver.Fault{Kind: testserver.HTML}, "NET-HTML", true},
		"a page with a status":      {testserver.Fault{Kind: testserver.HTML, Status: 403}, "ERS-A002-403", false},
		"two megabytes":             {testserver.Fault{Kind: testserver.HugeBody}, "ERS-A002-ANSWER", true},
		"no answer":                 {testserver.Fault{Kind: testserver.Hang, Handled: true}, "NET-TIMEOUT", true},
		"502":                       {testserver.Fault{Kind: testserver.Status, Status: 502}, "ERS-A002-502", true},
		"503 as a page":             {testserver.Fault{Kind: testserver.HTML, Status: 503}, "ERS-A002-503", true},
		"504 after it was handled":  {testserver.Fault{Kind: testserver.Status, Status: 504, Handled: true}, "ERS-A002-504", true},
		"another success":           {testserver.Fault{Kind: testserver.Status, Status: 202}, "ERS-A002-202", true},
		"500":                       {testserver.Fault{Kind: testserver.Status, Status: 500}, "ERS-A002-500", false},
		"a redirection":             {testserver.Fault{Kind: testserver.Redirect}, "NET-HTML", false},
		"422":                       {erstest.Outcome("no"), "ERS-A002-422", false},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server := clienttest.NewServer(t)
			client := clienttest.NewClient(t, server)
			created, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
			require.NoError(t, err)
			require.NoError(t, server.Fail(erstest.A002, one.fault))
			selecting := client
			if one.fault.Kind == testserver.Hang {
				selecting = clienttest.NewClient(t, server, clienttest.Impatient)
			}
			session, err := selecting.SelectRole(t.Context(), created, gpRole)
			clienttest.RequireCode(t, one.code, err)
			require.Equal(t, one.lost, errors.Is(err, ersclient.ErrAnswerLost))
			require.Equal(t, strings.HasPrefix(one.code, "ERS-"), errors.Is(err, ersclient.ErrAnswered))
			require.Len(t, callsOf(server, erstest.A002), 1, "A002 is never repeated")
			require.NoError(t, client.DeleteSession(t.Context(), session.Key))
			require.Empty(t, server.Sessions(), "what may have been selected can be deleted")
		})
	}
	require.NotErrorIs(t, nil, ersclient.ErrAnswerLost)
	require.False(t, errors.Is(errors.New("something else"), ersclient.ErrAnswerLost))
}

// After an A002 that was shed, the user is asked: starting over makes three more calls to an
// overloaded e-RS.
func TestIO06WhatStartsAgainAfterALostA002(t *testing.T) {
	cases := map[string]struct {
		fault testserver.Fault
		lost  bool
		again bool
	}{
		"load is shed":            {testserver.Fault{Kind: testserver.Status, Status: 503}, true, false},
		"a gateway gives up":      {testserver.Fault{Kind: testserver.Status, Status: 504, Handled: true}, true, false},
		"the connection was cut":  {testserver.Fault{Kind: testserver.CutAfter}, true, true},
		"the answer is of no use": {testserver.Fault{Kind: testserver.TruncatedJSON}, true, true},
		"e-RS has said no":        {testserver.Fault{Kind: testserver.Status, Status: 403}, false, false},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server := clienttest.NewServer(t)
			client := clienttest.NewClient(t, server)
			created, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
			require.NoError(t, err)
			require.NoError(t, server.Fail(erstest.A002, one.fault))
			_, err = client.SelectRole(t.Context(), created, created.User.Permissions[0])
			require.Error(t, err)
			require.Equal(t, one.lost, errors.Is(err, ersclient.ErrAnswerLost))
			require.Equal(t, one.again, errors.Is(err, ersclient.ErrStartAgain))
		})
	}
	require.False(t, errors.Is(nil, ersclient.ErrStartAgain))
}

// A status that says deleted counts, whatever the body; but a web page in its place proves nothing.
func TestWhatCountsAsDeleted(t *testing.T) {
	for name, one := range map[string]struct {
		fault testserver.Fault
		code  string
	}{
		"another success":    {testserver.Fault{Kind: testserver.Status, Status: 202, Handled: true}, ""},
		"a body of any size": {testserver.Fault{Kind: testserver.HugeBody}, ""},
		"a page":             {testserver.Fault{Kind: testserver.HTML}, "NET-HTML"},
		"a redirection":      {testserver.Fault{Kind: testserver.Redirect}, "NET-HTML"},
	} {
		t.Run(name, func(t *testing.T) {
			server := clienttest.NewServer(t)
			client := clienttest.NewClient(t, server)
			created, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
			require.NoError(t, err)
			require.NoError(t, server.Fail(erstest.A003, one.fault))
			err = client.DeleteSession(t.Context(), created.Key)
			if one.code == "" {
				require.NoError(t, err)
				return
			}
			clienttest.RequireCode(t, one.code, err)
		})
	}
}

func callsOf(server *erstest.Server, call testserver.Call) []testserver.Request {
	var found []testserver.Request
	for _, one := range server.Requests() {
		if one.Call == call {
			found = append(found, one)
		}
	}
	return found
}

// A cancelled sign-in is no network error; the flow checks for it with errors.Is.
func TestACancelledCall(t *testing.T) {
	session := ersclient.Session{Key: ersclient.NewSessionKey("key"), Ticket: ersclient.NewTicket("a ticket")}
	certificates := clienttest.NewServer(t)
	arrived := make(chan struct{}, 1)
	raw := clienttest.ServeRaw(t, certificates, nil, func(*clienttest.RawConn, int) { arrived <- struct{}{} })
	client := clienttest.NewClient(t, certificates, func(config *hscn.Config) { config.BaseURL = raw.URL })

	t.Run("under way", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		outcome := make(chan error, 1)
		go func() {
			_, err := client.SelectRole(ctx, session, gpRole)
			outcome <- err
		}()
		<-arrived
		cancel(errors.New("the user pressed Escape"))
		err := <-outcome
		require.ErrorIs(t, err, context.Canceled)
		clienttest.RequireCode(t, "NET-CANCELLED", err)
		require.ErrorIs(t, err, ersclient.ErrAnswerLost, "e-RS may have selected the role")
	})
	t.Run("before it began", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := client.SelectRole(ctx, session, gpRole)
		require.ErrorIs(t, err, context.Canceled)
		clienttest.RequireCode(t, "NET-CANCELLED", err)
		require.NotErrorIs(t, err, ersclient.ErrAnswerLost, "nothing was sent")
	})
	t.Run("by the caller's deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := client.SelectRole(ctx, session, gpRole)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		clienttest.RequireCode(t, "NET-TIMEOUT", err)
	})
}

// A setting that New did not refuse would show as a failure of e-RS.
func TestSettingsThatCannotWork(t *testing.T) {
	good := hscn.Config{ASID: erstest.ASID, Config: transport.Config{BaseURL: "https://ers.example/ers-api"}}
	cases := map[string]struct {
		change func(*hscn.Config)
		code   string
	}{
		"no address":                        {func(c *hscn.Config) { c.BaseURL = "" }, "UNEXPECTED"},
		"plain http":                        {func(c *hscn.Config) { c.BaseURL = "http://ers.example/ers-api" }, "UNEXPECTED"},
		"no host":                           {func(c *hscn.Config) { c.BaseURL = "https:///ers-api" }, "UNEXPECTED"},
		"a port alone":                      {func(c *hscn.Config) { c.BaseURL = "https://:443/ers-api" }, "UNEXPECTED"},
		"a query":                           {func(c *hscn.Config) { c.BaseURL += "?x=1" }, "UNEXPECTED"},
		"a fragment":                        {func(c *hscn.Config) { c.BaseURL += "#top" }, "UNEXPECTED"},
		"a password":                        {func(c *hscn.Config) { c.BaseURL = "https://me:hunter2@ers.example" }, "UNEXPECTED"},
		"a broken escape":                   {func(c *hscn.Config) { c.BaseURL = "https://me:hunter2@ers/%zz" }, "UNEXPECTED"},
		"a name to send and no certificate": {func(c *hscn.Config) { c.SendFQDN = true }, "SETTING-FQDN"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			config := good
			one.change(&config)
			_, err := hscn.New(config)
			clienttest.RequireCode(t, one.code, err)
			assert.NotContains(t, fmt.Sprintf("%v %+v", err, problem.Of(err)), "hunter2")
		})
	}
	for _, name := range []string{"", "ключ.example", "two words"} {
		nameless := clienttest.NewPair(t, name, clienttest.NewKey(t), -time.Hour, time.Hour, nil)
		config := good
		config.SendFQDN, config.Certificate = true, tls.Certificate{Certificate: [][]byte{nameless.Certificate.Raw}}
		_, err := hscn.New(config)
		clienttest.RequireCode(t, "SETTING-FQDN", err)
	}
	_, err := hscn.New(good)
	require.NoError(t, err)
}

func TestCallsThatMakeNoSense(t *testing.T) {
	server := clienttest.NewServer(t)
	client := clienttest.NewClient(t, server)
	_, err := client.CreateSession(t.Context(), ersclient.NewTicket("  "))
	clienttest.RequireCode(t, "UNEXPECTED", err)
	for _, id := range []string{"", ".", "..", "a b", "a\r\nX: y", "ключ", strings.Repeat("k", 513)} {
		clienttest.RequireCode(t, "UNEXPECTED", client.DeleteSession(t.Context(), ersclient.NewSessionKey(id)))
		_, err := client.SelectRole(t.Context(), ersclient.Session{Key: ersclient.NewSessionKey(id)}, gpRole)
		clienttest.RequireCode(t, "UNEXPECTED", err)
	}
	require.Empty(t, server.Requests())
}

func TestReach(t *testing.T) {
	server := clienttest.NewServer(t)
	client := clienttest.NewClient(t, server)
	require.NoError(t, client.Reach(t.Context()))
	require.NoError(t, client.Reach(t.Context()))
	require.Empty(t, server.Requests(), "nothing was asked")

	// An idle connection of an earlier call does not prove that e-RS can be reached now.
	_, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
	require.NoError(t, err)
	server.Close()
	clienttest.RequireCode(t, "NET-REFUSED", client.Reach(t.Context()))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, client.Reach(ctx), context.Canceled)
}

// No error, in any format, may put a ticket or a session key into a log or a screenshot.
func TestNoErrorHoldsASecret(t *testing.T) {
	server := clienttest.NewServer(t)
	created, err := clienttest.NewClient(t, server).CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
	require.NoError(t, err)
	key, ticket := created.Key.Reveal(), erstest.TicketGP
	client := clienttest.NewClient(t, server, clienttest.Impatient)

	for _, fault := range []testserver.Fault{
		{Kind: testserver.CutBefore}, {Kind: testserver.CutDuring}, {Kind: testserver.TruncatedJSON}, {Kind: testserver.HTML},
		{Kind: testserver.HugeBody}, {Kind: testserver.Hang}, {Kind: testserver.Redirect}, {Kind: testserver.Status, Status: 500},
		erstest.Outcome("the session " + key + " of the ticket " + ticket + " is not good"),
		erstest.Outcome(strings.Repeat("x", 180) + key),
	} {
		for call, attempt := range map[testserver.Call]func() error{
			erstest.A001: func() error { _, err := client.CreateSession(t.Context(), created.Ticket); return err },
			erstest.A002: func() error { _, err := client.SelectRole(t.Context(), created, gpRole); return err },
			erstest.A003: func() error { return client.DeleteSession(t.Context(), created.Key) },
		} {
			require.NoError(t, server.Fail(call, fault))
			err := attempt()
			if err == nil {
				continue // A003 has no content that could be damaged.
			}
			shown := problem.Of(err)
			printed := fmt.Sprintf("%v %+v %#v %s %+v", err, err, err, shown.Expand(shown.Happened), shown)
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				printed += fmt.Sprintf("%v %+v %#v", cause, cause, cause)
			}
			for _, planted := range []string{key, ticket} {
				assert.False(t, strings.Contains(printed, planted), "%s %s holds a secret", call, fault.Kind)
				assert.False(t, strings.Contains(printed, planted[:20]), "%s %s holds a part of a secret", call, fault.Kind)
			}
		}
	}
}

func TestSEC001TheCertificateIsAlwaysSent(t *testing.T) {
	// A server's list of authorities lacks the issuer: the certificate is sent nevertheless, so
	// that the server states its reason.
	server := clienttest.NewServer(t)
	other := clienttest.NewServer(t)
	raw := clienttest.ServeRaw(t, server, func(config *tls.Config) {
		config.ClientCAs = other.RootCAs()
		config.ClientAuth = tls.RequireAnyClientCert
	}, func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n\r\n") })
	client := clienttest.NewClient(t, server, func(config *hscn.Config) { config.BaseURL = raw.URL })
	require.NoError(t, client.DeleteSession(t.Context(), ersclient.NewSessionKey("key")))
}

// An organisation may be given an address without a path; the request made from it must be valid.
func TestAnAddressWithoutAPath(t *testing.T) {
	server := clienttest.NewServer(t)
	client := clienttest.NewClient(t, server, func(config *hscn.Config) {
		address, err := url.Parse(server.URL)
		require.NoError(t, err)
		config.BaseURL = "https://" + address.Host
	})
	_, err := client.CreateSession(t.Context(), ersclient.NewTicket("an unknown ticket"))
	var answered *transport.StatusError
	require.ErrorAs(t, err, &answered)
	assert.Equal(t, http.StatusNotFound, answered.Status, "the stand-in is not there, and says so")
}
