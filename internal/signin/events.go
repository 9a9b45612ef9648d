package signin

import (
	"time"

	"github.com/ers-login/ers-login/ersclient"
)

// event is something that has happened: a [Report] of the proof, an [Intent] of the user, a
// [WorkstationEvent], the Notices of the [Board], or what follows, most of it the outcome of an effect.
type event any

type (
	// leftoverCleared is the outcome of clearLeftover: the entry of a dead run is gone from the keyring.
	// Its session is still to be closed at e-RS if leftover has a key.
	leftoverCleared struct {
		leftover   Grant
		generation int64
		err        error
	}
	// prompted is the outcome of promptUser.
	prompted struct {
		attempt int
		err     error
	}
	// opened is the outcome of openGrant, and the pair that this user chose last time.
	opened struct {
		attempt int
		grant   Grant
		last    ersclient.Permission
		err     error
	}
	// selected is the outcome of selectRole.
	selected struct {
		attempt int
		grant   Grant
		err     error
	}
	// refreshed is the outcome of refreshGrant.
	refreshed struct {
		attempt int
		grant   Grant
		err     error
	}
	// published is the outcome of the hand-over to the keyring. looked reports whether what was there
	// before could be read, and leftover is the session that was, if it is to be closed.
	published struct {
		attempt  int
		looked   bool
		leftover Grant
		err      error
	}
	// ended is the outcome of endSession, its two halves apart.
	ended struct{ clearErr, closeErr error }
	// orphanClosed says that a closeOrphan is over, well or not.
	orphanClosed struct{}
	// linkSeen is what a probe of a neighbour has found.
	linkSeen struct {
		link link
		err  error
	}
	// entrySeen is what is in the keyring while a user is signed in.
	entrySeen struct {
		attempt    int
		generation int64
		err        error
	}
	// tick says that time has passed.
	tick struct{}
	// quitDeadline says that a quitting flow has no more time.
	quitDeadline struct{}
)

// link is a neighbour that can be probed.
type link int

const (
	linkERS link = iota
	linkKeyring
)

// effect is something to be done. All of them run beside the machine, and what comes of them
// returns as an event.
type effect interface{ effect() }

type (
	// clearLeftover clears the keyring of what a run that was killed has left there; answered by
	// leftoverCleared.
	clearLeftover struct{}
	// promptUser has the platform ask for a proof, for a new one if fresh; answered by prompted.
	promptUser struct {
		attempt int
		fresh   bool
	}
	// openGrant turns a proof into a session at e-RS; answered by opened.
	openGrant struct {
		attempt int
		proof   Proof
	}
	// selectRole selects a pair; answered by selected.
	selectRole struct {
		attempt    int
		grant      Grant
		permission ersclient.Permission
	}
	// refreshGrant replaces a grant by one that can be used for longer; answered by refreshed.
	refreshGrant struct {
		attempt int
		grant   Grant
	}
	// publish hands the session to the keyring; answered by published. With look, what is there is
	// read first, since it could not be read before. With replace, an entry of this session is
	// replaced, and handoff.ErrNotFound is the answer if it has gone.
	publish struct {
		attempt int
		grant   Grant
		details EntryDetails
		look    bool
		replace bool
	}
	// endSession clears the keyring, if that is wanted, and then closes the session, if there is one;
	// answered by ended. In between it waits for the grace, if there is one.
	endSession struct {
		grant Grant
		clear bool
		grace time.Duration
	}
	// closeOrphan closes a session beside the flow; answered by orphanClosed.
	closeOrphan struct{ grant Grant }
	// remember keeps the chosen pair for the user's next sign-in.
	remember struct {
		user       string
		permission ersclient.Permission
	}
	// probeLinks looks at e-RS and at the keyring for the status bar, each if wanted; answered by
	// linkSeen for each.
	probeLinks struct{ reach, keyring bool }
	// lookAtEntry reads the keyring's entry while a user is signed in; answered by entrySeen.
	lookAtEntry struct{ attempt int }
	// stopCalls cancels promptUser, selectRole, refreshGrant and publish. Each still answers. An
	// openGrant under way is given up.
	stopCalls struct{}
	// stopEnding cancels endSession, which still answers.
	stopEnding struct{}
	// hurry bounds what is still to come; answered by quitDeadline.
	hurry struct{}
)

func (clearLeftover) effect() {}
func (promptUser) effect()    {}
func (openGrant) effect()     {}
func (selectRole) effect()    {}
func (refreshGrant) effect()  {}
func (publish) effect()       {}
func (endSession) effect()    {}
func (closeOrphan) effect()   {}
func (remember) effect()      {}
func (probeLinks) effect()    {}
func (lookAtEntry) effect()   {}
func (stopCalls) effect()     {}
func (stopEnding) effect()    {}
func (hurry) effect()         {}
