package pcsctest_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/internal/testing/pcsctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder is a short one: a socket's path has to be.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pcsc")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// If this fails, no test of card presence means anything; the error names the package to install.
func TestADaemonStartsTakesCardsAndEnds(t *testing.T) {
	for name, options := range map[string][]pcsctest.Option{
		"prompt":         nil,
		"polled":         {pcsctest.Polled()},
		"without reader": {pcsctest.WithoutReader()},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			daemon, err := pcsctest.Start(t.Context(), dir, options...)
			require.NoError(t, err)
			require.Equal(t, []string{pcsctest.SocketVariable + "=" + pcsctest.Socket(dir)}, daemon.Env())
			if len(daemon.Readers()) > 0 {
				for slot := range daemon.Readers() {
					card, err := daemon.InsertInto(slot)
					require.NoError(t, err)
					require.NoError(t, card.Remove())
					require.NoError(t, card.Remove(), "the second time does nothing")
				}
			}
			require.NoError(t, daemon.Kill())
			require.Error(t, daemon.Freeze(), "a daemon that is dead cannot hang")
			require.NoError(t, daemon.Restart(options...))
			require.NoError(t, daemon.Close())
			require.NoError(t, daemon.Close())
		})
	}
}

// Two tests that run at the same time must not have to do with each other, nor with the computer's own pcscd.
func TestTwoDaemonsRunSideBySide(t *testing.T) {
	for range 2 {
		daemon, err := pcsctest.Start(t.Context(), folder(t))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, daemon.Close()) })
		card, err := daemon.Insert()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, card.Remove()) })
	}
}

// A card must not seem to be in a reader that is no longer there.
func TestNoCardGoesIntoADeadDaemon(t *testing.T) {
	daemon, err := pcsctest.Start(t.Context(), folder(t))
	require.NoError(t, err)
	require.NoError(t, daemon.Kill())
	_, err = daemon.Insert()
	require.ErrorContains(t, err, "there is no reader")
	require.NoError(t, daemon.Close())
}

// The error must name the missing package, not a fault of cards.
func TestAMissingPackageIsNamed(t *testing.T) {
	t.Setenv("PATH", "")
	_, err := pcsctest.Start(t.Context(), folder(t))
	require.ErrorContains(t, err, "install the package gcc")
}
