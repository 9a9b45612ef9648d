package hscn_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// remedy is what the user is asked to do, as far as the published guidance goes.
type remedy struct {
	// says must occur in the steps, in this order.
	says []string
	// retry is whether Try again is offered.
	retry bool
}

var (
	desk             = remedy{[]string{"local service desk"}, false}
	tryThenDesk      = remedy{[]string{"**Try again**", "If it happens again", "local service desk"}, true}
	waitThenTry      = remedy{[]string{"Wait a minute", "**Try again**", "local service desk"}, true}
	cardThenDesk     = remedy{[]string{"smartcard", "passcode", "**Try again**", "local service desk"}, true}
	signInThenDesk   = remedy{[]string{"**Try again** to sign in again", "local service desk"}, true}
	newSession       = remedy{[]string{"**Try again** to start a new session", "role again", "local service desk"}, true}
	otherRole        = remedy{[]string{"**Choose another role**", "Registration Authority", "local service desk"}, true}
	anotherThenDesk  = remedy{[]string{"**Choose another role**", "local service desk"}, true}
	nothing          = remedy{[]string{"do not need to do anything"}, false}
	takeCardThenDesk = remedy{[]string{"Remove your smartcard", "**Done**", "local service desk"}, true}
)

func requireRemedy(t *testing.T, want remedy, found *problem.Problem) {
	t.Helper()
	var steps []string
	for _, step := range found.WhatToDo() {
		steps = append(steps, found.Expand(step))
	}
	rest := strings.Join(steps, "\n")
	for _, words := range want.says {
		_, after, there := strings.Cut(rest, words)
		require.True(t, there, "%q is not in %q", words, steps)
		rest = after
	}
	require.Equal(t, want.retry, found.Retry, "whether trying again is offered")
}

// conversation makes the three calls of one user.
type conversation struct {
	server  *erstest.Server
	client  *hscn.Client
	session ersclient.Session
}

func converse(t *testing.T, options ...erstest.Option) *conversation {
	t.Helper()
	c := &conversation{server: clienttest.NewServer(t, options...)}
	c.client = clienttest.NewClient(t, c.server)
	var err error
	c.session, err = c.client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
	require.NoError(t, err)
	return c
}

func (c *conversation) make(ctx context.Context, call testserver.Call) (err error) {
	switch call {
	case erstest.A001:
		_, err = c.client.CreateSession(ctx, ersclient.NewTicket(erstest.TicketGP))
	case erstest.A002:
		_, err = c.client.SelectRole(ctx, c.session, gpRole)
	case erstest.A003:
		err = c.client.DeleteSession(ctx, c.session.Key)
	}
	return err
}

// Every row of the published error guidance, for each call: the wrong advice makes users ring the
// wrong people, or wait for nothing. The service desk finds it by its code.
func TestERR000ToERR012EveryRowOfTheErrorGuidance(t *testing.T) {
	c := converse(t)
	ofAll := map[int]remedy{
		400: desk, 403: cardThenDesk, 404: desk, 405: desk, 409: tryThenDesk, 410: signInThenDesk, 412: desk, 416: tryThenDesk,
		422: desk, 423: waitThenTry, 500: signInThenDesk, 502: waitThenTry, 503: waitThenTry, 504: waitThenTry,
	}
	own := map[testserver.Call]map[int]remedy{
		erstest.A002: {
			400: newSession, 403: otherRole, 404: signInThenDesk, 405: anotherThenDesk, 412: anotherThenDesk, 422: anotherThenDesk,
		},
		erstest.A003: {404: nothing, 410: nothing},
	}
	for _, call := range []testserver.Call{erstest.A001, erstest.A002, erstest.A003} {
		for status, want := range ofAll {
			t.Run(fmt.Sprintf("%s %d", call, status), func(t *testing.T) {
				if call == erstest.A003 {
					want = takeCardThenDesk // what a sign-in would need is of no use
				}
				if special, there := own[call][status]; there {
					want = special
				}
				fault := testserver.Fault{Kind: testserver.Status, Status: status}
				if status == 422 {
					fault = erstest.Outcome("The UBRN is unknown")
				}
				require.NoError(t, c.server.Fail(call, fault))
				err := c.make(t.Context(), call)
				found := clienttest.ProblemOf(t, fmt.Sprintf("ERS-%s-%d", call, status), err)
				requireRemedy(t, want, found)
				if call == erstest.A001 && (status == 404 || status == 405) {
					require.Equal(t, []string{"Check the setting base_url."}, found.ServiceDesk, "another server's answer to a wrong address")
				}
				happened := found.Expand(found.Happened)
				require.Regexp(t, fmt.Sprintf("^e-RS answered %d .* to %s$", status, call), found.Expand(found.Technical), "what a service desk asks for first")
				require.NotContains(t, happened, fmt.Sprint(call), "no protocol in a user's sentence")
				require.Contains(t, err.Error(), fmt.Sprintf("%s %s: answered %d", call, methodOf(call), status), "the log has it")
				if status == 422 && call != erstest.A003 {
					require.Equal(t, "Message from e-RS: The UBRN is unknown", found.Expand(found.Quoted))
					require.NotContains(t, happened, "The UBRN", "a sentence is ours alone")
				}
			})
		}
	}
}

