package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
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
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/problem"
	signinhscn "github.com/ers-login/ers-login/internal/signin/hscn"
)

var (
	_ signinhscn.ERS = (*audit.ERS)(nil)
	_ audit.Caller   = (*hscn.Client)(nil)
)

// standIn is a stand-in for e-RS that knows the ticket, and a real client of it.
func standIn(t *testing.T, timeout time.Duration) (*erstest.Server, *hscn.Client) {
	t.Helper()
	server := erstest.NewServer(erstest.WithUser(ticket, erstest.GP()))
	t.Cleanup(server.Close)
	client, err := hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: server.URL, Certificate: server.ClientCertificate(), RootCAs: server.RootCAs(),
		TrustStore: "the test's", Timeout: timeout,
	}})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return server, client
}

// short is a record as the tests look at it.
func short(r audit.Record) string {
	return fmt.Sprintf("%d %s user=%s org=%s/%s as=%s %s %s", r.ID, r.EventType, r.UserUUID, r.ODSCode, r.OrganisationName,
		r.BusinessFunction, r.Outcome, r.Reference)
}

func shorts(t *testing.T, folder string) []string {
	t.Helper()
	found, damaged := records(t, folder)
	require.Empty(t, damaged)
	var all []string
	for _, record := range found {
		all = append(all, short(record))
	}
	return all
}

// The whole life of a session, against a server: each call has its record, all have the session's name, and nothing in the folder is a
// secret. What is planted here and found in a log could act as the user.
func TestLAL001ASessionsLife(t *testing.T) {
	server, client := standIn(t, 0)
	s := settings(t)
	heard := make(troubles, 10)
	s.Trouble = heard.receive
	ers := audit.NewERS(client, open(t, s), true)

	created, err := ers.CreateSession(t.Context(), ersclient.NewTicket(ticket))
	require.NoError(t, err)
	require.Len(t, numbers(t, s.Dir), 1, "the record is there before the caller knows")
	chosen := created.User.Permissions[0]
	selected, err := ers.SelectRole(t.Context(), created, chosen)
	require.NoError(t, err)
	require.Len(t, numbers(t, s.Dir), 2)
	require.NoError(t, ers.DeleteSession(t.Context(), selected.Key))
	require.Empty(t, server.Sessions())
	require.NoError(t, ers.Reach(t.Context()))

	user := erstest.GP().Identifier
	role := fmt.Sprintf("org=%s/%s as=%s", chosen.OrgIdentifier, chosen.OrgName, chosen.BusinessFunction)
	assert.Equal(t, []string{
		fmt.Sprintf("1 POST user=%s org=/ as= 201 ", user),
		fmt.Sprintf("2 PUT user=%s %s 200 ", user, role),
		fmt.Sprintf("3 DELETE user=%s %s 204 ", user, role),
	}, shorts(t, s.Dir))
	found, _ := records(t, s.Dir)
	first, last := digestOf(created.Key.Reveal()), digestOf(selected.Key.Reveal())
	require.NotEqual(t, first, last, "the stand-in changes the id, as e-RS does")
	assert.Equal(t, []string{first, last, last}, []string{found[0].SessionID, found[1].SessionID, found[2].SessionID})
	assert.Equal(t, first, found[1].FormerSessionID, "the records of a session can be followed")

	everything := inAllFiles(t, s.Dir)
	for _, hidden := range []string{ticket, "AQIC", created.Key.Reveal(), selected.Key.Reveal(), "pro-xapi-session"} {
		require.False(t, strings.Contains(everything, hidden), "a secret is in the folder")
	}
	assert.Empty(t, heard)
}

