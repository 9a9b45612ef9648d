package pcsc_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/testing/pcsctest"
)

// folder is where all daemons of these tests are started: libpcsclite looks for the socket's place once.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "pcsc"); err == nil {
		err = os.Setenv(pcsctest.SocketVariable, pcsctest.Socket(folder))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(folder)
		os.Exit(code)
	}))
}
