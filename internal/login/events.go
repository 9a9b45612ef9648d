package login

import (
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/smartcard"
)

// event is something that has happened: to the card, at the window, or as the outcome of an effect.
type event interface{ event() }

type (
	// cardEvent is the smartcard side's news of the ticket.
	cardEvent struct{ smartcard.Event }
	// presenceEvent tells whether a card is seen in a reader.
	presenceEvent struct{ Presence }
	// intentEvent is a wish of the user.
	intentEvent struct{ Intent }
	// recovered is the outcome of recoverLeftovers: the entry of a dead run is gone from the keyring. Its session is still to
	// be deleted at e-RS if leftover is not empty.
	recovered struct {
		leftover   ersclient.SessionKey
		generation int64
		err        error
	}
	// asked is the Identity Agent's answer to a prompt.
	asked struct {
		attempt int
		err     error
	}
	// created is A001's outcome, and the pair that this user chose last time.
	created struct {
		attempt int
		session ersclient.Session
		last    ersclient.Permission
		err     error
	}
	// selected is A002's outcome.
	selected struct {
		attempt int
		session ersclient.Session
		err     error
	}
	// published is the outcome of the hand-over to the keyring. looked tells that what was there before could be read, and
	// leftover is the session that was, if it is to be deleted.
	published struct {
		attempt  int
		looked   bool
		leftover ersclient.SessionKey
		err      error
	}
	// ended is the outcome of endSession, its two halves apart.
	ended struct{ clearErr, deleteErr error }
	// orphanDeleted says that a deleteOrphan is over, well or not.
	orphanDeleted struct{}
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
	// incidentEvent is what has happened to the workstation.
	incidentEvent struct{ Incident }
	// noticed is all that the neighbours want to be known.
	noticed struct{ notices []Notice }
	// tick says that time has passed.
	tick struct{}
	// deadline says that a quitting flow has no more time.
	deadline struct{}
)

func (cardEvent) event()     {}
func (presenceEvent) event() {}
func (intentEvent) event()   {}
func (recovered) event()     {}
func (asked) event()         {}
func (created) event()       {}
func (selected) event()      {}
func (published) event()     {}
func (ended) event()         {}
func (orphanDeleted) event() {}
func (linkSeen) event()      {}
func (entrySeen) event()     {}
func (incidentEvent) event() {}
func (noticed) event()       {}
func (tick) event()          {}
func (deadline) event()      {}

// link is a neighbour that can be probed.
type link int

const (
	linkERS link = iota
	linkKeyring
)

// effect is something to be done. All of them run beside the machine, and what comes of them returns as an event.
type effect interface{ effect() }

type (
	// recoverLeftovers clears the keyring of what a run that was killed has left there; answered by recovered.
	recoverLeftovers struct{}
	// askTicket has the Identity Agent prompt, with a fresh sign-in if wanted; answered by asked.
	askTicket struct {
		attempt int
		fresh   bool
	}
	// createSession is A001; answered by created.
	createSession struct {
		attempt int
		token   ersclient.Ticket
	}
	// selectRole is A002; answered by selected.
	selectRole struct {
		attempt    int
		session    ersclient.Session
		permission ersclient.Permission
	}
	// publish hands the session to the keyring, and looks first what is there if nobody could before; answered by published.
	publish struct {
		attempt int
		session handoff.Session
		look    bool
	}
	// endSession clears the keyring, if that is wanted, and then, unless the key is empty, deletes the session (A003); answered
	// by ended. In between it waits for the grace, if there is one.
	endSession struct {
		key   ersclient.SessionKey
		clear bool
		grace time.Duration
	}
	// deleteOrphan deletes a session that never was in the keyring (A003); answered by orphanDeleted.
	deleteOrphan struct{ key ersclient.SessionKey }
	// remember keeps the chosen pair for the user's next sign-in.
	remember struct {
		user       string
		permission ersclient.Permission
	}
	// probeLinks looks at the keyring for the status bar, and at e-RS if wanted; answered by linkSeen for each.
	probeLinks struct{ reach bool }
	// lookAtEntry reads the keyring's entry while a user is signed in; answered by entrySeen.
	lookAtEntry struct{ attempt int }
	// stopCalls cancels askTicket, selectRole and publish. Each still answers. An A001 under way goes on, and is not repeated.
	stopCalls struct{}
	// stopEnding cancels endSession, which still answers.
	stopEnding struct{}
	// hurry bounds what is still to come; answered by deadline.
	hurry struct{}
)

func (recoverLeftovers) effect() {}
func (askTicket) effect()        {}
func (createSession) effect()    {}
func (selectRole) effect()       {}
func (publish) effect()          {}
func (endSession) effect()       {}
func (deleteOrphan) effect()     {}
func (remember) effect()         {}
func (probeLinks) effect()       {}
func (lookAtEntry) effect()      {}
func (stopCalls) effect()        {}
func (stopEnding) effect()       {}
func (hurry) effect()            {}
