package audit

import (
	"cmp"
	"context"
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
	FHIRCaller
}

// NewFHIR records the calls of a flow. If required, [FHIR.SignedIn] and [FHIR.RoleChosen] fail with
// [Required] when no record can be written. A refresh never fails for that: a user at work would be
// signed out.
func NewFHIR(gateway Gateway, ers FHIRCaller, log *Log, required bool) *FHIR {
	return &FHIR{recorder{log: log, required: required}, gateway, ers}
}

// Roles makes the call A030 and records it.
func (f *FHIR) Roles(ctx context.Context, token ersclient.AccessToken) (ersclient.User, error) {
	event, _ := f.about(A030, token.Text)
	user, err := f.FHIRCaller.Roles(f.traced(ctx, &event), token)
	event.User, event.Selected = cmp.Or(user.Identifier, event.User), ersclient.Permission{}
	// The log reports its trouble itself, and the sign-in has a record besides.
	_ = f.record(ctx, event, err)
	return user, err
}

// Clinicians makes the call A040 and records it.
func (f *FHIR) Clinicians(ctx context.Context, token ersclient.AccessToken, as ersclient.Permission) ([]ersclient.User, error) {
	event, _ := f.about(A040, token.Text)
	event.Selected = as
	clinicians, err := f.FHIRCaller.Clinicians(f.traced(ctx, &event), token, as)
	_ = f.record(ctx, event, err)
	return clinicians, err
}

// Refresh redeems a refresh token, and records that.
func (f *FHIR) Refresh(ctx context.Context, token cis2.RefreshToken) (cis2.Tokens, error) {
	event := f.begin(Refreshed)
	known := f.sessions.find(token.Text)
	event.Session, event.User, event.Selected = known.name, known.user, known.selected
	tokens, err := f.Gateway.Refresh(ctx, token)
	if err == nil && known.name != "" {
		known.key, known.refresh = digestOf(tokens.Access.Text), digestOf(tokens.Refresh.Text)
		f.sessions.keep(known)
	}
	_ = f.record(ctx, event, err)
	return tokens, err
}

// SignedIn records a sign-in that began at a time, as a user, or one that has failed, whose tokens
// may be zero.
func (f *FHIR) SignedIn(ctx context.Context, began time.Time, access, refresh secret.Text, user string, err error) error {
	event := f.begin(SignedIn)
	if !access.IsZero() {
		var known remembered
		event, known = f.about(SignedIn, access)
		known.refresh, known.user = digestOf(refresh), user
		f.sessions.keep(known)
	}
	event.Began, event.User = began, user
	return f.signIn(ctx, event, err)
}

// RoleChosen records what the user of an access token works as from now on.
func (f *FHIR) RoleChosen(ctx context.Context, access secret.Text, selected ersclient.Permission) error {
	event, known := f.about(RoleChosen, access)
	event.Selected = selected
	err := f.signIn(ctx, event, nil)
	if err == nil {
		known.selected = selected
		f.sessions.keep(known)
	}
	return err
}

// SignedOut records the end of an access token's session.
func (f *FHIR) SignedOut(ctx context.Context, access secret.Text) {
	event, _ := f.about(SignedOut, access)
	_ = f.record(ctx, event, nil)
}

// traced returns a context with which a call's id gets into an event.
func (f *FHIR) traced(ctx context.Context, event *Event) context.Context {
	return transport.WithTrace(ctx, func(trace transport.Trace) { event.CorrelationID = trace.CorrelationID })
}

// about begins an event of an access token's session: of a new one, if none is known.
func (f *FHIR) about(call Call, access secret.Text) (Event, remembered) {
	known := f.sessions.find(access)
	if known.name == "" {
		known.key = digestOf(access)
		known.name = nameOf(known.key)
	}
	event := f.begin(call)
	event.Session, event.User, event.Selected = known.name, known.user, known.selected
	return event, known
}
