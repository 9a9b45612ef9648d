package diagnose

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ers-login/ers-login/internal/atomicfile"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// BundleSettings is what a support bundle is made of.
type BundleSettings struct {
	// Report has the results. Its Mask is the Masker's.
	Report
	// Made is the time by this computer's clock.
	Made time.Time
	// Demonstration: what was checked is simulated.
	Demonstration bool
	// Settings are shown with their origin.
	Settings config.Config
	// LogDir is the folder of the program's log, empty if there is none.
	LogDir string
	// Masker masks secrets and names in all of it.
	Masker *Masker
}

// File is one file of a support bundle.
type File struct {
	Name    string
	Content []byte
}

// maxLogs bounds what is taken of the logs, in bytes: the newest of them.
const maxLogs = 2 << 20

// Bundle returns the files of a support bundle, to be shown before [Save] writes exactly these: the
// settings with their origin, the results of the checks, and the newest 2 MiB of the log; nothing
// of the audit log, the environment or the keyring. Every text has gone through the Masker, logs
// for a second time.
func Bundle(settings BundleSettings) ([]File, error) {
	settings.Masker = settings.Masker.and(SettingsNames(settings.Settings)).and(ResultNames(settings.Results))
	mask := settings.Masker.Mask
	settings.Mask = mask
	results, err := settings.JSON()
	if err != nil {
		return nil, err
	}
	logs, trouble := settings.logs()
	files := []File{
		{"about.txt", []byte(mask(settings.about(trouble)))},
		{"settings.toml", []byte(settings.settings())},
		{"checks.txt", []byte(settings.Text())},
		{"checks.json", results},
	}
	return append(files, logs...), nil
}

const aboutMasked = "These are hidden in all files: tickets, session keys, tokens, passphrases and other secrets; user names and names of people; the name\n" +
	"of this computer; home folders; names in e-mail addresses; and 12-digit numbers other than the ASID. The texts of e-RS Login and\n" +
	"the addresses of e-RS and the proxy are not hidden. The audit log is not included.\n"

func (b BundleSettings) about(trouble error) string {
	var text strings.Builder
	fmt.Fprintf(&text, "Support file of e-RS Login %s, made on %s\n", b.Version, b.Made.UTC().Format("2 January 2006 15:04:05 UTC"))
	if b.Demonstration {
		text.WriteString("This is a demonstration: the sign-in and e-RS are simulated on this computer.\n")
	}
	fmt.Fprintf(&text, "Operating system: %s, %s\nFailed checks: %d\n\n", runtime.GOOS, runtime.GOARCH, Failures(b.Results))
	text.WriteString(aboutMasked)
	if trouble != nil {
		fmt.Fprintf(&text, "\nPart of the log could not be read: %s\n", problem.Clean(trouble.Error(), maxCause))
	}
	return text.String()
}

// fullDomain is the name of an organisation's own certificate, as e-RS wants it.
var fullDomain = regexp.MustCompile(`^(\*|[A-Za-z0-9-]+)(\.[A-Za-z0-9-]+){2,}$`)

// ResultNames returns the name that the organisation's certificate was issued to, which may be a
// person's, if the wrong one was chosen. The hosts of e-RS and of the proxy do not count as names.
func ResultNames(results []Result) Names {
	var names Names
	for _, result := range results {
		if host := result.Args["Host"]; host != "" {
			names.Addresses = append(names.Addresses, hostOf(host))
		}
		if proxy := result.Args["Proxy"]; proxy != "" {
			names.Addresses = append(names.Addresses, hostOf(proxy))
		}
	}
	see := func(args map[string]string) {
		if name := args["Name"]; name != "" && !fullDomain.MatchString(name) {
			names.People = append(names.People, name)
		}
	}
	for _, result := range results {
		if result.ID == IDCertificate {
			see(result.Args)
		}
		// In a Problem, Name is that of the endpoint certificate.
		if found := result.Problem; found != nil {
			see(found.Args)
		}
	}
	return names
}

// settings returns the settings of the used platform in the form of a settings file. A command is shown without its
// arguments, which no name marks as secret.
func (b BundleSettings) settings() string {
	var text strings.Builder
	for _, setting := range config.Settings() {
		if !setting.IsFor(b.Settings.UsedPlatform()) {
			continue
		}
		value := b.Settings.Written(setting.Key)
		if setting.Key == "proxy_user" && b.Settings.ProxyUser != "" {
			value = strconv.Quote(maskedAccount)
		}
		if command := b.Settings.AgentCommand; setting.Key == "agent_command" && len(command) > 1 {
			value = fmt.Sprintf("[%s]  # and %d arguments, which are left out", strconv.Quote(command[0]), len(command)-1)
		}
		origin := problem.Clean(b.Settings.Origin(setting.Key).String(), maxCause)
		text.WriteString(b.Masker.Mask(fmt.Sprintf("%s = %s", setting.Key, value)) + "  # " + b.Masker.Mask(origin) + "\n")
	}
	return text.String()
}

