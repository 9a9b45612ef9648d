// Command standin runs the stand-in e-RS of package erstest in its own process, for end-to-end
// tests and for trying a client by hand.
//
//	standin --dir DIR [--addr 127.0.0.1:0]
//
// It creates the folder DIR if needed, and writes into it a client's files (ca.pem, client.pem,
// client-key.pem, client.p12), then the address of its control endpoint (control), and last its
// base URL (url), which is also the first line of its output. DIR/users.json may name further users
// and their tickets. It serves until its input is closed, and so ends with its parent process, or
// until it is interrupted or terminated.
package main

import (
	"flag"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/testserver"
)

func main() { command().Main() }

func command() testserver.Command {
	return testserver.Command{
		Flags: flag.NewFlagSet("standin", flag.ContinueOnError),
		Make: func(address string) testserver.StandIn {
			return erstest.NewUnstartedServer(erstest.WithAddress(address))
		},
	}
}
