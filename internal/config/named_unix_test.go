//go:build unix

package config

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
)

// namedTree is the variable with the path of the files of [TestANamedFileThatOthersCanChange].
const namedTree = "ERSLOGIN_TEST_NAMED_TREE"

// nobody is the user without files.
const nobody = 65534

// namedCase is a folder with a program and a bundle that settings of the computer name.
type namedCase struct {
	change func(t *testing.T, dir string)
	// command is the setting, and ~ stands for the folder.
	command []string
	good    bool
}

func namedCases() map[string]namedCase {
	plain := []string{"~/bin/agent"}
	mode := func(name string, mode fs.FileMode) func(*testing.T, string) {
		return func(t *testing.T, dir string) { require.NoError(t, os.Chmod(filepath.Join(dir, name), mode)) }
	}
	owned := func(name string, owner int) func(*testing.T, string) {
		return func(t *testing.T, dir string) { require.NoError(t, os.Lchown(filepath.Join(dir, name), owner, owner)) }
	}
	script := func(first string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			first := bytes.ReplaceAll([]byte(first), []byte("~"), []byte(dir))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "bin", "agent"), append(first, '\n'), 0o755))
		}
	}
	link := func(target, name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			require.NoError(t, os.Symlink(string(bytes.ReplaceAll([]byte(target), []byte("~"), []byte(dir))), filepath.Join(dir, name)))
		}
	}
	all := func(changes ...func(*testing.T, string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, change := range changes {
				change(t, dir)
			}
		}
	}
	return map[string]namedCase{
		"as installed":                 {all(), plain, true},
		"only to be run":               {mode("bin/agent", 0o711), plain, true},
		"0777":                         {mode("bin/agent", 0o777), plain, false},
		"0666":                         {mode("bin/agent", 0o666), plain, false},
		"a group writes":               {mode("bin/agent", 0o775), plain, false},
		"another's":                    {owned("bin/agent", nobody), plain, false},
		"folder 0777":                  {mode("bin", 0o777), plain, false},
		"folder like /tmp":             {mode("bin", 0o777|fs.ModeSticky), plain, false},
		"folder above 0777":            {mode(".", 0o777), plain, false},
		"folder above like /tmp":       {mode(".", 0o777|fs.ModeSticky), plain, true},
		"folder of another":            {owned("bin", nobody), plain, false},
		"a link":                       {link("~/bin/agent", "bin/link"), []string{"~/bin/link"}, true},
		"a relative link":              {link("../bin/agent", "bin/link"), []string{"~/bin/link"}, true},
		"another's link":               {all(link("~/bin/agent", "bin/link"), owned("bin/link", nobody)), []string{"~/bin/link"}, false},
		"a link into an open folder":   {all(link("~/open/agent", "bin/link"), mode("open", 0o777)), []string{"~/bin/link"}, false},
		"a linked folder that is open": {all(link("~/open", "bin/folder"), mode("open", 0o777)), []string{"~/bin/folder/agent"}, false},
		"a link through an open folder": {
			all(link("~/bin/agent", "open/hop"), link("~/open/hop", "bin/link"), mode("open", 0o777)), []string{"~/bin/link"}, false,
		},
		"up and down again":        {mode("open", 0o777), []string{"~/open/../bin/agent"}, false},
		"not there":                {all(), []string{"~/bin/none"}, true},
		"not there, open folder":   {mode("open", 0o777), []string{"~/open/none"}, false},
		"a loop":                   {link("loop", "bin/loop"), []string{"~/bin/loop"}, false},
		"interpreter of all":       {all(script("#!~/open/agent"), mode("open/agent", 0o777)), plain, false},
		"interpreter's link":       {all(script("#!~/open/link"), link("~/bin/agent", "open/link"), mode("open", 0o777)), plain, false},
		"interpreter's folder":     {all(script("#! ~/open/agent -u"), mode("open", 0o777)), plain, false},
		"the system's interpreter": {script("#!/bin/sh -e"), plain, true},
		"looked up by env":         {script("#!/usr/bin/env sh"), plain, true},
		"interpreter of a script":  {all(script("#!~/open/script"), mode("open/agent", 0o757)), plain, false},
		"a script as argument":     {mode("open/agent", 0o666), []string{"/bin/sh", "~/open/agent"}, false},
		"the same, in an option":   {mode("open/agent", 0o666), []string{"/bin/sh", "--init-file=~/open/agent"}, false},
		"a script of root's":       {all(), []string{"/bin/sh", "-e", "~/open/agent", "~/none", "--x"}, true},
	}
}

