package races_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/races"
)

// tests stand for those of a package.
type tests func() int

func (f tests) Run() int { return f() }

// If this fails, a race in the program passes all tests as long as it is in another process than they are.
func TestARaceInAnotherProcessFails(t *testing.T) {
	t.Setenv("GORACE", "")
	var reports string
	quiet := races.Watch(tests(func() int {
		options := os.Getenv("GORACE")
		assert.Contains(t, options, "atexit_sleep_ms=0")
		_, reports, _ = strings.Cut(options, "log_path=")
		return 3
	}))
	assert.Equal(t, 3, quiet.Run())
	assert.NoFileExists(t, reports+".17")

	racing := races.Watch(tests(func() int {
		_, reports, _ = strings.Cut(os.Getenv("GORACE"), "log_path=")
		require.NoError(t, os.WriteFile(reports+".17", []byte("WARNING: DATA RACE\n"), 0o600))
		return 0
	}))
	assert.Equal(t, 1, racing.Run())
	assert.NoFileExists(t, reports+".17", "nothing is left")
}
