package diagnose_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// Everything here is made up. What must not get into a bundle, by what it is.
var planted = map[string]string{
	"ticket":                 erstest.TicketConsultant,
	"session key":            "pro-xapi-session_222c42c7-820f-4f9b-92fb-3add4b1db9f7",
	"passphrase":             "corréct horse battery",
	"proxy's password":       "Pr0xy-w0rd!",
	"private key":            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
	"argument of a command":  "s3cr3t-of-the-agent",
	"account":                "asmith7",
	"user of the proxy":      "alice.smith",
	"owner of a folder":      "Gwen Pugh",
	"owner of a certificate": "Rhiannon ap-Rhys",
	"person":                 "Smith-Jones",
	"first name":             "Theresa",
	"computer":               "ward12-pc",
	"user's national id":     "021600556514",
	"audit record's content": "API Establish Session",
}

const plantedPEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n"

// anywhere returns what may stand anywhere, in the form in which it is recognised. The argument of a command has none: only the settings
// have it, and are not to hand it on. A private key has its first and last line.
func anywhere() map[string]string {
	list := maps.Clone(planted)
	delete(list, "audit record's content")
	delete(list, "argument of a command")
	// A name is known by its place.
	list["owner of a folder"] = `C:\Users\Gwen Pugh\key.p12`
	list["private key"] = plantedPEM
	return list
}

// forms are what a planted text may look like in a file.
func forms(text string) []string {
	quoted, _ := json.Marshal(text) // a string is always JSON
	return []string{
		text, strings.Trim(string(quoted), `"`), url.QueryEscape(text), url.PathEscape(text), hex.EncodeToString([]byte(text)),
		base64.StdEncoding.EncodeToString([]byte(text)), strings.ToUpper(text), fmt.Sprintf("%q", text)[1 : len(fmt.Sprintf("%q", text))-1],
	}
}

// leaks returns the planted texts that a file contains.
func leaks(content []byte) []string {
	var found []string
	lower := strings.ToLower(string(content))
	for what, text := range planted {
		for _, form := range forms(text) {
			if strings.Contains(lower, strings.ToLower(form)) {
				found = append(found, what)
				break
			}
		}
	}
	return found
}

