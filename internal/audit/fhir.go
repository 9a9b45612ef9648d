package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/secret"
)

// Gateway is the OAuth 2 server for the flow; *cis2.Client implements it.
type Gateway interface {
	Begin(context.Context) (*cis2.Attempt, error)
	Exchange(context.Context, cis2.Code) (cis2.Tokens, error)
	Refresh(context.Context, cis2.RefreshToken) (cis2.Tokens, error)
	UserInfo(context.Context, ersclient.AccessToken) (cis2.UserInfo, error)
}

// FHIRCaller is the e-RS FHIR API for the flow; *fhir.Client implements it.
type FHIRCaller interface {
	// Roles is A030.
	Roles(context.Context, ersclient.AccessToken) (ersclient.User, error)
	// Clinicians is A040.
	Clinicians(context.Context, ersclient.AccessToken, ersclient.Permission) ([]ersclient.User, error)
	// Reach connects to e-RS and asks nothing.
	Reach(context.Context) error
}

// FHIR is the FHIR platform's servers with an audit log: it records A030, A040 and each refresh
// before its result is returned, failed and cancelled ones too. What is no call of its own, its user
// reports: [FHIR.SignedIn], [FHIR.RoleChosen] and [FHIR.SignedOut].
//
// A session is named by a digest of the first access token of its sign-in, in all its records. No
// token is ever in a record.
type FHIR struct {
	recorder
	Gateway
	ers   FHIRCaller
	known memory[knownSignIn]
}

// knownSignIn is what a record says of a sign-in, by digests of its present tokens.
type knownSignIn struct {
	access, refresh [sha256.Size]byte
	// session names it.
	session  string
	user     string
	selected ersclient.Permission
}

// NewFHIR records the calls of a flow. If required, [FHIR.SignedIn] and [FHIR.RoleChosen] fail with
// [Required] when no record can be written. A refresh never fails for that: a user at work would be
// signed out.
func NewFHIR(gateway Gateway, ers FHIRCaller, log *Log, required bool) *FHIR {
	return &FHIR{recorder: recorder{log, required}, Gateway: gateway, ers: ers}
}

// Reach passes on what is no call, and has no record.
func (f *FHIR) Reach(ctx context.Context) error { return f.ers.Reach(ctx) }

// Ready fails with [Required] if records are required and none can be written. Call it before a code
// is redeemed.
func (f *FHIR) Ready(ctx context.Context) error { return f.ready(ctx) }

// Roles makes the call A030 and records it.
func (f *FHIR) Roles(ctx context.Context, token ersclient.AccessToken) (ersclient.User, error) {
	event := f.begin(A030)
	user, err := f.ers.Roles(f.traced(ctx, &event), token)
	known := f.recall(token.Text)
	event.Session, event.User = known.session, cmp.Or(user.Identifier, known.user)
	// The log reports its trouble itself, and the sign-in has a record besides.
	_ = f.record(ctx, event, err)
	return user, err
}

// Clinicians makes the call A040 and records it.
func (f *FHIR) Clinicians(ctx context.Context, token ersclient.AccessToken, as ersclient.Permission) ([]ersclient.User, error) {
	event := f.begin(A040)
	clinicians, err := f.ers.Clinicians(f.traced(ctx, &event), token, as)
	known := f.recall(token.Text)
	event.Session, event.User, event.Selected = known.session, known.user, as
	// As above.
	_ = f.record(ctx, event, err)
	return clinicians, err
}

// Refresh redeems a refresh token, and records that.
func (f *FHIR) Refresh(ctx context.Context, token cis2.RefreshToken) (cis2.Tokens, error) {
	event := f.begin(Refreshed)
	known := f.byRefresh(token.Text)
	tokens, err := f.Gateway.Refresh(ctx, token)
	event.Session, event.User, event.Selected, event.OnBehalfOf = known.session, known.user, known.selected, known.selected.OnBehalfOf
	if err == nil && known.session != "" {
		known.access, known.refresh = digestOf(tokens.Access.Text), digestOf(tokens.Refresh.Text)
		f.keep(known)
	}
	_ = f.record(ctx, event, err)
	return tokens, err
}

// SignedIn records a sign-in that began at a time, as a user, or one that has failed, whose tokens
// may be zero.
func (f *FHIR) SignedIn(ctx context.Context, began time.Time, access, refresh secret.Text, user string, err error) error {
	event := f.begin(SignedIn)
	event.Began, event.User = began, user
	if !access.IsZero() {
		known := f.recall(access)
		known.refresh, known.user = digestOf(refresh), user
		event.Session = known.session
		f.keep(known)
	}
	return f.signIn(ctx, event, err)
}

// RoleChosen records what the user of an access token works as from now on.
func (f *FHIR) RoleChosen(ctx context.Context, access secret.Text, selected ersclient.Permission) error {
	event := f.begin(RoleChosen)
	known := f.recall(access)
	event.Session, event.User, event.Selected, event.OnBehalfOf = known.session, known.user, selected, selected.OnBehalfOf
	err := f.signIn(ctx, event, nil)
	if err == nil {
		known.selected = selected
		f.keep(known)
	}
	return err
}

// SignedOut records the end of an access token's session.
func (f *FHIR) SignedOut(ctx context.Context, access secret.Text) {
	event := f.begin(SignedOut)
	known := f.recall(access)
	event.Session, event.User, event.Selected, event.OnBehalfOf = known.session, known.user, known.selected, known.selected.OnBehalfOf
	// The log reports its trouble itself.
	_ = f.record(ctx, event, nil)
}

// traced returns a context with which a call's id gets into an event.
func (f *FHIR) traced(ctx context.Context, event *Event) context.Context {
	return transport.WithTrace(ctx, func(trace transport.Trace) { event.CorrelationID = trace.CorrelationID })
}

func digestOf(token secret.Text) [sha256.Size]byte { return sha256.Sum256([]byte(token.Reveal())) }

// recall returns what is known of an access token: a new session, if nothing is.
func (f *FHIR) recall(access secret.Text) knownSignIn {
	digest := digestOf(access)
	if session, known := f.known.find(func(s knownSignIn) bool { return s.access == digest }); known {
		return session
	}
	return knownSignIn{access: digest, session: nameOf(digest)}
}

// byRefresh returns what is known of a refresh token, the zero value if nothing is.
func (f *FHIR) byRefresh(refresh secret.Text) knownSignIn {
	digest := digestOf(refresh)
	session, _ := f.known.find(func(s knownSignIn) bool { return s.refresh == digest })
	return session
}

// keep replaces what is known of a session.
func (f *FHIR) keep(made knownSignIn) {
	f.known.keep(made, func(s knownSignIn) bool { return s.session == made.session })
}
