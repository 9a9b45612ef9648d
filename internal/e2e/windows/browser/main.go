// Command browser stands in for the web browser, which Wine does not have: browser RECORD PERSONA
// ADDRESS. It adds the address to the file RECORD, picks a persona on the page of package cis2test,
// and follows to where that leads: back to the program that had the address opened. The tests of
// the folder above make it what Windows opens addresses with.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/ers-login/ers-login/ersclient/cis2test"
)

func main() {
	if err := open(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func open(record, persona, address string) (err error) {
	file, err := os.OpenFile(record, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // G304: a test names the file
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, address)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	page, err := cis2test.SignIn(ctx, http.DefaultClient, address, persona)
	if err == nil && page.Status != http.StatusOK {
		err = fmt.Errorf("%s: HTTP %d", page.URL, page.Status)
	}
	return err
}
