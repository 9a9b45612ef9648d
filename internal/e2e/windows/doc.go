// Package windows tests the Windows programs under Wine, on Linux: the ticket bridge, a 32-bit
// program, with a 32-bit stand-in for the Identity Agent's TicketApiDll.dll, and the handoff in
// Wine's Credential Manager.
//
// The tests have the build tag windowsrig, since they need the rig that .ci/windows-rig makes,
// which not every computer can have. Run them with
//
//	.ci/windows-rig test
//
// Some of them also run on Windows itself, as an administrator, with what .ci/windows-rig build has
// left in build/windows: make test-on-windows.
//
// They drive the Windows programs from outside, as Linux processes that are Wine's: so
// [ticketapi.Bridge] talks to the real bridge over the real pipes. Wine is not Windows. Equal
// behaviour is known for what is tested here and not for the rest: there is no Identity Agent, no
// card reader (Wine 8 has no PC/SC), one log-on session, and no difference between the user and an
// administrator.
//
// [ticketapi.Bridge]: https://pkg.go.dev/github.com/ers-login/ers-login/smartcard/ticketapi#Bridge
package windows