// logFiles matches the program's log and its rotated files, and not the audit log's.
const logFiles = "ers-login*.log"

// logs returns the newest part of the log, the newest file first. It may return both files and an
// error.
func (b BundleSettings) logs() ([]File, error) {
	entries, err := os.ReadDir(b.LogDir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	trouble := []error{err}
	var logs []fs.FileInfo
	for _, entry := range entries {
		if matches, _ := filepath.Match(logFiles, entry.Name()); !matches || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		switch {
		case err == nil:
			logs = append(logs, info)
		case !errors.Is(err, fs.ErrNotExist): // or it was put aside or removed just now
			trouble = append(trouble, err)
		}
	}
	slices.SortStableFunc(logs, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	var files []File
	left := int64(maxLogs)
	for _, log := range logs {
		if left <= 0 {
			break
		}
		content, err := tail(filepath.Join(b.LogDir, log.Name()), left)
		if err != nil {
			trouble = append(trouble, err)
			continue
		}
		left -= int64(len(content))
		if len(content) > 0 {
			files = append(files, File{"log/" + log.Name(), b.Masker.lines(content)})
		}
	}
	return files, errors.Join(trouble...)
}

// tail returns the last whole lines of a file, in limit bytes at most.
func tail(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // G304: it is this program's own log
	if err != nil {
		return nil, err
	}
	// It was only read.
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	start := max(0, info.Size()-limit)
	content, err := io.ReadAll(io.NewSectionReader(file, start, limit))
	if err != nil {
		return nil, err
	}
	if start > 0 {
		// The first line is cut, and half a secret would not be recognised.
		_, content, _ = bytes.Cut(content, []byte("\n"))
	}
	return content, nil
}

// lines masks a log: each JSON line by its members, so that it stays JSON, and other lines as text.
func (m *Masker) lines(content []byte) []byte {
	var masked, other bytes.Buffer
	flush := func() {
		// All lines together: a private key has many.
		masked.WriteString(m.Mask(other.String()))
		other.Reset()
	}
	for line := range bytes.Lines(content) {
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		var members map[string]any
		if decoder.Decode(&members) != nil || decoder.More() {
			other.Write(line)
			continue
		}
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(m.value(members)) != nil {
			other.Write(line)
			continue
		}
		flush()
		masked.Write(encoded.Bytes())
	}
	flush()
	return masked.Bytes()
}

// value masks a JSON value, the names of its members too.
func (m *Masker) value(value any) any {
	switch value := value.(type) {
	case string:
		return m.Mask(value)
	case json.Number:
		if masked := m.Mask(value.String()); masked != value.String() {
			return masked
		}
	case []any:
		for i := range value {
			value[i] = m.value(value[i])
		}
	case map[string]any:
		made := make(map[string]any, len(value))
		for name, member := range value {
			if _, flag := member.(bool); !flag && member != nil && member != "" && soundsSecret(name) {
				member = secret.Mask
			}
			made[m.Mask(name)] = m.value(member)
		}
		return made
	}
	return value
}

// secretNames are parts of names whose value is masked whatever it looks like.
var secretNames = []string{
	"password", "passphrase", "passcode", "passwd", "pwd", "secret", "token", "ticket", "sessionkey", "privatekey", "apikey",
	"authorization", "cookie", "credential",
}

func soundsSecret(name string) bool {
	name = strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
	return slices.ContainsFunc(secretNames, func(part string) bool { return strings.Contains(name, part) })
}

// Save writes the files of a bundle as a zip archive, whole or not at all, readable by its owner
// alone. It replaces an existing file. The error is a *problem.Problem.
func Save(path string, files []File, made time.Time) error {
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	err := pack(writer, files, made)
	if err == nil {
		err = writer.Close()
	}
	if err == nil {
		err = atomicfile.Write(path, archive.Bytes())
	}
	if err != nil {
		return notSaved.With("File", path).Because(err)
	}
	return nil
}

func pack(writer *zip.Writer, files []File, made time.Time) error {
	for _, file := range files {
		header := &zip.FileHeader{Name: file.Name, Method: zip.Deflate, Modified: made.UTC()}
		header.SetMode(0o600)
		entry, err := writer.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(file.Content); err != nil {
			return err
		}
	}
	return nil
}
