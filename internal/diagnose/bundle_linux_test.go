package diagnose_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/testing/brokenpolicy"
)

// A folder that can be listed but not entered hides the logs in it.
func TestABundleWithoutALogSaysWhy(t *testing.T) {
	if os.Geteuid() == 0 { // whom no mode keeps out
		brokenpolicy.AsNobody(t, t.Name())()
		return
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ers-login.log"), []byte("{}\n"), 0o600))
	require.NoError(t, os.Chmod(dir, 0o600))
	t.Cleanup(func() { assert.NoError(t, os.Chmod(dir, 0o700)) })
	settings, err := config.Load(config.Sources{})
	require.NoError(t, err)
	files, err := diagnose.Bundle(diagnose.BundleSettings{Settings: settings, LogDir: dir,
		Masker: diagnose.NewMasker(logging.NewRedactor().Redact, diagnose.Names{})})
	require.NoError(t, err)
	assert.Contains(t, string(files[0].Content), "Part of the log could not be read")
}
