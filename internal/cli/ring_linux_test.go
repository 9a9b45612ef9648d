package cli

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// ringOn is a keyring client of this process, on a private session.
func ringOn(t *testing.T, session *keyringtest.Session) *keyring.Client {
	t.Helper()
	defaults, err := config.Load(config.Sources{})
	require.NoError(t, err)
	ring, err := testProgram(t, append(os.Environ(), session.Env()...)...).OpenKeyring(defaults, testLog(t))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, ring.Close()) })
	return ring
}