func methodOf(call testserver.Call) string {
	return map[testserver.Call]string{erstest.A001: "POST", erstest.A002: "PUT", erstest.A003: "DELETE"}[call]
}

// A001-02: every failure of A001 is presented; for a ticket that is not valid the steps say what to
// do with the card.
func TestA00102EveryFailureIsPresented(t *testing.T) {
	cases := map[string]struct {
		fault  testserver.Fault
		ticket string
		code   string
		remedy remedy
	}{
		"the ticket is not valid":  {ticket: "an unknown ticket", code: "ERS-A001-403", remedy: cardThenDesk},
		"a mistake in the request": {fault: testserver.Fault{Kind: testserver.Status, Status: 400}, code: "ERS-A001-400", remedy: desk},
		"it fails validation":      {fault: testserver.Fault{Kind: testserver.Status, Status: 422}, code: "ERS-A001-422", remedy: desk},
		"e-RS fails":               {fault: testserver.Fault{Kind: testserver.Status, Status: 500}, code: "ERS-A001-500", remedy: signInThenDesk},
		"a gateway fails":          {fault: testserver.Fault{Kind: testserver.Status, Status: 502}, code: "ERS-A001-502", remedy: waitThenTry},
		"e-RS sheds load": {
			fault: testserver.Fault{Kind: testserver.Status, Status: 503, RetryAfter: "3"}, code: "ERS-A001-503", remedy: waitThenTry,
		},
		"an empty answer":       {fault: testserver.Fault{Kind: testserver.Status, Status: 201}, code: "ERS-A001-ANSWER", remedy: tryThenDesk},
		"half an answer":        {fault: testserver.Fault{Kind: testserver.TruncatedJSON}, code: "ERS-A001-ANSWER", remedy: tryThenDesk},
		"another success":       {fault: testserver.Fault{Kind: testserver.Status, Status: 202}, code: "ERS-A001-202", remedy: tryThenDesk},
		"the connection is cut": {fault: testserver.Fault{Kind: testserver.CutAfter}, code: "NET-CUT", remedy: tryThenDesk},
		"a captive portal": {
			fault: testserver.Fault{Kind: testserver.HTML}, code: "NET-HTML",
			remedy: remedy{[]string{"web browser", "**Try again**", "local service desk"}, true},
		},
		"a captive portal that redirects": {
			fault: testserver.Fault{Kind: testserver.Redirect}, code: "NET-HTML",
			remedy: remedy{[]string{"web browser", "**Try again**", "local service desk"}, true},
		},
		"a captive portal by the book": {
			fault: testserver.Fault{Kind: testserver.HTML, Status: 511}, code: "NET-HTML",
			remedy: remedy{[]string{"web browser", "**Try again**", "local service desk"}, true},
		},
		"a proxy that reads along": {fault: testserver.Fault{Kind: testserver.HTML, Status: 407}, code: "NET-PROXY_AUTH", remedy: desk},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			c := converse(t)
			if one.fault.Kind != "" {
				require.NoError(t, c.server.Fail(erstest.A001, one.fault))
			}
			ticket := one.ticket
			if ticket == "" {
				ticket = erstest.TicketGP
			}
			_, err := c.client.CreateSession(t.Context(), ersclient.NewTicket(ticket))
			requireRemedy(t, one.remedy, clienttest.ProblemOf(t, one.code, err))
		})
	}
	t.Run("no answer", func(t *testing.T) {
		server := clienttest.NewServer(t)
		require.NoError(t, server.Fail(erstest.A001, testserver.Fault{Kind: testserver.Hang}))
		client := clienttest.NewClient(t, server, func(config *hscn.Config) { config.Timeout = 300 * time.Millisecond })
		_, err := client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
		requireRemedy(t, waitThenTry, clienttest.ProblemOf(t, "NET-TIMEOUT", err))
	})
}

