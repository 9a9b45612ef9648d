package signin

import (
	"context"
	"errors"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// Platform is one way to sign in to e-RS: a source of proofs of the user's identity, and the calls
// that turn one into a session. Package hscn is one, with the smartcard's ticket and A001 to A003,
// and package fhir the other, with NHS Care Identity, A030 and A040.
// Every error is a *problem.Problem; the flow decides by [ErrPromptCancelled], [ErrNotERS] or an
// error of ersclient in its chain. A Platform is safe for concurrent use.
type Platform interface {
	// About returns what is constant for a run: names for the log, and words for the window.
	About() About
	// Watch reports on the proof until the context ends. The channel is closed when nothing of it is
	// running any more.
	Watch(context.Context) <-chan Report
	// Look has the proof looked at now, because something has happened that may have changed it (the
	// computer woke).
	Look()
	// Prompt asks the user for a proof, for a new one if fresh. The proof itself arrives as a Report.
	// ErrPromptCancelled: the user gave up.
	Prompt(ctx context.Context, fresh bool) error
	// Open turns a proof into a grant. When givenUp is closed, the attempt is over, but a session that
	// it has created has to be closed: a platform that learns its key from the answer alone waits for
	// the answer, and does not repeat the call. The grant returned with an error has a Key if there is
	// something to close.
	Open(ctx context.Context, proof Proof, givenUp <-chan struct{}) (Grant, error)
	// Select selects one of the user's permissions. A grant returned with Clinicians in place of a
	// Permission asks for one of them as the permission's OnBehalfOf; Select is then called again. The
	// grant returned with an error has the Key to close, if that has changed. ersclient.ErrStartAgain:
	// it may have been carried out, so the grant has to be closed and a sign-in begun anew.
	Select(context.Context, Grant, ersclient.Permission) (Grant, error)
	// Refresh replaces a grant whose RefreshAt has passed. ersclient.ErrRefreshRefused: it cannot be
	// refreshed any more, and ersclient.ErrAnswerLost: it may have been carried out. Any other error
	// is tried again. It is no call to e-RS.
	Refresh(context.Context, Grant) (Grant, error)
	// Close ends what a grant stands for. ersclient.ErrSessionGone: it had ended already.
	Close(context.Context, Grant) error
	// Reach connects to e-RS and asks nothing.
	Reach(context.Context) error
	// Entry is what other applications read of a grant, and Leftover the grant of an entry that an
	// earlier run has left. It is the zero Grant if it cannot be closed: the key of one platform is
	// not shown to another.
	Entry(Grant, EntryDetails) handoff.Entry
	Leftover(handoff.Entry) Grant
}

// Errors by which a flow decides, besides those of ersclient.
var (
	// ErrPromptCancelled: the user has given no proof, and no Problem is to be shown for it.
	ErrPromptCancelled = errors.New("the user gave no proof")
	// ErrNotERS: another service than e-RS has failed, so that nothing is known of e-RS.
	ErrNotERS = errors.New("e-RS was not asked")
)

// Proof is what a platform takes as proof of the user: the smartcard's ticket, the outcome of a
// sign-in in the browser. It is masked.
type Proof struct {
	secret.Text
	// ExpiresAt is when a session made from it ends at the latest; zero if the proof does not bound
	// it.
	ExpiresAt time.Time
}

// Equal compares the texts of two proofs in constant time.
func (p Proof) Equal(other Proof) bool { return p.Text.Equal(other.Text) }

// Grant is what exists at e-RS for one sign-in. The zero Grant is none: a grant exists if it has a
// Key.
type Grant struct {
	// Key is what other applications need: a session key or an access token. It may change with Select
	// and Refresh.
	Key secret.Text
	// Credential is what the platform itself shows with its next call: the ticket, a refresh token. A
	// flow keeps it unread.
	Credential secret.Text
	// User is who signed in, with all permissions that are offered, and Permission the selected one.
	User       ersclient.User
	Permission ersclient.Permission
	// Clinicians are the 12-digit ids of those whom the user can work for; see [Platform.Select].
	Clinicians []string
	// ExpiresAt is when it ends at the latest, however often it is refreshed; zero if the platform
	// sets no bound.
	ExpiresAt time.Time
	// RefreshAt is when it is to be refreshed, and KeyExpiresAt when Key is of no use without that.
	// Both are zero if it need not be.
	RefreshAt, KeyExpiresAt time.Time
}

// EntryDetails is what an entry says besides the grant.
type EntryDetails struct {
	// Generation is another one for each session, and Revision counts the refreshes within it.
	Generation, Revision int64
	// IssuedAt and ExpiresAt are in UTC.
	IssuedAt, ExpiresAt time.Time
	Publisher           string
}

// ReportKind is what a [Report] says of the proof.
type ReportKind int

// The kinds of reports.
const (
	// StatusChanged: the proof is as it was, and what the report says besides has changed.
	StatusChanged ReportKind = iota
	// ProofAppeared: there is a proof, where there was none.
	ProofAppeared
	// ProofChanged: there is another proof than before, perhaps another person's.
	ProofChanged
	// ProofGone: there is no proof any more.
	ProofGone
)

// Report is what a platform knows of the proof, whole: Source and Missing hold with every kind.
type Report struct {
	Kind ReportKind
	// Proof is the new one, with ProofAppeared and ProofChanged.
	Proof Proof
	// Source is the health of where proofs come from.
	Source Link
	// Missing is what a user without a proof has to do next, and Problem why nothing that they do
	// there helps, if so.
	Missing Missing
	Problem error
	// Begun: the user has begun to give a proof (with StatusChanged). How it ended before is of no use
	// to them.
	Begun bool
	// Browser is the page in which the user is giving a proof; nil if they do so elsewhere.
	Browser *Browser
	// OrgNames are names of organisations by their ODS codes, which were not known when the grant was
	// opened.
	OrgNames map[string]string
}

// Browser is a sign-in under way in the user's web browser.
type Browser struct {
	// Address is the page's. It has the state of this sign-in, but neither a code nor a secret.
	Address string
	// Until is when the sign-in is given up.
	Until time.Time
	// NotOpened: no browser could be started, so the user has to open the page.
	NotOpened bool
}

// About is what a platform says of itself.
type About struct {
	// Start holds before the first report.
	Start Report
	// Words are the texts that the window shows, apart from each report's Missing.
	Words Words
	// Ready is what a user has to do whose proof is there, and who alone can start again.
	Ready Missing
	// Prompting is what a user has to do while Prompt is under way.
	Prompting Missing
	// InPlace: one proof makes one grant, which lasts until it is closed. Roles are selected and
	// switched within it, a selection that fails leaves it as it was, and the proof cannot be used
	// again.
	InPlace bool
	// Calls names the platform's calls in the log.
	Calls struct{ Prompt, Open, Select, Refresh, Close string }
	// Unseen is the Problem of a proof that was promised by a prompt and has not come, and NoRoles
	// that of a user without permissions. NotClosed says what is left behind and what to do where
	// Close has failed; Code and cause are the failure's.
	Unseen, NoRoles, NotClosed *problem.Problem
}