// source plants everything wherever a bundle looks, and in places where it must not look.
func source(t *testing.T) diagnose.BundleSettings {
	t.Helper()
	home := filepath.Join(t.TempDir(), "asmith7")
	logs := filepath.Join(home, "state", "ers-login")
	redactor := logging.NewRedactor()
	redactor.Guard(secret.New(planted["passphrase"]))
	redactor.Guard(secret.New(planted["proxy's password"]))

	// A log as the program writes it, with lines as of an older version or an editor.
	log, err := logging.New(logging.Settings{Dir: logs, Version: "1.2.3"})
	require.NoError(t, err)
	log.SetLevel(logrus.DebugLevel)
	log.Guard(secret.New(planted["passphrase"]))
	var raw strings.Builder
	for what, text := range anywhere() {
		log.WithFields(logrus.Fields{"value": text, "list": []string{"x " + text}, text: 1, "path": home + "/x"}).Error("failed for " + text)
		line, err := json.Marshal(map[string]any{"msg": "raw " + text, "deep": map[string]any{"passphrase": "x1-" + what, "list": []any{text, 21600556514}}, "id": json.Number("212345678901")})
		require.NoError(t, err)
		raw.Write(append(line, '\n'))
		fmt.Fprintf(&raw, "not JSON: %s in %s\n", text, home)
	}
	raw.WriteString("http://ann:" + planted["proxy's password"] + "@proxy.example:3128\n" + plantedPEM)
	log.Errorf("could not read %s", plantedPEM)
	require.NoError(t, log.Close())
	require.NoError(t, os.WriteFile(filepath.Join(logs, "ers-login-2026-11-20T10-00-00.000.log"), []byte(raw.String()), 0o600))

	// What lies beside the log and is no part of it.
	records, err := audit.Open(audit.Settings{Dir: logs, Version: "1.2.3"})
	require.NoError(t, err)
	require.NoError(t, records.Append(t.Context(), audit.Event{Call: audit.A001, User: planted["user's national id"]}))
	require.NoError(t, records.Close())
	elsewhere := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(elsewhere, []byte(plantedPEM), 0o600))
	if runtime.GOOS != "windows" {
		require.NoError(t, os.Symlink(elsewhere, filepath.Join(logs, "ers-login-link.log")))
	}

	// Settings from a file and the environment, some of which the program refuses.
	file := filepath.Join(home, "config.toml")
	require.NoError(t, os.WriteFile(file, []byte("asid = '123456789012'\nbase_url = 'https://ers.example/ers-api'\n"+
		"certificate = '/home/alice.smith/Smith-Jones.p12'\npassphrase_file = '/home/gwen/asked.txt'\npassword = '"+planted["passphrase"]+"'\n"+
		"agent_command = ['/opt/agent/bin/agent', 'x', 's3cr3t-of-the-agent']\nagent = 'command'\nproxy_user = 'alice.smith'\n"), 0o600))
	settings, err := config.Load(config.Sources{UserFile: file, Environ: []string{
		"ERS_LOGIN_PROXY=http://ann:" + planted["proxy's password"] + "@proxy.example:3128",
		"ERS_LOGIN_CA_BUNDLE=/home/asmith7/ward12-pc.pem", "ERS_LOGIN_TOKEN=" + planted["ticket"],
	}})
	require.Error(t, err, "a proxy with a password is refused")
	t.Setenv("HTTPS_PROXY", "http://ann:"+planted["proxy's password"]+"@proxy.example:3128")
	t.Setenv("ERS_LOGIN_SOMETHING", planted["ticket"])

	trouble := &problem.Problem{Code: "TEST", Title: "A title", Happened: "Something in {{.What}}.", Steps: []string{"See {{.What}}."}}
	var results []diagnose.Result
	for _, text := range anywhere() {
		finding := diagnose.Finding{State: diagnose.Failed, Said: "It says {{.What}}.", Problem: trouble.With("What", text).
			Because(fmt.Errorf("cause: %w", errors.New(text)))}
		results = append(results, diagnose.Result{ID: "x", Name: "A check", Finding: finding.With("What", text)})
	}
	owned := diagnose.Finding{State: diagnose.OK, Said: "The certificate \"{{.Name}}\" is valid."}.With("Name", planted["owner of a certificate"])
	results = append(results, diagnose.Result{ID: diagnose.IDCertificate, Name: "A check", Finding: owned})
	return diagnose.BundleSettings{
		Report: diagnose.Report{Version: "1.2.3", Results: results}, Made: time.Date(2026, 11, 21, 8, 42, 0, 0, time.UTC), Settings: settings, LogDir: logs,
		Masker: diagnose.NewMasker(redactor.Redact, diagnose.Names{
			Accounts: []string{"asmith7"}, People: []string{"Theresa Smith-Jones"}, Computers: []string{"ward12-pc.trust.example"},
			Homes: []string{home},
		}, "123456789012"),
	}
}

// TestERR000ABundleHasNoSecretAndNoName: it is mailed, forwarded and kept in a ticket system, for years.
func TestERR000ABundleHasNoSecretAndNoName(t *testing.T) {
	made := source(t)
	files, err := diagnose.Bundle(made)
	require.NoError(t, err)
	var list []string
	for _, file := range files {
		list = append(list, file.Name)
		assert.Empty(t, leaks(file.Content), "%s has them", file.Name)
		assert.NotContains(t, string(file.Content), "x1-", "what a name calls a passphrase")
		assert.NotContains(t, string(file.Content), filepath.Dir(filepath.Dir(made.LogDir)), "the home folder")
	}
	assert.ElementsMatch(t, []string{"about.txt", "settings.toml", "checks.txt", "checks.json", "log/ers-login.log",
		"log/ers-login-2026-11-20T10-00-00.000.log"}, list, "neither the audit log nor a link's target")

	text := map[string]string{}
	for _, file := range files {
		text[file.Name] = string(file.Content)
	}
	assert.True(t, json.Valid([]byte(text["checks.json"])))
	assert.Contains(t, text["settings.toml"], "asid = \"123456789012\"  # line 1 of ~", "with their origin, and useful")
	assert.Contains(t, text["settings.toml"], "2 arguments")
	assert.Contains(t, text["settings.toml"], `certificate = "/home/[user]/[name].p12"`)
	assert.Contains(t, text["settings.toml"], `passphrase_file = "[secret]"`, "there is no such file: it may be the passphrase")
	assert.Contains(t, text["settings.toml"], `proxy_user = "[user]"`)
	assert.Contains(t, text["log/ers-login.log"], "failed for [name]")
	for line := range strings.Lines(text["log/ers-login.log"]) {
		assert.True(t, json.Valid([]byte(line)), "a log that no tool reads any more: %s", line)
	}
	assert.Contains(t, text["about.txt"], "1.2.3")
	assert.NotContains(t, text["about.txt"], "demonstration")
}

