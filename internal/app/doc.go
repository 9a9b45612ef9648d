// Package app is a run of the program: its host (arguments, environment, streams, metadata), the services that it works with, real ones or
// those of the demonstration, and the controller between the window and the flow.
//
// The services are made from the settings: the e-RS client with a certificate that is renewed, the agent and the readers, the keyring in
// its own process, the audit log. The window is there first, so that what is wrong with them can be shown in it. Package cli has the
// commands, and imports this one; package desktop has what differs between operating systems.
package app