// A002-03: each way for the selection of a role to fail. e-RS distinguishes them by status alone,
// so some share a text.
func TestA00203EveryFailureIsPresented(t *testing.T) {
	admin := ersclient.Permission{BusinessFunction: ersclient.ServiceProviderClinicianAdmin, OrgIdentifier: "R01"}
	cases := map[string]struct {
		call   func(*testing.T, *conversation) error
		code   string
		remedy remedy
	}{
		"the pair is not valid": {
			func(t *testing.T, c *conversation) error {
				_, err := c.client.SelectRole(t.Context(), c.session,
					ersclient.Permission{BusinessFunction: ersclient.ERSAdmin, OrgIdentifier: "R01"})
				return err
			}, "ERS-A002-403", otherRole,
		},
		"the calls are in the wrong order": {
			func(t *testing.T, c *conversation) error {
				c.session.Key = ersclient.NewSessionKey("pro-xapi-session_that-no-A001-created")
				_, err := c.client.SelectRole(t.Context(), c.session, gpRole)
				return err
			}, "ERS-A002-403", otherRole,
		},
		"a role is selected already": {
			func(t *testing.T, c *conversation) error {
				selected, err := c.client.SelectRole(t.Context(), c.session, gpRole)
				require.NoError(t, err)
				_, err = c.client.SelectRole(t.Context(), selected, gpRole)
				return err
			}, "ERS-A002-400", newSession,
		},
		// For an SPCA, no user, an invalid one, another organisation's, a non-SPC, one without a
		// common service, and a selection not completed are all a 403. The JSON of the call that
		// names the user is not public.
		"no user to act for": {
			func(t *testing.T, c *conversation) error {
				require.NoError(t, c.server.Fail(erstest.A002, testserver.Fault{Kind: testserver.Status, Status: 403}))
				_, err := c.client.SelectRole(t.Context(), c.session, admin)
				return err
			}, "ERS-A002-403", anotherThenDesk,
		},
		"a user to act for needlessly": {
			func(t *testing.T, c *conversation) error {
				require.NoError(t, c.server.Fail(erstest.A002, testserver.Fault{Kind: testserver.Status, Status: 400}))
				_, err := c.client.SelectRole(t.Context(), c.session, gpRole)
				return err
			}, "ERS-A002-400", newSession,
		},
		"the session has ended": {
			func(t *testing.T, c *conversation) error {
				c.server.Revoke(erstest.TicketGP)
				_, err := c.client.SelectRole(t.Context(), c.session, gpRole)
				return err
			}, "ERS-A002-403", otherRole,
		},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			err := one.call(t, converse(t))
			requireRemedy(t, one.remedy, clienttest.ProblemOf(t, one.code, err))
			require.NotErrorIs(t, err, ersclient.ErrAnswerLost, "e-RS has said no")
		})
	}
	t.Run("no roles", func(t *testing.T) {
		// No call fails here: the flow presents it, with the name and the session that it needs for
		// that.
		c := converse(t)
		session, err := c.client.CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketNoRoles))
		require.NoError(t, err)
		require.Empty(t, session.User.Permissions)
		require.NotEmpty(t, session.User.Name())
		require.NoError(t, c.client.DeleteSession(t.Context(), session.Key))
	})
}

// A003-03: a session that e-RS does not close is presented: it may still be open, and removing the
// card ends it.
func TestA00303AFailureIsPresented(t *testing.T) {
	c := converse(t)
	require.NoError(t, c.make(t.Context(), erstest.A003))
	found := clienttest.ProblemOf(t, "ERS-A003-403", c.make(t.Context(), erstest.A003))
	requireRemedy(t, takeCardThenDesk, found)
	require.Contains(t, found.Expand(found.Happened), "may still be open")
}

