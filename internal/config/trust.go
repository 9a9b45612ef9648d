package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/shebang"
)

// Trust returns why an open file, which holds for all users of the computer, might have been
// written by an ordinary user, or nil. A writer of such a file chooses the server that gets other
// people's tickets.
type Trust func(file *os.File) error

// errUntrusted is the reason of a file that ordinary users can write.
var errUntrusted = errors.New("people other than administrators can change it")

// errShared is the reason of a private key that others than its user and the administrators can
// write.
var errShared = errors.New("others can change it")

// TrustOwner returns why an ordinary user could change an open file, or put another one in its
// place: see [TrustPath].
func TrustOwner(file *os.File) error {
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	found, err := guard{because: errUntrusted}.walk(file.Name())
	if err == nil && !os.SameFile(opened, found) {
		err = fmt.Errorf("%w: another file has taken its place", errUntrusted)
	}
	return err
}

// TrustPath returns why an ordinary user could change or replace the file at a path. The file,
// every folder on the way to it and every symbolic link there must belong to the administrators,
// and be writable by them alone.
func TrustPath(path string) error {
	_, err := guard{because: errUntrusted}.walk(path)
	return err
}

// TrustProgram is [TrustPath] for what is run or loaded: on Windows its folder must be closed to
// new files too, since a program loads libraries from there.
func TrustProgram(path string) error {
	_, err := guard{because: errUntrusted, program: true}.walk(path)
	return err
}

// guard says what is trusted on the way to a file: what belongs to the administrators and is writable by
// them alone.
type guard struct {
	// because is the reason of a refusal.
	because error
	// user trusts the user as well. To a private file of theirs, not even their own group may write.
	user, private bool
	// program is for what is run: others must not add a file to its folder on Windows.
	program bool
}

// step is one entry on the way to a file.
type step struct {
	// path is physical: no link is in it but, for a link, itself.
	path string
	info fs.FileInfo
	// holder reports whether the file, or a link to it, lies directly in this folder.
	holder bool
	// last reports whether this is the file itself.
	last bool
}

// name says which entry is meant.
func (s step) name() string {
	switch {
	case s.last:
		return "it"
	case s.info.IsDir() && s.holder:
		return "its folder " + s.path
	case s.info.IsDir():
		return "the folder " + s.path
	}
	return "the link " + s.path
}

// maxLinks bounds the symbolic links on the way to a file, as Linux does.
const maxLinks = 40

// walk follows a path as the system does, link by link, and judges every folder, link and file. It
// returns the file. If each step is accepted, only accounts that are trusted can exchange one
// afterwards.
func (g guard) walk(path string) (fs.FileInfo, error) {
	if !filepath.IsAbs(path) {
		// Not for others: it would take .. out of a path without regard to links.
		var err error
		if path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
	}
	here, parts := splitPath(path)
	info, err := os.Lstat(here)
	if err != nil {
		return nil, err
	}
	for links := 0; len(parts) > 0; {
		next := filepath.Join(here, parts[0])
		found, err := os.Lstat(next)
		if broken := g.judge(step{path: here, info: info, holder: err != nil || !found.IsDir()}); broken != nil {
			return nil, broken
		}
		if err != nil {
			return nil, err
		}
		parts = parts[1:]
		// A junction of Windows is irregular to Go.
		if found.Mode()&(fs.ModeSymlink|fs.ModeIrregular) == 0 {
			here, info = next, found
			continue
		}
		if err := g.judge(step{path: next, info: found}); err != nil {
			return nil, err
		}
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return nil, errors.Join(errors.New("a link on the way to it leads nowhere"), err)
		}
		if filepath.IsAbs(target) {
			var more []string
			here, more = splitPath(target)
			parts = slices.Concat(more, parts)
			if info, err = os.Lstat(here); err != nil {
				return nil, err
			}
			continue
		}
		parts = slices.Concat(splitParts(target), parts)
	}
	return info, g.judge(step{path: here, info: info, last: true})
}

// splitPath splits a full path into its root and what follows.
func splitPath(path string) (root string, parts []string) {
	volume := filepath.VolumeName(path)
	return volume + string(filepath.Separator), splitParts(path[len(volume):])
}

func splitParts(path string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(filepath.ToSlash(path), func(r rune) bool { return r == '/' }),
		func(part string) bool { return part == "." })
}

// distrust returns a Problem for each file that a setting of the computer or of a policy names, and
// that an ordinary user could change or replace: the program that hands out tickets, with what runs
// it, and the certificate authorities.
func (c Config) distrust(table []Setting) []*problem.Problem {
	var all []*problem.Problem
	check := func(key string, paths []string, trust func(string) error) {
		layer := c.origins[key].Layer
		if layer != LayerMachine && layer != LayerPolicy || !lookup(table, key).IsFor(c.UsedPlatform()) {
			return
		}
		for _, path := range paths {
			// A file that is not there is for its reader to find out: the folders above it have
			// been judged.
			if err := trust(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				all = append(all, untrusted(untrustedNamed, lookup(table, key), c.origins[key], err))
				return
			}
		}
	}
	if c.CABundle != "" {
		check("ca_bundle", []string{c.CABundle}, TrustPath)
	}
	if len(c.AgentCommand) > 0 {
		check("agent_command", whatRuns(c.AgentCommand), TrustProgram)
	}
	return all
}