// If this fails, the log lacks failed calls, which are what it is searched for.
func TestLAL001FailedCallsAreRecorded(t *testing.T) {
	user := erstest.GP().Identifier
	role := erstest.GP().Roles[0]
	asked := fmt.Sprintf("org=%s/%s as=%s", role.OrgIdentifier, role.OrgName, role.BusinessFunction)
	create := func(ctx context.Context, ers *audit.ERS) error {
		_, err := ers.CreateSession(ctx, ersclient.NewTicket(ticket))
		return err
	}
	choose := func(ctx context.Context, ers *audit.ERS) error {
		session, err := ers.CreateSession(ctx, ersclient.NewTicket(ticket))
		if err != nil {
			return err
		}
		_, err = ers.SelectRole(ctx, session, session.User.Permissions[0])
		return err
	}
	leave := func(ctx context.Context, ers *audit.ERS) error {
		session, err := ers.CreateSession(ctx, ersclient.NewTicket(ticket))
		if err != nil {
			return err
		}
		return ers.DeleteSession(ctx, session.Key)
	}
	tests := map[string]struct {
		call  testserver.Call
		fault testserver.Fault
		do    func(context.Context, *audit.ERS) error
		want  string
	}{
		"A001, a ticket that is not valid": {erstest.A001, testserver.Fault{Kind: testserver.Status, Status: 403}, create,
			"1 POST user= org=/ as= 403 ERS-A001-403"},
		"A001, no answer":  {erstest.A001, testserver.Fault{Kind: testserver.Hang}, create, "1 POST user= org=/ as= NET-TIMEOUT NET-TIMEOUT"},
		"A001, a web page": {erstest.A001, testserver.Fault{Kind: testserver.HTML, Status: 201}, create, "1 POST user= org=/ as= NET-HTML NET-HTML"},
		"A002, refused": {erstest.A002, erstest.Outcome("no"), choose,
			"2 PUT user=" + user + " " + asked + " 422 ERS-A002-422"},
		"A002, answer lost": {erstest.A002, testserver.Fault{Kind: testserver.CutAfter}, choose,
			"2 PUT user=" + user + " " + asked + " NET-CUT NET-CUT"},
		"A003, refused": {erstest.A003, testserver.Fault{Kind: testserver.Status, Status: 403}, leave,
			"2 DELETE user=" + user + " org=/ as= 403 ERS-A003-403"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var timeout time.Duration
			if test.fault.Kind == testserver.Hang {
				timeout = 100 * time.Millisecond
			}
			server, client := standIn(t, timeout)
			s := settings(t)
			ers := audit.NewERS(client, open(t, s), false)
			require.NoError(t, server.Fail(test.call, test.fault))
			err := test.do(t.Context(), ers)
			require.Error(t, err)
			assert.True(t, strings.HasSuffix(test.want, " "+problem.Of(err).Code), "the error is the call's own")
			all := shorts(t, s.Dir)
			assert.Equal(t, test.want, all[len(all)-1])
		})
	}
}

// fakeERS returns the answers set in it.
type fakeERS struct {
	session   ersclient.Session
	err       error
	calls     int
	meanwhile func()
}

func (f *fakeERS) answer() error {
	f.calls++
	if f.meanwhile != nil {
		f.meanwhile()
	}
	return f.err
}

func (f *fakeERS) CreateSession(context.Context, ersclient.Ticket) (ersclient.Session, error) {
	return f.session, f.answer()
}

func (f *fakeERS) SelectRole(context.Context, ersclient.Session, ersclient.Permission) (ersclient.Session, error) {
	return f.session, f.answer()
}

func (f *fakeERS) DeleteSession(context.Context, ersclient.SessionKey) error { return f.answer() }
func (f *fakeERS) Reach(context.Context) error                               { return f.answer() }

// session is one of the made-up key.
func session() ersclient.Session {
	return ersclient.Session{Key: ersclient.NewSessionKey(key), User: ersclient.User{Identifier: "555032000100"}}
}

// blocked puts a file where a log's folder should be made, and returns a way to take it away.
func blocked(t *testing.T, s audit.Settings) (clearWay func()) {
	t.Helper()
	require.NoError(t, os.RemoveAll(filepath.Dir(s.Dir)))
	require.NoError(t, os.WriteFile(filepath.Dir(s.Dir), nil, 0o600))
	return func() { require.NoError(t, os.Remove(filepath.Dir(s.Dir))) }
}

