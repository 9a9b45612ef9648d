package diagnose

import (
	"context"
	"crypto/tls"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/config"
)

// Target is what the checks look at. What is nil is not there, and its rows are Skipped. None of the functions may ask the user for
// anything.
type Target struct {
	// Settings are those in force, and SettingsErr is what keeps them from being used for a sign-in, nil for the demonstration.
	Settings    config.Config
	SettingsErr error
	// ASID is the one in use: that of the settings, or the demonstration's.
	ASID string

	// Readers tells what can be seen of smartcard readers. The error is a *problem.Problem. While they are still being looked for,
	// it waits.
	Readers func(context.Context) (Readers, error)
	// Agent tells where tickets come from.
	Agent func(context.Context) (Agent, error)
	// Ticket is the agent's TicketNoAuth. The ticket is looked at no further.
	Ticket func(context.Context) (ersclient.Ticket, error)
	// Certificate loads the organisation's certificate.
	Certificate func(context.Context) (tls.Certificate, error)
	// ERS makes the way to e-RS with that certificate, or with the zero one if there is none. An *ersclient.Client is one.
	ERS func(tls.Certificate) (ERS, error)
	// LookUp looks up a name; nil is the system's resolver.
	LookUp func(ctx context.Context, host string) ([]string, error)
	// Keyring is an internal/keyring.Client.
	Keyring Keyring
	// Audit tells whether the audit log can be written, as audit.Log's Ready does.
	Audit func(context.Context) error
	// Workstation tells what this desktop does not tell, as workstation.Watcher's Unseen does.
	Workstation func(context.Context) error
}

// Readers is what can be seen of smartcard readers.
type Readers struct {
	Names []string
	// Card tells whether there is a card in one of them.
	Card bool
}

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
	// API and Engine are its versions, as it tells them.
	API, Engine string
	// Err is why it is there and cannot be used.
	Err error
}

// ERS is the way to e-RS, as *ersclient.Client is.
type ERS interface {
	Ask(context.Context) (ersclient.Answer, error)
	Host() string
	ProxyAddress() string
}

// Keyring is the operating system's keyring.
type Keyring interface {
	// Check tells whether it could be used now, without asking the user.
	Check(context.Context) error
	// Try writes a harmless text, reads it back and removes it.
	Try(ctx context.Context, text string) error
}