// e-RS refuses an endpoint certificate that expired while the program was running: the remedy is a
// new one, not the network.
func TestSEC001ACertificateThatHasRunOut(t *testing.T) {
	server := clienttest.NewServer(t)
	for version, name := range map[uint16]string{tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"} {
		t.Run(name, func(t *testing.T) {
			old := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -48*time.Hour, -24*time.Hour, nil)
			authorities := x509.NewCertPool()
			authorities.AddCert(old.Certificate)
			raw := clienttest.ServeRaw(t, server, func(config *tls.Config) { config.ClientCAs, config.MaxVersion = authorities, version },
				func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n\r\n") })
			client := clienttest.NewClient(t, server, func(config *hscn.Config) {
				config.BaseURL = raw.URL
				config.Certificate = tls.Certificate{Certificate: [][]byte{old.Certificate.Raw}, PrivateKey: old.Key}
			})
			err := clienttest.DeleteOnce(t.Context(), client)
			found := clienttest.ProblemOf(t, "TLS-CLIENT_CERT_EXPIRED", err)
			requireRemedy(t, remedy{[]string{"Check the date", "contact your local service desk"}, false}, found)
			require.Contains(t, found.Expand(found.Happened), "gp.surgery.example")
			require.NotErrorIs(t, err, ersclient.ErrAnswerLost)
		})
	}
}

// A computer with a wrong clock finds every certificate out of date. Without mention of the clock
// the user rings the wrong people.
func TestERR000OutdatedCertificatesPointAtTheClock(t *testing.T) {
	hour, now := time.Hour, time.Now()
	checkClock := remedy{[]string{"Check the date, time and time zone", "**Try again**", "local service desk"}, true}
	for name, one := range map[string]struct {
		from, until time.Duration
		code        string
	}{
		"expired":       {-2 * hour, -hour, "TLS-EXPIRED"},
		"not valid yet": {hour, 2 * hour, "TLS-CLOCK"},
	} {
		t.Run(name, func(t *testing.T) {
			server := clienttest.NewServer(t, erstest.WithServerValidity(now.Add(one.from), now.Add(one.until)))
			requireRemedy(t, checkClock, clienttest.ProblemOf(t, one.code, clienttest.DeleteOnce(t.Context(), clienttest.NewClient(t, server))))
		})
		t.Run(name+", further up the chain", func(t *testing.T) {
			server := clienttest.NewServer(t)
			root, chain := chainOf(t, now.Add(one.from), now.Add(one.until))
			raw := clienttest.ServeRaw(t, server, func(config *tls.Config) { config.Certificates = []tls.Certificate{chain} },
				func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n\r\n") })
			roots := x509.NewCertPool()
			roots.AddCert(root)
			trusting := clienttest.NewClient(t, server, func(config *hscn.Config) { config.BaseURL, config.RootCAs = raw.URL, roots })
			requireRemedy(t, checkClock, clienttest.ProblemOf(t, one.code, clienttest.DeleteOnce(t.Context(), trusting)))

			// If the root is missing too, the clock is not the reason.
			other := clienttest.NewClient(t, server, func(config *hscn.Config) { config.BaseURL = raw.URL })
			clienttest.RequireCode(t, "TLS-UNTRUSTED", clienttest.DeleteOnce(t.Context(), other))
		})
	}
}

// chainOf makes a root, and a server's certificate under an intermediate with this validity.
func chainOf(t *testing.T, from, until time.Time) (*x509.Certificate, tls.Certificate) {
	t.Helper()
	issue := func(name string, number int64, from, until time.Time, parent *clienttest.Pair) *clienttest.Pair {
		key := clienttest.NewKey(t)
		template := &x509.Certificate{
			SerialNumber: big.NewInt(number), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
			IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"localhost"},
		}
		template.IPAddresses = append(template.IPAddresses, []byte{127, 0, 0, 1})
		if parent == nil {
			parent = &clienttest.Pair{Certificate: template, Key: key}
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent.Certificate, key.Public(), parent.Key)
		require.NoError(t, err)
		certificate, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		return &clienttest.Pair{Certificate: certificate, Key: key}
	}
	begin, end := time.Now().Add(-24*time.Hour), time.Now().Add(24*time.Hour)
	root := issue("a root", 1, begin, end, nil)
	intermediate := issue("an intermediate", 2, from, until, root)
	leaf := issue("a server", 3, begin, end, intermediate)
	return root.Certificate, tls.Certificate{
		Certificate: [][]byte{leaf.Certificate.Raw, intermediate.Certificate.Raw}, PrivateKey: leaf.Key,
	}
}
