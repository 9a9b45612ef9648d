package diagnose

import (
	"context"
	"crypto/tls"
	"errors"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

// Target is what the checks look at. A nil member is absent, and its rows are Skipped. None of the
// functions may prompt the user.
type Target struct {
	// Settings are those in force; SettingsErr is why they cannot be used for a sign-in, nil for
	// the demonstration.
	Settings    config.Config
	SettingsErr error
	// Platform is config.PlatformHSCN or config.PlatformFHIR; empty means that of the settings.
	Platform string
	// ASID is the one in use: that of the settings, or the demonstration's.
	ASID string

	// Readers returns what is seen of smartcard readers; its Err is a *problem.Problem. It waits while
	// they are still being looked for.
	Readers func(context.Context) smartcard.Presence
	// Agent returns the source of tickets.
	Agent func(context.Context) (Agent, error)
	// Ticket is the agent's TicketNoAuth. The ticket is looked at no further.
	Ticket func(context.Context) (ersclient.Ticket, error)
	// Refused is why the agent has no ticket for the card in the reader, if a window knows that.
	Refused *problem.Problem
	// Certificate loads the organisation's certificate.
	Certificate func(context.Context) (tls.Certificate, error)
	// ERS makes the route to e-RS with that certificate, or without one if it is zero.
	// *hscn.Client implements it.
	ERS func(tls.Certificate) (ERS, error)
	// ClientSecret reports whether the client secret is found, or is not needed. It is read, and never
	// returned.
	ClientSecret func(context.Context) error
	// Redirect reports whether the browser could come back to this computer. It is [ErrInUse] if the
	// way is a window's of this program.
	Redirect func(context.Context) error
	// Browser reports whether this computer can open a page.
	Browser func() error
	// OAuth and Directory make the routes to the OAuth 2 server, and to the directory of
	// organisations.
	OAuth, Directory func() (ERS, error)
	// LookUp looks up a name; nil is the system's resolver.
	LookUp func(ctx context.Context, host string) ([]string, error)
	// Keyring is an internal/keyring.Client.
	Keyring Keyring
	// Audit reports whether the audit log can be written, as audit.Log's Ready does.
	Audit func(context.Context) error
	// MissingEvents returns the events that this desktop does not report, as workstation.Watcher's
	// Unseen does.
	MissingEvents func(context.Context) error
}

// ErrInUse is the error of what the open window of this program uses, so that it is not checked.
var ErrInUse = errors.New("the open window uses it")

// AgentKind is where tickets come from.
type AgentKind int

// The kinds of agent.
const (
	// IdentityAgent is the NHS Identity Agent of this computer.
	IdentityAgent AgentKind = iota
	// AgentCommand is a program that the settings name.
	AgentCommand
	// SimulatedAgent is the demonstration's.
	SimulatedAgent
)

// Agent is what is known of the source of tickets. All but Kind is about the Identity Agent.
type Agent struct {
	Kind      AgentKind
	Installed bool
	// API and Engine are its version numbers, as reported.
	API, Engine string
	// Err is why it is installed and unusable.
	Err error
}

// ERS is the way to e-RS, as *hscn.Client is.
type ERS interface {
	Examine(context.Context) (transport.Examination, error)
	Host() string
	ProxyAddress() string
}

// Keyring is the operating system's keyring.
type Keyring interface {
	// Check reports whether it could be used now, without asking the user.
	Check(context.Context) error
	// Try writes a harmless text, reads it back and removes it.
	Try(ctx context.Context, text string) error
}
