// Package windows tests the Windows programs under Wine, on Linux: the ticket bridge, which is a 32-bit program, with a stand-in
// for the Identity Agent's TicketApiDll.dll that is 32-bit as well, and the handoff in Wine's Credential Manager.
//
// The tests have the build tag windowsrig, since they need the rig that .ci/windows-rig makes and that not every computer can have.
// They are run with
//
//	.ci/windows-rig test
//
// and drive the Windows programs from outside, as processes of Linux that happen to be Wine's: so [ticketapi.Bridge] speaks with
// the real bridge over the real pipes. Wine is not Windows. That it behaves alike is known for what is tested here and not for the
// rest: there is no Identity Agent, no card reader (Wine 8 has no PC/SC), one log-on session, and no difference between the user
// and an administrator.
//
// [ticketapi.Bridge]: https://pkg.go.dev/github.com/ers-login/ers-login/smartcard/ticketapi#Bridge
package windows