// Two weeks of logs are too much for an e-mail, and the first line may be cut in the middle of a
// secret.
func TestABundleHasTheNewestLogs(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a [strange] folder")
	require.NoError(t, os.Mkdir(folder, 0o700))
	line := func(text string) string { return `{"msg":"` + text + strings.Repeat(" x", 500) + `"}` + "\n" }
	now := time.Now()
	for i, name := range []string{"ers-login.log", "ers-login-2.log", "ers-login-3.log"} {
		path := filepath.Join(folder, name)
		content := line("first of "+name) + strings.Repeat(line("of "+name), 1500) + line("last of "+name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chtimes(path, now, now.Add(-time.Duration(i)*time.Hour)))
	}
	settings, err := config.Load(config.Sources{})
	require.NoError(t, err)
	files, err := diagnose.Bundle(diagnose.BundleSettings{Settings: settings, LogDir: folder,
		Masker: diagnose.NewMasker(logging.NewRedactor().Redact, diagnose.Names{})})
	require.NoError(t, err)
	require.Len(t, files, 6)
	assert.Equal(t, "log/ers-login.log", files[4].Name, "the newest first")
	assert.Contains(t, string(files[4].Content), "first of ers-login.log")
	assert.NotContains(t, string(files[5].Content), "first of ers-login-2.log")
	assert.Contains(t, string(files[5].Content), "last of ers-login-2.log")
	assert.LessOrEqual(t, len(files[4].Content)+len(files[5].Content), 2<<20)
	for part := range bytes.Lines(files[5].Content) {
		assert.True(t, json.Valid(part), "a line that was cut")
	}
}

// What is saved must be exactly what was shown, and readable by its owner alone.
func TestSaveWritesExactlyTheFiles(t *testing.T) {
	files := []diagnose.File{{Name: "about.txt", Content: []byte("a")}, {Name: "log/ers-login.log", Content: []byte("{}\n")}}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	require.NoError(t, diagnose.Save(path, files, time.Now()))
	info, err := os.Stat(path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	archive, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer func() { assert.NoError(t, archive.Close()) }()
	var read []diagnose.File
	for _, entry := range archive.File {
		file, err := entry.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		read = append(read, diagnose.File{Name: entry.Name, Content: content})
	}
	assert.Equal(t, files, read)

	err = diagnose.Save(filepath.Join(t.TempDir(), "missing", "bundle.zip"), files, time.Now())
	require.Equal(t, "DIAG-BUNDLE", problem.Of(err).Code)
}

// A bundle is needed most where something is wrong with the computer.
func TestABundleWithoutALog(t *testing.T) {
	settings, err := config.Load(config.Sources{})
	require.NoError(t, err)
	for name, dir := range map[string]string{"none": "", "missing": filepath.Join(t.TempDir(), "missing")} {
		t.Run(name, func(t *testing.T) {
			files, err := diagnose.Bundle(diagnose.BundleSettings{Settings: settings, LogDir: dir,
				Masker: diagnose.NewMasker(logging.NewRedactor().Redact, diagnose.Names{})})
			require.NoError(t, err)
			assert.Len(t, files, 4)
		})
	}
}
