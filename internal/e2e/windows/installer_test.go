//go:build windowsrig

package windows_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// packagesFolder is the folder of the installers on the Windows computer.
	packagesFolder = `C:\packages`
	// toolsFolder has what is not installed: helperFolder has to be the installer's alone.
	toolsFolder = `C:\tools`
	dataFolder  = `C:\ProgramData\ers-login`

	computerKey = `HKLM\Software\ers-login`
	runKey      = `HKLM\Software\Microsoft\Windows\CurrentVersion\Run`
	// userRunKey has what a user's log-on starts, and ownEntry is our entry's name there.
	userRunKey = `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`
	ownEntry   = "io.github.ers_login.ErsLogin"
	schemeKey  = `HKLM\Software\Classes\ers-login`
	// environmentKey has the system's environment variables.
	environmentKey = `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment`
	eventKey       = `HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\ers-login`

	givenURL        = "https://ers.example.nhs.uk/ers-api"
	givenASID       = "123456789012"
	givenThumbprint = "A9993E364706816ABA3E25717850C26C9CD0D89D"
)

// startMenu is that of all users on Windows, and the user's in Wine.
func startMenu() string {
	if native {
		return `C:\ProgramData\Microsoft\Windows\Start Menu\Programs`
	}
	return `C:\users\root\AppData\Roaming\Microsoft\Windows\Start Menu\Programs`
}

// installer is a computer with the packages, and nothing installed.
type installer struct {
	*rig
	// newer and older are the versions of the packages.
	newer, older string
}

