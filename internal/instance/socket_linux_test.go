package instance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
)

// If this fails, a user whose home folder has a long path cannot reach the first window.
func TestALongPath(t *testing.T) {
	for name, length := range map[string]int{"just fits": 107, "one too many": 108, "far too many": 250} {
		t.Run(name, func(t *testing.T) {
			place := folder(t)
			deep := filepath.Join(place, strings.Repeat("x", length-len(socketOf(filepath.Join(place, "", "ers-login.lock")))-1))
			path := filepath.Join(deep, "ers-login.lock")
			require.Len(t, socketOf(path), length)
			for range 2 {
				held, err := instance.Take(path)
				require.NoError(t, err)
				require.NoError(t, held.Listen(agreeing, func(error) {}))
				_, err = os.Lstat(socketOf(path))
				require.NoError(t, err, "it listens somewhere else")
				answer, err := instance.Ask(soon(t), path, raise)
				require.NoError(t, err)
				assert.True(t, answer.OK)
				require.NoError(t, held.Release())
				_, err = instance.Ask(soon(t), path, raise)
				require.ErrorIs(t, err, instance.ErrNoListener)
			}
		})
	}
}