// The organisation's choice when the log cannot be written: sign-in fails, or succeeds with a
// warning. In both cases a session can be ended.
func TestLAL001ALogThatCannotBeWritten(t *testing.T) {
	for name, required := range map[string]bool{"required": true, "not required": false} {
		t.Run(name, func(t *testing.T) {
			heard := make(troubles, 10)
			s := settings(t).TryingEvery(time.Hour)
			s.Trouble = heard.receive
			clearWay := blocked(t, s)
			log, err := audit.Open(s)
			require.ErrorIs(t, err, audit.Unwritable)
			require.Equal(t, "AUDIT-UNWRITABLE", heard.next(t))
			next := &fakeERS{session: session()}
			ers := audit.NewERS(next, log, required)

			_, err = ers.CreateSession(t.Context(), ersclient.NewTicket(ticket))
			again, selectErr := ers.SelectRole(t.Context(), session(), surgery)
			require.True(t, again.Key.Equal(session().Key.Text))
			if required {
				require.ErrorIs(t, err, audit.Required)
				require.ErrorIs(t, err, audit.Unwritable, "the log says why")
				require.ErrorIs(t, selectErr, audit.Required)
				assert.True(t, problem.Of(err).Retry)
				assert.Contains(t, problem.Of(err).Expand(problem.Of(err).Happened), s.Dir)
				assert.Zero(t, next.calls, "e-RS is not asked")
			} else {
				require.NoError(t, err)
				require.NoError(t, selectErr)
				assert.Equal(t, 2, next.calls)
			}
			require.NoError(t, ers.DeleteSession(t.Context(), session().Key))

			clearWay()
			_, err = ers.CreateSession(t.Context(), ersclient.NewTicket(ticket))
			require.NoError(t, err)
			require.Empty(t, heard.next(t))
			assert.Len(t, numbers(t, s.Dir), next.calls, "each call that was made has its record")
			require.NoError(t, log.Close())
			assert.Empty(t, heard)
		})
	}
}

// The disk fails between the look and the record: the session exists, and the flow needs its key to delete it.
func TestLAL001ARequiredRecordThatFailsAfterTheCall(t *testing.T) {
	tests := map[string]struct {
		do func(*audit.ERS) (ersclient.Session, error)
	}{
		"A001": {func(ers *audit.ERS) (ersclient.Session, error) {
			return ers.CreateSession(t.Context(), ersclient.NewTicket(ticket))
		}},
		"A002": {func(ers *audit.ERS) (ersclient.Session, error) {
			return ers.SelectRole(t.Context(), session(), surgery)
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settings(t)
			log := open(t, s)
			var clearWay func()
			next := &fakeERS{session: session()}
			next.meanwhile = func() { clearWay = blocked(t, s) }
			made, err := test.do(audit.NewERS(next, log, true))
			require.ErrorIs(t, err, audit.Required)
			require.NotErrorIs(t, err, ersclient.ErrAnswerLost, "the flow does not start again by itself")
			require.True(t, made.Key.Equal(session().Key.Text))
			clearWay()
			require.NoError(t, log.Ready(t.Context()))
			assert.Len(t, numbers(t, s.Dir), 1, "the record comes late")
		})
	}
}

// The call's own error is what helps the user, also where its record could not be written.
func TestTheErrorIsTheCallsOwn(t *testing.T) {
	s := settings(t)
	log := open(t, s)
	var clearWay func()
	next := &fakeERS{err: errors.New("of the call")}
	next.meanwhile = func() { clearWay = blocked(t, s) }
	_, err := audit.NewERS(next, log, true).CreateSession(t.Context(), ersclient.NewTicket(ticket))
	assert.Same(t, next.err, err)
	clearWay()
}

// A call that the user has given up was made all the same.
func TestLAL001CancelledCallsAreRecorded(t *testing.T) {
	server, client := standIn(t, 0)
	require.NoError(t, server.Fail(erstest.A001, testserver.Fault{Kind: testserver.Hang}))
	for name, required := range map[string]bool{"required": true, "not required": false} {
		t.Run(name, func(t *testing.T) {
			s := settings(t)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := audit.NewERS(client, open(t, s), required).CreateSession(ctx, ersclient.NewTicket(ticket))
			require.Equal(t, "NET-CANCELLED", problem.Of(err).Code)
			assert.Equal(t, []string{"1 POST user= org=/ as= NET-CANCELLED NET-CANCELLED"}, shorts(t, s.Dir))
		})
	}
}