func newInstaller(t *testing.T) installer {
	t.Helper()
	r := bareRig(t)
	versions, err := os.ReadFile(filepath.Join(r.build, "packages", "versions"))
	require.NoError(t, err)
	lines := strings.Fields(string(versions))
	require.Len(t, lines, 2)
	i := installer{r, lines[0], lines[1]}
	for _, name := range []string{"newer.msi", "older.msi"} {
		r.copy(filepath.Join("packages", name), packagesFolder, name)
	}
	// Other tests remove their programs, but not the folder. Only an empty one is removed here.
	_ = os.Remove(r.at(helperFolder))
	// What a test leaves behind must not affect the next one.
	t.Cleanup(func() {
		for _, name := range []string{"newer.msi", "older.msi"} {
			r.run("msiexec", "/x", packagesFolder+`\`+name, "/qn")
		}
	})
	return i
}

// msiexec runs the installer like a deployment tool, and returns its exit status.
func (i installer) msiexec(what, name string, properties ...string) int {
	i.t.Helper()
	log := `C:\packages\` + strings.TrimPrefix(what, "/") + `-` + name + `.log`
	output, status := i.run("msiexec", append([]string{what, packagesFolder + `\` + name, "/qn", "/norestart", "/l*v", log}, properties...)...)
	i.t.Logf("msiexec %s %s %v: %d %s", what, name, properties, status, output)
	return status
}

// value returns a registry value as reg prints it, preceded by its type, or nothing. An empty name
// is the key's default value.
func (i installer) value(key, name string) string {
	i.t.Helper()
	which := []string{"/v", name}
	if name == "" {
		which = []string{"/ve"}
	}
	output, status := i.run("reg", append([]string{"query", key, "/reg:64"}, which...)...)
	if status != 0 {
		return ""
	}
	for line := range strings.Lines(output) {
		if _, rest, found := strings.Cut(line, "    REG_"); found {
			return strings.Join(strings.Fields(rest), " ")
		}
	}
	return ""
}

// there reports whether a file or folder is on the computer.
func (i installer) there(path string) bool {
	i.t.Helper()
	_, err := os.Stat(i.at(path))
	return err == nil
}

// program runs the installed program, and returns its output.
func (i installer) program(args ...string) string {
	i.t.Helper()
	output, status := i.run(helperFolder+`\ers-login.exe`, args...)
	require.Zero(i.t, status, output)
	return output
}

// stores makes the installed program store a secret, read from its standard input.
func (i installer) stores(command string) {
	i.t.Helper()
	cmd := i.process(i.command(helperFolder+`\ers-login.exe`, command)...)
	cmd.Stdin = strings.NewReader("a made-up secret\n")
	output, err := cmd.CombinedOutput()
	require.NoError(i.t, err, string(output))
}

// setting is a setting in the installed program.
type setting struct {
	Value, Layer, Origin string
}

// settings returns the installed program's settings. status is that of config show: 1 if it has a
// value that cannot be used.
func (i installer) settings(status int) map[string]setting {
	i.t.Helper()
	output, ended := i.run(helperFolder+`\ers-login.exe`, "config", "show", "--origin", "--json")
	require.Equal(i.t, status, ended, output)
	var shown struct {
		Settings []struct {
			Key string
			setting
		}
	}
	// Standard error has warnings about the variables of the test run.
	require.NoError(i.t, json.NewDecoder(strings.NewReader(output)).Decode(&shown))
	all := map[string]setting{}
	for _, s := range shown.Settings {
		all[s.Key] = s.setting
	}
	return all
}

// given returns a setting passed to the installer.
func given(value string) setting { return setting{value, "machine", computerKey} }

// traces returns the visible traces of an installation.
func (i installer) traces() (found []string) {
	i.t.Helper()
	for _, path := range []string{helperFolder, dataFolder, startMenu() + `\e-RS Login.lnk`} {
		if i.there(path) {
			found = append(found, path)
		}
	}
	for _, key := range []string{computerKey, schemeKey, eventKey} {
		if _, status := i.run("reg", "query", key, "/reg:64"); status == 0 {
			found = append(found, key)
		}
	}
	if i.value(runKey, "ers-login") != "" {
		found = append(found, runKey)
	}
	if strings.Contains(i.value(environmentKey, "PATH"), helperFolder) {
		found = append(found, environmentKey)
	}
	return found
}

// TestTheInstaller deploys the program like an IT department, unattended: installed with the
// organisation's properties, upgraded with them kept, removed without a trace. If it fails,
// technicians have to visit each computer.
func TestTheInstaller(t *testing.T) {
	i := newInstaller(t)
	require.Empty(t, i.traces())

	require.Zero(t, i.msiexec("/i", "older.msi", "BASEURL="+givenURL, "ASID="+givenASID, "PLATFORM=hscn", "CLIENTID=given-client", "AUTOSTART=1"))
	assert.Equal(t, "ers-login "+i.older+"\n", i.program("version"))
	found := i.settings(0)
	assert.Equal(t, given(givenURL), found["base_url"])
	assert.Equal(t, given(givenASID), found["asid"])
	assert.Equal(t, given("hscn"), found["platform"])
	assert.Equal(t, "default", found["certificate_thumbprint"].Layer)
	for _, file := range []string{
		`ers-login.exe`, bridgeExe, `LICENSE.txt`, `THIRD_PARTY.txt`, `README.md`, `docs\settings.md`, `docs\config-example.toml`,
		`policy\ers-login.admx`, `policy\en-US\ers-login.adml`,
	} {
		assert.True(t, i.there(helperFolder+`\`+file), file)
	}
	assert.True(t, i.there(startMenu()+`\e-RS Login.lnk`))
	assert.False(t, i.there(dataFolder), "the user who makes it first decides where a SYSTEM installer writes: an administrator makes it")
	assert.Contains(t, i.value(environmentKey, "PATH"), `;`+helperFolder, "commands are typed without the folder")
	const program = `"` + helperFolder + `\ers-login.exe"`
	for _, c := range []struct{ key, name, want string }{
		{computerKey, "base_url", "SZ " + givenURL},
		{computerKey, "certificate_thumbprint", ""},
		{computerKey, "client_id", "SZ given-client"},
		{runKey, "ers-login", "SZ " + program + " --background"},
		{schemeKey, "", "SZ URL:e-RS Login"},
		{schemeKey, "URL Protocol", "SZ"},
		{schemeKey + `\DefaultIcon`, "", "SZ " + program + ",0"},
		{schemeKey + `\shell\open\command`, "", "SZ " + program + ` "%1"`},
		{eventKey, "EventMessageFile", `EXPAND_SZ %SystemRoot%\System32\EventCreate.exe`},
		{eventKey, "TypesSupported", "DWORD 0x7"},
		{eventKey, "CustomSource", "DWORD 0x1"},
	} {
		assert.Equal(t, c.want, i.value(c.key, c.name), "%s %s", c.key, c.name)
	}

	require.Zero(t, i.msiexec("/i", "newer.msi", "CERTTHUMBPRINT="+givenThumbprint), "the upgrade")
	assert.Equal(t, "ers-login "+i.newer+"\n", i.program("version"))
	found = i.settings(0)
	assert.Equal(t, given(givenURL), found["base_url"], "it was given before")
	assert.Equal(t, given(givenASID), found["asid"], "it was given before")
	assert.Equal(t, given(givenThumbprint), found["certificate_thumbprint"])
	assert.Equal(t, given("hscn"), found["platform"], "it was given before")
	assert.Equal(t, "SZ given-client", i.value(computerKey, "client_id"), "it was given before")
	assert.NotEmpty(t, i.value(runKey, "ers-login"), "it was switched on before")
	assert.True(t, i.there(helperFolder+`\`+bridgeExe))
	assert.True(t, i.there(startMenu()+`\e-RS Login.lnk`))

	assert.NotZero(t, i.msiexec("/i", "older.msi"), "an older version in the place of a newer one")
	assert.Equal(t, "ers-login "+i.newer+"\n", i.program("version"))

	require.Zero(t, i.msiexec("/i", "newer.msi", "REINSTALL=ALL", "ASID=999999999999"), "the same again, with another ASID")
	assert.Equal(t, given("999999999999"), i.settings(0)["asid"])
	assert.Equal(t, given(givenURL), i.settings(0)["base_url"])

	require.Zero(t, i.msiexec("/x", "newer.msi"))
	assert.Empty(t, i.traces())
}

// A property not given is not set: an empty value would be an error that prevents every sign-in.
func TestTheInstallerWithoutProperties(t *testing.T) {
	i := newInstaller(t)
	require.Zero(t, i.msiexec("/i", "newer.msi"))
	for _, s := range i.settings(0) {
		assert.Equal(t, "default", s.Layer)
	}
	assert.NotContains(t, i.traces(), computerKey)
	assert.NotContains(t, i.traces(), runKey)
	require.Zero(t, i.msiexec("/i", "newer.msi", "ADDLOCAL=Autostart"), "the feature, later")
	assert.Contains(t, i.traces(), runKey)
	require.Zero(t, i.msiexec("/i", "newer.msi", "REMOVE=Autostart"), "and taken away again")
	assert.NotContains(t, i.traces(), runKey)
	require.Zero(t, i.msiexec("/x", "newer.msi"))
	assert.Empty(t, i.traces())
}

// An upgrade's properties replace earlier ones.
func TestAnUpgradeThatIsToldSomethingElse(t *testing.T) {
	i := newInstaller(t)
	require.Zero(t, i.msiexec("/i", "older.msi", "ASID="+givenASID, "AUTOSTART=1"))
	assert.Contains(t, i.traces(), runKey)
	require.Zero(t, i.msiexec("/i", "newer.msi", "ASID=999999999999", "AUTOSTART=0"))
	assert.Equal(t, given("999999999999"), i.settings(0)["asid"])
	assert.NotContains(t, i.traces(), runKey)
	require.Zero(t, i.msiexec("/x", "newer.msi"))
	assert.Empty(t, i.traces())
}

// An administrator's settings for the computer stay, and a file that ordinary users could have
// written (in Wine, all that this test writes) does not decide where their tickets go.
func TestTheInstallerAndTheComputersFile(t *testing.T) {
	i := newInstaller(t)
	require.Zero(t, i.msiexec("/i", "newer.msi", "ASID="+givenASID))
	i.put(dataFolder, "config.toml", []byte("asid = '210987654321'\n"))
	output, status := i.run(helperFolder+`\ers-login.exe`, "config", "show")
	assert.NotZero(t, status)
	assert.Contains(t, output, "SETTING-FILE-TRUST")
	assert.NotContains(t, output, "210987654321")
	require.Zero(t, i.msiexec("/x", "newer.msi"))
	assert.Equal(t, []string{dataFolder}, i.traces())
	assert.True(t, i.there(dataFolder+`\config.toml`))
	require.NoError(t, os.RemoveAll(i.at(dataFolder)))
}

// storedSecrets maps the program's commands to their secrets in the Credential Manager.
var storedSecrets = map[string]string{"passphrase": "ers-login-certificate:passphrase", "client-secret": "ers-login-cis2:client-secret", "proxy-password": "ers-login-proxy:password"}

// TestARemovalSignsOut: once the program is removed, nothing would ever delete a session key, nor a
// passphrase.
func TestARemovalSignsOut(t *testing.T) {
	i := newInstaller(t)
	i.copy("handoff.exe", toolsFolder, "handoff.exe")
	i.copy("credread.exe", toolsFolder, "credread.exe")
	k := keyring{i.rig, toolsFolder + `\handoff.exe`, toolsFolder + `\credread.exe`}
	require.Zero(t, i.msiexec("/i", "newer.msi", "BASEURL="+givenURL))
	there := func(target string) bool {
		output, status := i.run(k.reader, target)
		require.Contains(t, []int{0, notFound}, status, output)
		return status == 0
	}
	k.does("write-aliases", "1")
	for command, target := range storedSecrets {
		require.False(t, there(target), target)
		i.stores(command)
		require.True(t, there(target), target)
	}
	require.Zero(t, i.msiexec("/i", "newer.msi", "REINSTALL=ALL"), "a repair")
	require.True(t, there("ers-login:session-key"), "a repair is no removal")

	starts := func() bool {
		output, status := i.run("reg", "query", userRunKey, "/v", ownEntry, "/reg:64")
		return status == 0 && strings.Contains(output, "ers-login.exe")
	}
	started := func() {
		output, status := i.run("reg", "add", userRunKey, "/v", ownEntry, "/d", helperFolder+`\ers-login.exe`, "/f", "/reg:64")
		require.Zero(t, status, output)
		require.True(t, starts())
	}
	started()
	i.program("forget")
	assert.False(t, starts())
	started()
	require.True(t, there("ers-login:session-key"), "to forget is not to sign out")
	for command, target := range storedSecrets {
		assert.False(t, there(target), target)
		i.stores(command)
	}

	require.Zero(t, i.msiexec("/x", "newer.msi"))
	assert.False(t, starts(), "what Windows starts then is gone")
	for _, target := range storedSecrets {
		assert.False(t, there(target), target)
	}
	for _, account := range []string{"session", "session-key"} {
		k.lacks(account)
	}
	for _, alias := range []string{"session@ers-login", "session.ers-login"} {
		k.lacksTarget(alias)
	}
	assert.Empty(t, i.traces())
}

// TestThePolicyTemplatesInTheRegistry writes what the group policy editor writes, and checks the
// installed program's settings.
func TestThePolicyTemplatesInTheRegistry(t *testing.T) {
	i := newInstaller(t)
	require.Zero(t, i.msiexec("/i", "newer.msi", "ASID="+givenASID))
	const policy = `HKLM\Software\Policies\ers-login`
	t.Cleanup(func() { i.run("reg", "delete", policy, "/f", "/reg:64") })
	for _, v := range [][3]string{
		{"asid", "REG_SZ", "210987654321"},
		{"audit_required", "REG_DWORD", "1"},
		{"windows_aliases", "REG_DWORD", "0"},
		{"text_size", "REG_DWORD", "150"},
		{"ca_bundle", "REG_EXPAND_SZ", `%SystemRoot%\nhs-root.pem`},
		{"session_max_age", "REG_SZ", "4h"},
		{"screen_lock", "REG_SZ", "end"},
		{"agent_command", "REG_MULTI_SZ", `C:\agent.exe\0--quiet`},
	} {
		output, status := i.run("reg", "add", policy, "/v", v[0], "/t", v[1], "/d", v[2], "/f", "/reg:64")
		require.Zero(t, status, output)
	}
	// The files that they name are not there.
	found := i.settings(1)
	const origin = policy + ", managed by your organisation"
	for key, value := range map[string]string{
		"asid": "210987654321", "audit_required": "true", "windows_aliases": "false", "text_size": "150",
		"ca_bundle": `C:\windows\nhs-root.pem`, "session_max_age": "4h", "screen_lock": "end",
	} {
		assert.Equal(t, setting{value, "policy", origin}, found[key], key)
	}
	// Of the arguments only their presence is shown.
	assert.Equal(t, origin, found["agent_command"].Origin)
	assert.Regexp(t, `^\["C:\\\\agent\.exe",".*"\]$`, found["agent_command"].Value)
	var others []string
	for key, s := range found {
		if s.Layer != "default" && s.Layer != "policy" {
			others = append(others, key)
		}
	}
	slices.Sort(others)
	assert.Empty(t, others)
}
