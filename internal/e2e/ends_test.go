//go:build linux

package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// ends is the number of ends: each moment with each signal, repeated until the number is reached.
var ends = flag.Int("ends", 24, "how often TestEndedByASignal ends the program")

// slow is longer than it takes to see a screen and to send a signal.
var slow = testserver.Fault{Kind: testserver.Slow, Delay: 4 * time.Second}

// moments are the phases of the program, and other circumstances of a signal. Each starts the
// program and waits for its moment.
var moments = []struct {
	name  string
	reach func(*scene) *stage.Program
}{
	{"opening the window", func(s *scene) *stage.Program {
		program := s.launch()
		require.Eventually(s.t, func() bool {
			_, err := os.Stat(filepath.Join(s.StateFolder(), "ers-login.log"))
			return err == nil
		}, time.Minute, time.Millisecond)
		return program
	}},
	{"starting", func(s *scene) *stage.Program {
		program := s.launch()
		require.NoError(s.t, program.WaitMessage(s.ctx, "phase"))
		return program
	}},
	{"waiting", (*scene).start},
	{"entering the passcode", func(s *scene) *stage.Program {
		program := s.launch("demo")
		s.see(program, "waiting")
		require.NoError(s.t, s.Desktop.WaitWindow(s.ctx, stage.Title))
		s.press("Return")
		s.see(program, "prompting")
		return program
	}},
	{"signing in", func(s *scene) *stage.Program {
		program := s.start()
		require.NoError(s.t, s.ers.Fail(s.ctx, erstest.A001, slow))
		s.insertCard()
		s.see(program, "signing-in")
		return program
	}},
	{"choosing", func(s *scene) *stage.Program {
		program := s.start()
		s.insertCard()
		s.see(program, "choosing")
		return program
	}},
	{"selecting", func(s *scene) *stage.Program {
		program := s.start()
		require.NoError(s.t, s.ers.Fail(s.ctx, erstest.A002, slow))
		s.insertCard()
		s.see(program, "choosing")
		s.press("5")
		s.see(program, "selecting")
		return program
	}},
	{"signed in", (*scene).signedIn},
	{"asked whether to sign out", func(s *scene) *stage.Program {
		program := s.signedIn()
		s.press("Tab", "Tab", "Return")
		return program
	}},
	{"signing out", func(s *scene) *stage.Program {
		program := s.signedIn()
		require.NoError(s.t, s.ers.Fail(s.ctx, erstest.A003, slow))
		s.press("Tab", "Tab", "Return", "Return")
		s.see(program, "ending")
		return program
	}},
	{"a problem", func(s *scene) *stage.Program {
		program := s.start()
		require.NoError(s.t, s.ers.Fail(s.ctx, erstest.A001, testserver.Fault{Kind: testserver.Status, Status: 403}))
		s.insertCard()
		s.see(program, "failed")
		return program
	}},
	{"diagnostics", func(s *scene) *stage.Program {
		program := s.start()
		s.press("F9")
		return program
	}},
}

// A log-off, a shutdown or Ctrl+C ends the program with a signal. Fyne then ends its loop by
// itself, and a call to the window after that panics: before the keyring was cleared, that would
// leave a session behind.
func TestEndedByASignal(t *testing.T) {
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}
	for i := range *ends {
		moment, signal := moments[i%len(moments)], signals[i/len(moments)%len(signals)]
		t.Run(fmt.Sprintf("%d/%s/%v", i, moment.name, signal), func(t *testing.T) {
			s := open(t, keyringtest.Options{})
			program := moment.reach(s)
			require.NoError(t, program.Signal(signal))
			require.NoError(t, program.Wait(s.ctx), "%s\n%s", program.Output(), program.Log())
			for _, said := range []string{program.Output(), program.Log()} {
				require.NotContains(t, said, "panic")
				require.NotContains(t, said, "goroutine")
			}
			for _, account := range []string{handoff.AccountSession, handoff.AccountSessionKey} {
				_, there, err := s.SecretTool(s.ctx, account)
				require.NoError(t, err)
				require.False(t, there, "the keyring still has %s", account)
			}
		})
	}
}

// launch starts the program without waiting.
func (s *scene) launch(arguments ...string) *stage.Program {
	s.t.Helper()
	program, err := s.Run(s.ctx, programs.login, arguments...)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, program.Kill()) })
	return program
}

// signedIn starts the program and signs in.
func (s *scene) signedIn() *stage.Program {
	s.t.Helper()
	program := s.start()
	s.signIn(program)
	return program
}