// makeNamed makes the files of one case, root's as far as root makes them.
func makeNamed(t *testing.T, dir string, c namedCase) {
	for _, folder := range []string{"bin", "open"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, folder), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, folder, "agent"), []byte("#!/bin/sh\n"), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "open", "script"), []byte("#!"+dir+"/open/agent\n"), 0o755))
	c.change(t, dir)
}

func (c namedCase) load(t *testing.T, dir string, level Layer) Config {
	var command []any
	for _, word := range c.command {
		command = append(command, string(bytes.ReplaceAll([]byte(word), []byte("~"), []byte(dir))))
	}
	source := func() []Policy {
		return []Policy{{Where: "test", Values: map[string]any{"agent": "command", "agent_command": command}}}
	}
	sources := Sources{Policy: source}
	if level == LayerMachine {
		sources = Sources{Machine: source}
	}
	loaded, err := Load(sources)
	require.NoError(t, err)
	return loaded
}

func codesOf(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var invalid *Invalid
	require.ErrorAs(t, err, &invalid)
	var all []string
	for _, p := range invalid.Problems {
		all = append(all, p.Code)
	}
	return all
}

// asNobody runs a test of this program anew, as the user nobody.
func asNobody(t *testing.T, test, variable string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "as-nobody")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.Chmod(folder, 0o755))
	self, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	program := filepath.Join(folder, "other")
	require.NoError(t, os.WriteFile(program, self, 0o755))
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^"+test+"$", "-test.v")
	cmd.Dir, cmd.Env = folder, append(os.Environ(), variable, "HOME="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), "--- PASS: "+test)
	assert.NotContains(t, string(output), "SKIP")
}

// A policy is worthless if it names a program that every user may replace: it would get other
// people's tickets.
func TestANamedFileThatOthersCanChange(t *testing.T) {
	tree, made := os.LookupEnv(namedTree)
	if !made {
		var err error
		tree, err = os.MkdirTemp("", "named")
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, os.RemoveAll(tree)) })
		require.NoError(t, os.Chmod(tree, 0o755))
	}
	rootMade := made || os.Geteuid() == 0
	for name, c := range namedCases() {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(tree, strings.NewReplacer(" ", "-", "/", "-").Replace(name))
			if !rootMade && slices.ContainsFunc(c.command, func(word string) bool { return word[0] == '~' }) {
				// Only root can make root's files. What this user makes is not trusted in any form.
				c.good = false
				c.change = func(*testing.T, string) {}
			}
			if !made {
				makeNamed(t, dir, c)
			}
			for _, level := range []Layer{LayerMachine, LayerPolicy} {
				found := codesOf(t, c.load(t, dir, level).RequireReal())
				assert.Equal(t, !c.good, slices.Contains(found, "SETTING-TRUST"), "%s: %v", level, found)
			}
		})
	}
	if !made && rootMade {
		asNobody(t, t.Name(), namedTree+"="+tree)
	}
}

