// Command standin runs the stand-in of package cis2test in its own process, for end-to-end tests and
// for trying a client by hand.
//
//	standin --dir DIR [--addr 127.0.0.1:0] [--plain] [--redirect-uri URI] [--access-life 599s]
//
// It creates the folder DIR if needed, and writes into it the authority of its certificate (ca.pem),
// the address of its control endpoint (control), and last its base URL (url), which is also the
// first line of its output. DIR/personas.json may have further personas. With --plain it serves
// plain HTTP. It serves until its input is closed, and so ends with its parent process, or until it
// is interrupted or terminated.
package main

import (
	"flag"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/testserver"
)

func main() { command().Main() }

func command() testserver.Command {
	flags := flag.NewFlagSet("standin", flag.ContinueOnError)
	plain := flags.Bool("plain", false, "serve plain HTTP")
	redirectURI := flags.String("redirect-uri", cis2test.RedirectURI, "the registered redirect `URI`")
	accessLife := flags.Duration("access-life", cis2test.AccessLife, "how long an access token lasts")
	return testserver.Command{
		Flags: flags,
		Make: func(address string) testserver.StandIn {
			options := []cis2test.Option{cis2test.WithAddress(address), cis2test.WithRedirectURI(*redirectURI),
				cis2test.WithLifetimes(*accessLife, cis2test.TotalLife)}
			if *plain {
				options = append(options, cis2test.WithoutTLS())
			}
			return cis2test.NewUnstartedServer(options...)
		},
	}
}
