// Package pcsctest is a real pcscd without hardware, for tests: the daemon of pcsc-lite with the
// virtual reader of vsmartcard, and a virtual card that is put in and taken out. It works on Linux,
// and takes the packages pcscd, vsmartcard-vpcd and gcc (Debian's names); without one of them Start
// fails and names it.
//
// The daemon's socket has a fixed path, and its clients find another one only by the environment
// variable PCSCLITE_CSOCK_NAME. So the daemon is started as systemd starts it, with its listening
// socket handed over, and neither it nor its clients touch a pcscd that the computer has already.
// It writes its process id to /run/pcscd all the same, where it can; what was there is put back.
// The folder has to exist, or the test needs permission to make it.
//
// libpcsclite reads the variable once in each process. A test that calls it in its own process sets
// the variable before anything else, as in
//
//	os.Setenv(pcsctest.SocketVariable, pcsctest.Socket(dir))
//
// and starts all its daemons in that folder, one after the other.
//
// The virtual reader's own driver lets pcscd look at the card every 400 ms only. Unless Polled is
// given, it is wrapped in one that makes it look every few milliseconds, which is close to a USB
// reader, which signals a removal by an interrupt.
package pcsctest
