// Package readers holds example programs that read the session which e-RS Login hands over, one in
// each language asked for, to be copied from. Each prints who is signed in and on which platform,
// and calls e-RS with the right headers: on HSCN with the organisation's endpoint certificate, on
// FHIR once more if the access token was renewed meanwhile. Their contract is docs/handoff.md.
//
//	shell       Linux: secret-tool and curl
//	powershell  Windows: CredReadW
//	python      Linux, Windows, macOS: the module keyring
//	node        Linux, Windows, macOS: @napi-rs/keyring
//	c-linux     libsecret
//	c-windows   CredReadW
//	csharp      Windows: CredReadW
//	java        Linux: secret-tool; Windows: CredReadW through JNA
//	go          Linux, Windows, macOS: package handoff
//
// They share the exit statuses: 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if the
// keyring cannot be read, 4 if e-RS refused the call or cannot be reached. None shows the session
// key or access token, or passes it to another process as an argument.
//
// The tests of this package run those that run on Linux, against a real keyring and a real TLS
// connection. The head of each program says where it has not been run.
package readers
