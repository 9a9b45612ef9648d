// Package app is a run of the program: its host (arguments, environment, streams, metadata), its
// services, real or those of the demonstration, and the controller between the window and the flow.
//
// The services are made from the settings: the e-RS client with a renewable certificate, the agent
// and the readers, the keyring in its own process, the audit log. The window opens first, so that
// it can show faults of them. Package cli has the commands, and imports this one; package desktop
// has what differs between operating systems.
package app