// The same holds for the certificate authorities, and not for what users name for themselves.
func TestABundleThatOthersCanChange(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "roots.pem")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Chmod(path, 0o666))
	values := func() []Policy { return []Policy{{Where: "test", Values: map[string]any{"ca_bundle": path}}} }
	for name, test := range map[string]struct {
		sources Sources
		refused bool
	}{
		"policy":    {Sources{Policy: values}, true},
		"computer":  {Sources{Machine: values}, true},
		"user":      {Sources{Environ: []string{"ERS_LOGIN_CA_BUNDLE=" + path}}, false},
		"overruled": {Sources{Machine: values, Environ: []string{"ERS_LOGIN_CA_BUNDLE=" + os.Args[0]}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Load(test.sources)
			require.NoError(t, err)
			err = c.RequireReal()
			assert.Equal(t, test.refused, slices.Contains(codesOf(t, err), "SETTING-TRUST"), "%v", err)
		})
	}
	c, err := Load(Sources{Policy: values})
	require.NoError(t, err)
	p := problem.Of(&Invalid{Problems: c.distrust(Settings())})
	assert.Contains(t, p.Expand(p.Happened), "The setting ca_bundle")
	assert.Regexp(t, "it has the mode 0666|belongs to user id", p.Expand(p.Happened))
	if os.Geteuid() == 0 {
		asNobody(t, t.Name(), namedTree+"=")
	}
}

// Write access to the endpoint certificate's key allows replacing it, and read access allows acting
// for the organisation.
func TestAPrivateKeyIsTheUsersAlone(t *testing.T) {
	const certificate, key = "-----BEGIN CERTIFICATE-----\n", "-----BEGIN PRIVATE" + " KEY-----\n"
	for name, test := range map[string]struct {
		certificate, key fs.FileMode
		folder           fs.FileMode
		both, der        bool
		refused, noticed bool
	}{
		"private":                     {certificate: 0o644, key: 0o600, folder: 0o755},
		"all write the key":           {certificate: 0o644, key: 0o666, folder: 0o755, refused: true},
		"a group writes the key":      {certificate: 0o644, key: 0o620, folder: 0o755, refused: true},
		"all read the key":            {certificate: 0o644, key: 0o644, folder: 0o755, noticed: true},
		"a group reads the key":       {certificate: 0o644, key: 0o640, folder: 0o755, noticed: true},
		"all write the certificate":   {certificate: 0o666, key: 0o600, folder: 0o755, refused: true},
		"all write the folder":        {certificate: 0o644, key: 0o600, folder: 0o777, refused: true},
		"the folder is like /tmp":     {certificate: 0o644, key: 0o600, folder: 0o777 | fs.ModeSticky},
		"in one, private":             {certificate: 0o600, folder: 0o755, both: true},
		"in one, all read":            {certificate: 0o644, folder: 0o755, both: true, noticed: true},
		"in one, the group writes it": {certificate: 0o660, folder: 0o755, both: true, refused: true},
		"a certificate in DER":        {certificate: 0o664, key: 0o600, folder: 0o755, der: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, content string, mode fs.FileMode) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
				require.NoError(t, os.Chmod(filepath.Join(dir, name), mode))
			}
			settings := "base_url = 'https://e.nhs.uk'\nasid = '123456789012'\ncertificate = 'a.pem'\n"
			if test.both {
				write("a.pem", certificate+key, test.certificate)
			} else {
				content := certificate
				if test.der {
					content = "\x30\x82\x01\x00"
				}
				write("a.pem", content, test.certificate)
				write("a.key", key, test.key)
				settings += "key = 'a.key'\n"
			}
			write("config.toml", settings, 0o600)
			require.NoError(t, os.Chmod(dir, test.folder))
			c, err := LoadReal(Sources{UserFile: filepath.Join(dir, "config.toml")})
			if test.refused {
				assert.Contains(t, codesOf(t, err), "SETTING-KEY-SHARED")
			} else {
				require.NoError(t, err)
			}
			var noticed []string
			for _, warning := range c.Warnings {
				noticed = append(noticed, warning.Code)
			}
			assert.Equal(t, test.noticed, slices.Contains(noticed, "SETTING-KEY-READABLE"), "%v", noticed)
		})
	}
	if os.Geteuid() == 0 {
		asNobody(t, t.Name(), namedTree+"=")
	}
}

