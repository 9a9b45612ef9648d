// Package readers is other programs that read the session which e-RS Login hands over, one in each language that has been asked for,
// to be copied from. Each says who is signed in, and calls e-RS with the right headers and the organisation's endpoint certificate.
// The contract that they follow is docs/handoff.md.
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
// They have the same exit statuses: 0 if somebody is signed in, 1 if not, 2 for wrong arguments, 3 if the keyring cannot be read,
// 4 if e-RS has refused the call or cannot be reached. None shows the session key, or hands it to another process as an argument.
//
// What can run on Linux is run by the tests of this package, against a real keyring and a real TLS connection. The head of each
// program says where it has not been run.
package readers
