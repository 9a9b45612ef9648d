package diagnose_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/testing/races"
)

// The test program is the keyring's worker, too: started again with this in its environment, it serves.
const workerVariable = "ERS_LOGIN_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) == "" {
		// lumberjack starts one goroutine for each file to remove old ones, and has no way to end it.
		goleak.VerifyTestMain(races.Watch(m), goleak.IgnoreAnyFunction("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"))
		return
	}
	if err := keyring.Serve(context.Background(), os.Stdin, os.Stdout, "1.0"); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// mask masks as the program does, without a known secret.
func mask(names diagnose.Names) func(string) string {
	return diagnose.NewMasker(logging.NewRedactor().Redact, names).Mask
}