// On a dead network share, a file that is not used would keep the window from opening.
func TestACertificateThatIsNotUsedIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pem")
	require.NoError(t, os.WriteFile(path, []byte("-----BEGIN PRIVATE"+" KEY-----\n"), 0o600))
	for platform, read := range map[string]bool{PlatformHSCN: true, PlatformFHIR: false} {
		key, pem := Config{Certificate: path, used: platform}.certificateBlocks()
		assert.Equal(t, []bool{read, read}, []bool{key, pem}, platform)
	}
}

// A key that root gives to a group of users is read by them in the only way there is.
func TestJudgeKeyStep(t *testing.T) {
	const root, ann, bob, clinicians = 0, 1000, 1001, 2000
	folder := func(mode fs.FileMode) fs.FileMode { return fs.ModeDir | mode }
	for name, test := range map[string]struct {
		mode         fs.FileMode
		private      bool
		owner, group int
		good         bool
	}{
		"hers":                           {0o600, true, ann, ann, true},
		"root's, for clinicians":         {0o640, true, root, clinicians, true},
		"a colleague's":                  {0o644, true, bob, bob, false},
		"her own group writes":           {0o660, true, ann, ann, false},
		"her own group, the certificate": {0o664, false, ann, ann, true},
		"clinicians, the certificate":    {0o664, false, ann, clinicians, false},
		"her folder":                     {folder(0o775), true, ann, ann, true},
		"a folder of clinicians":         {folder(0o775), true, root, clinicians, false},
		"like /tmp":                      {folder(0o777) | fs.ModeSticky, true, root, root, true},
		"an open folder":                 {folder(0o777), true, ann, ann, false},
		"another namespace's":            {folder(0o755), true, unmapped, unmapped, true},
		"a link":                         {fs.ModeSymlink | 0o777, true, ann, ann, true},
		"a colleague's link":             {fs.ModeSymlink | 0o777, true, bob, bob, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := step{path: "/x", info: statOf(test.mode), last: !test.mode.IsDir() && test.mode&fs.ModeSymlink == 0}
			err := judgeKeyStep(s, test.private, test.owner, test.group, ann, ann)
			if test.good {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, errShared)
			}
		})
	}
	assert.False(t, readable(0o640, root, ann))
	assert.True(t, readable(0o640, ann, ann))
	assert.True(t, readable(0o644, root, ann))
}

// statOf is a file of which only the mode is known.
type statOf fs.FileMode

func (statOf) Name() string        { return "x" }
func (statOf) Size() int64         { return 0 }
func (s statOf) Mode() fs.FileMode { return fs.FileMode(s) }
func (s statOf) IsDir() bool       { return fs.FileMode(s).IsDir() }
func (statOf) ModTime() time.Time  { return time.Time{} }
func (statOf) Sys() any            { return nil }

// If this fails, the remedy for preferences that cannot be read, such as root's, does not help.
func TestUnreadablePreferencesAreReplaced(t *testing.T) {
	if os.Geteuid() == 0 { // who can read every file
		asNobody(t, t.Name(), namedTree+"=")
		return
	}
	file := filepath.Join(t.TempDir(), "config.toml")
	path := Sources{UserFile: file}.preferences().path
	require.NoError(t, os.WriteFile(path, nil, 0))
	c, err := Load(Sources{UserFile: file})
	require.NoError(t, err)
	require.Len(t, c.Warnings, 1)
	require.ErrorIs(t, c.Warnings[0], skippedPreferences)
	require.NoError(t, c.Save("theme", ThemeDark))
	c, err = Load(Sources{UserFile: file})
	require.NoError(t, err)
	assert.Empty(t, c.Warnings)
	assert.Equal(t, ThemeDark, c.Theme)
	assert.FileExists(t, path+".bak")
}