// If this fails, the end of a session is recorded without its user, or with a role that it never
// had.
func TestLAL001WhoseSessionEnds(t *testing.T) {
	const none = "org=/ as="
	role := "org=D82106/Smith & Partners <Surgery> as=REFERRING_CLINICIAN"
	refused := &problem.Problem{Code: "ERS-A002-403", Cause: &transport.StatusError{Call: "A002", Status: 403}}
	lost := &problem.Problem{Code: "ERS-A002-504", Cause: &transport.StatusError{Call: "A002", Status: 504}}
	choose := func(err error) func(*testing.T, *fakeERS, *audit.ERS) {
		return func(t *testing.T, next *fakeERS, ers *audit.ERS) {
			next.err = err
			_, got := ers.SelectRole(t.Context(), session(), surgery)
			require.ErrorIs(t, got, err)
			next.err = nil
		}
	}
	tests := map[string]struct {
		before func(*testing.T, *fakeERS, *audit.ERS)
		want   string
	}{
		"an unknown one": {func(*testing.T, *fakeERS, *audit.ERS) {}, "user= " + none},
		"one without a role": {func(t *testing.T, _ *fakeERS, ers *audit.ERS) {
			_, err := ers.CreateSession(t.Context(), ersclient.NewTicket(ticket))
			require.NoError(t, err)
		}, "user=555032000100 " + none},
		"one whose role was refused": {choose(refused), "user=555032000100 " + none},
		"one whose answer was lost":  {choose(lost), "user=555032000100 " + role},
		"one with a role, by its old id": {func(t *testing.T, next *fakeERS, ers *audit.ERS) {
			next.session.Key = ersclient.NewSessionKey(newKey)
			_, err := ers.SelectRole(t.Context(), session(), surgery)
			require.NoError(t, err)
		}, "user=555032000100 " + role},
		"one of an earlier run": {func(_ *testing.T, _ *fakeERS, ers *audit.ERS) {
			ers.SetOwner(session().Key, "555032000199", surgery)
		}, "user=555032000199 " + role},
		"an earlier one of very many": {func(_ *testing.T, _ *fakeERS, ers *audit.ERS) {
			ers.SetOwner(session().Key, "555032000199", surgery)
			ers.SetOwner(ersclient.SessionKey{}, "another", surgery)
			for i := range audit.MaxKnown {
				ers.SetOwner(ersclient.NewSessionKey(fmt.Sprint("another ", i)), "555032000200", surgery)
			}
		}, "user= " + none},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settings(t)
			next := &fakeERS{session: session()}
			ers := audit.NewERS(next, open(t, s), false)
			test.before(t, next, ers)
			require.NoError(t, ers.DeleteSession(t.Context(), session().Key))
			all := shorts(t, s.Dir)
			assert.Equal(t, fmt.Sprintf("%d DELETE %s 204 ", len(all), test.want), all[len(all)-1])
		})
	}
}

// A call that is passed on without a record is a breach of the rule. A new one gets its record first, and then its name here.
func TestLAL001EveryCallHasItsRecord(t *testing.T) {
	for made, calls := range map[reflect.Type][]string{
		reflect.TypeFor[audit.Caller]():     {"CreateSession", "DeleteSession", "Reach", "SelectRole"}, // Reach asks nothing
		reflect.TypeFor[audit.FHIRCaller](): {"Clinicians", "Reach", "Roles"},
		// The sign-in's calls, but a refresh, are in the record of FHIR.SignedIn.
		reflect.TypeFor[audit.Gateway](): {"Begin", "Exchange", "Refresh", "UserInfo"},
	} {
		var found []string
		for method := range made.Methods() {
			found = append(found, method.Name)
		}
		assert.Equal(t, calls, found, made.String())
	}
}
