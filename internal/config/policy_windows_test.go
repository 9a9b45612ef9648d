package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// What a group policy writes must be obeyed. The test has a separate key, below the user's.
func TestRegistryPolicy(t *testing.T) {
	const parent, path = `Software\ers-login-test`, `Software\ers-login-test\policy`
	key, _, err := registry.CreateKey(registry.CURRENT_USER, path, registry.ALL_ACCESS|registry.WOW64_64KEY)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, key.Close())
		assert.NoError(t, registry.DeleteKey(registry.CURRENT_USER, path))
		assert.NoError(t, registry.DeleteKey(registry.CURRENT_USER, parent))
	})
	require.NoError(t, key.SetStringValue("ASID", "123456789012"))
	require.NoError(t, key.SetExpandStringValue("ca_bundle", `%SystemRoot%\roots.pem`))
	require.NoError(t, key.SetDWordValue("send_fqdn", 1))
	require.NoError(t, key.SetQWordValue("text_size", 150))
	require.NoError(t, key.SetStringsValue("agent_command", []string{`C:\a.exe`, "-q"}))
	t.Setenv("SystemRoot", `C:\Users\ann`)

	c, err := Load(Sources{Policy: func() []Policy { return registryPolicy(registry.CURRENT_USER, path, "HKCU") }})
	require.NoError(t, err)
	folder, err := knownFolder("SystemRoot")
	require.NoError(t, err)
	assert.Equal(t, "123456789012", c.ASID)
	assert.Equal(t, filepath.Join(folder, "roots.pem"), c.CABundle)
	assert.True(t, c.SendFQDN)
	assert.Equal(t, 150, c.TextSize)
	assert.Equal(t, []string{`C:\a.exe`, "-q"}, c.AgentCommand)
	assert.True(t, c.Locked("asid"))

	require.NoError(t, key.SetBinaryValue("proxy", []byte("none")))
	_, err = Load(Sources{Policy: func() []Policy { return registryPolicy(registry.CURRENT_USER, path, "HKCU") }})
	require.ErrorContains(t, err, "SETTING-PROXY")
	assert.Empty(t, registryPolicy(registry.CURRENT_USER, parent+`\none`, "HKCU"), "a computer without a policy")
}

// A file that every user may write is not trusted, whichever user owns it.
func TestTrustOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	allUsers, err := windows.SecurityDescriptorFromString("D:P(A;;FA;;;WD)")
	require.NoError(t, err)
	list, _, err := allUsers.DACL()
	require.NoError(t, err)
	require.NoError(t, windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil))
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { assert.NoError(t, file.Close()) }()
	require.ErrorIs(t, TrustOwner(file), errUntrusted)
}