// whatRuns returns the files that decide what a command does: its program, the interpreters of a
// script, and arguments that are files, such as the script of an interpreter.
func whatRuns(command []string) []string {
	program := command[0]
	if resolved, err := exec.LookPath(program); err == nil {
		program = resolved // on Windows, with its .exe
	}
	files := withInterpreters(program)
	for _, argument := range command[1:] {
		// --script=/opt/agent.py
		if _, value, ok := strings.Cut(argument, "="); ok && filepath.IsAbs(value) {
			argument = value
		}
		if info, err := os.Stat(argument); filepath.IsAbs(argument) && err == nil && info.Mode().IsRegular() {
			files = append(files, withInterpreters(argument)...)
		}
	}
	return files
}

// withInterpreters returns a file, the interpreter that its first line names, the interpreter of
// that one, and so on.
func withInterpreters(path string) []string {
	files := []string{path}
	for range shebang.MaxDepth {
		if runtime.GOOS == "windows" {
			break
		}
		line, ok, err := shebang.Read(path)
		if err != nil || !ok || line.Interpreter == "" {
			break // a script that cannot be read does not run either
		}
		path = line.Interpreter
		files = append(files, path)
		if name := line.LookedUp(); name != "" {
			// In a folder of a relative PATH there is an error, and a path nevertheless.
			if path, _ = exec.LookPath(name); path == "" {
				break
			}
			files = append(files, path)
		}
	}
	return files
}

// judgeKey looks at the files that hold the private key, whatever layer names them. One that others
// can change is a Problem, and one that others can read is a notice.
func (c Config) judgeKey(table []Setting) (refused, notices []*problem.Problem) {
	inCertificate, _ := c.certificateBlocks()
	for _, key := range []string{"certificate", "key"} {
		setting := lookup(table, key)
		path := setting.of(c)
		if path == "" || key == "key" && c.PKCS12() || !setting.IsFor(c.UsedPlatform()) {
			continue
		}
		private := key == "key" || c.PKCS12() || inCertificate
		found, err := guard{because: errShared, user: true, private: private}.walk(path)
		switch {
		case errors.Is(err, errShared):
			refused = append(refused, untrusted(sharedKey, setting, c.origins[key], err))
		case err == nil && private:
			if reason := readers(path, found); reason != "" {
				notices = append(notices, untrusted(ReadableKey, setting, c.origins[key], errors.New(reason)))
			}
		}
	}
	return refused, notices
}

// DistrustBundle returns why the file of ca_bundle must not be used, or nil: see [TrustPath]. Call
// it before each reading, since the file's mode may have changed.
func (c Config) DistrustBundle() error {
	for _, found := range c.distrust(Settings()) {
		if found.Args["Setting"] == "ca_bundle" {
			return found
		}
	}
	return nil
}

func untrusted(template *problem.Problem, setting Setting, origin Origin, reason error) *problem.Problem {
	return template.With("Setting", setting.Key).WithPhrase("Origin", origin.Phrase()).With("Reason", reason.Error()).
		Because(fmt.Errorf("%s, from %s: %w", setting.Key, origin, reason))
}

var (
	untrustedNamed = &problem.Problem{
		Code:  "SETTING-TRUST",
		Title: "A file that e-RS Login needs cannot be trusted",
		Happened: "The setting {{.Setting}} is for everyone who uses this computer, and what it " +
			"names cannot be trusted: {{.Reason}}. The setting comes from {{.Origin}}.",
		ServiceDesk: []string{
			"Check the content of the file first: another person may have edited it. The file, " +
				"the interpreter of a script, every folder on the way to them and every link must " +
				"belong to root (on Windows: to Administrators or SYSTEM), and no one else may " +
				"write to them.",
			stepAgain,
		},
	}
	sharedKey = &problem.Problem{
		Code:  "SETTING-KEY-SHARED",
		Title: "Others can change your organisation's certificate or its key",
		Happened: "e-RS Login did not use the file that the setting {{.Setting}} names: {{.Reason}}. " +
			"The setting comes from {{.Origin}}.",
		ServiceDesk: []string{
			"Check that the certificate and the key are your organisation's. Then let only " +
				"their owner write to them and to their folders. The owner is root (on Windows: " +
				"Administrators or SYSTEM) or the user.",
			stepAgain,
		},
	}
	// ReadableKey is a warning about a private key that others can read. It can be used.
	ReadableKey = &problem.Problem{
		Code:  "SETTING-KEY-READABLE",
		Title: "Others can read your organisation's private key",
		Happened: "The file that the setting {{.Setting}} names holds your organisation's private key, and {{.Reason}}. " +
			"The setting comes from {{.Origin}}.",
		Steps: []string{
			"You can keep working.",
			"Contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{"Only the people who sign in with it should be able to read it."},
	}
)
