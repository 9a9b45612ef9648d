package diagnose

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/bounded"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
)

// TrialKeyring writes, reads and removes a test entry, as internal/keyring.Client does.
type TrialKeyring interface {
	Check(context.Context) error
	WriteTrial(ctx context.Context, text string) error
	ReadTrial(context.Context) (string, error)
	RemoveTrial(context.Context) error
}

// HandoffSettings are what decides which readers work.
type HandoffSettings struct {
	Keyring TrialKeyring
	// Aliases reports whether the session is written under the aliases of Windows too.
	Aliases bool
	// Env is the environment of readers that are programs; nil is this program's own.
	Env []string
}

// readerCheck is one kind of reader.
type readerCheck struct {
	id, name string
	// read reads the test entry as this kind of reader does. errNotHere means that it cannot be
	// tried on this computer.
	read func(context.Context) (string, error)
	// cannot is why this kind of reader never works, if it does not.
	cannot string
}

var (
	// errNotHere: the reader is not installed.
	errNotHere = errors.New("not installed on this computer")
	// errNoAliases: the entries that it looks for are switched off.
	errNoAliases = errors.New("the aliases are switched off")
	// errAmbiguous: there are several entries, and the reader does not choose.
	errAmbiguous = errors.New("more than one entry has the two attributes")
)

// The names of the readers and what is said of them.
const (
	nameWrite      = "Writing a test entry"
	nameRemove     = "Removing the test entry"
	nameGo         = "Go (handoff, go-keyring)"
	nameBus        = "C, Java (Secret Service)"
	nameSecretTool = "Shell (secret-tool)"
	namePython     = "Python (keyring)"
	nameWin32      = "C, Java, PowerShell (CredReadW, UTF-8)"
	nameDotNet     = ".NET wrappers, Python (alias, UTF-16)"
	nameNode       = "Node (@napi-rs/keyring)"
	nameKeytar     = "Node (keytar)"
	nameSecurity   = "Shell (security)"

	saidWritten    = "A test entry as large as a session was written ({{.Bytes}} bytes)."
	saidRemoved    = "The test entry was removed."
	saidReads      = "It reads the session on this computer."
	saidOther      = "It reads something other than what was written."
	saidReadNot    = "It does not read the session on this computer."
	saidAmbiguous  = "It finds more than one entry of the session and cannot choose."
	saidNotHere    = "It is not installed on this computer, so it was not tried."
	saidNoAliases  = "It looks for entries that the setting windows_aliases switches off."
	saidNotWritten = "There is no test entry to read."
	saidKeytar     = "It cannot read the session, because it looks for other names. Use ers-login session instead."
)

// entrySize is that of the longest session, in bytes. It is even, so that a reader that takes UTF-8
// for UTF-16 gets no error.
const entrySize = 1200

// readWithin bounds one reader. Interpreters take their time to start.
const readWithin = 20 * time.Second

// keyringWithin is more than all deadlines of the keyring's client together.
const keyringWithin = 5 * time.Minute

// Handoff finds out which programs can read the session on this computer: it writes a harmless test
// entry beside the session, reads it as each kind of reader would, and removes it, even if ctx
// ends. The session is not touched, and there is no prompt. progress is called as in [Run].
func Handoff(ctx context.Context, settings HandoffSettings, progress func(i int, found Finding)) []Result {
	text := trialText()
	var begun atomic.Bool
	write := Check{ID: writeID, Name: nameWrite, Within: keyringWithin, Run: func(ctx context.Context) Finding {
		err := settings.Keyring.Check(ctx)
		if err == nil {
			begun.Store(true)
			err = settings.Keyring.WriteTrial(ctx, text)
		}
		if err == nil {
			return ok(saidWritten).With("Bytes", strconv.Itoa(len(text)))
		}
		if errors.Is(err, keyring.Checking) {
			begun.Store(false) // what there is to remove is that of another check
		}
		return ringTroubled(err)
	}}
	if progress == nil {
		progress = func(int, Finding) {}
	}
	results := Run(ctx, []Check{write}, progress)

	var reading []Check
	for _, reader := range readers(settings) {
		reading = append(reading, Check{ID: reader.id, Name: reader.name, Within: readWithin, Run: func(ctx context.Context) Finding {
			if results[0].State != OK {
				return skipped(saidNotWritten)
			}
			return reader.try(ctx, text)
		}})
	}
	results = append(results, Run(ctx, reading, func(i int, found Finding) { progress(1+i, found) })...)

	remove := Check{ID: removeID, Name: nameRemove, Within: keyringWithin, Run: func(ctx context.Context) Finding {
		if !begun.Load() {
			return skipped(saidNotWritten)
		}
		if err := settings.Keyring.RemoveTrial(ctx); err != nil {
			return troubled(Failed, err)
		}
		return ok(saidRemoved)
	}}
	// Without time left, the keyring's own deadlines still apply.
	last := Run(context.WithoutCancel(ctx), []Check{remove}, func(_ int, found Finding) { progress(len(results), found) })
	return append(results, last...)
}

// Proved reports whether the results of [Handoff] prove anything: whether a reader was tried. A
// locked keyring is no failure, and no result about readers.
func Proved(results []Result) bool {
	return slices.ContainsFunc(results, func(result Result) bool {
		return result.ID != writeID && result.ID != removeID && (result.State == OK || result.State == Failed)
	})
}

// The rows that are about the test entry itself.
const (
	writeID  = "write"
	removeID = "remove"
)

// trialText returns a text of a session's size and form, without its meaning.
func trialText() string {
	text := `{"version":0,"test":"` + rand.Text() + `","padding":"`
	return text + strings.Repeat("x", entrySize-len(text)-len(`"}`)) + `"}`
}

// try reads with one reader.
func (r readerCheck) try(ctx context.Context, want string) Finding {
	if r.cannot != "" {
		return skipped(r.cannot)
	}
	read, err := r.read(ctx)
	switch {
	case errors.Is(err, errNotHere):
		return skipped(saidNotHere)
	case errors.Is(err, errNoAliases):
		return skipped(saidNoAliases)
	case errors.Is(err, errAmbiguous):
		return failed(saidAmbiguous, ambiguous.With("Reader", r.name).Because(err))
	case err != nil:
		return failed(saidReadNot, unreadable.With("Reader", r.name).Because(err))
	case read != want:
		return failed(saidOther, unreadable.With("Reader", r.name).Because(errors.New("what was read is not what was written")))
	}
	return ok(saidReads)
}

// goKeyring reads as package handoff and go-keyring do.
func goKeyring(ring TrialKeyring) readerCheck {
	return readerCheck{id: "go", name: nameGo, read: ring.ReadTrial}
}

// program is a reader that runs as a program.
type program struct {
	// candidates are command lines, the first of which that is installed is used.
	candidates [][]string
	env        []string
}

// pythonScript prints the entry, and exits with status 77 if the module is missing. It has no
// quotation marks that Windows' command lines would change.
const pythonScript = `
import sys
try:
    import keyring
except ImportError:
    sys.exit(77)
ring = keyring
if sys.platform.startswith('linux'):
    # Not the default, which may ask the user about KDE's wallet for an entry that is not there.
    from keyring.backends import SecretService
    ring = SecretService.Keyring()
if ring.get_password('` + handoff.Service + `', '` + keyring.TrialAccount + `-missing') is not None:
    sys.exit('an entry that no program has written is found')
text = ring.get_password('` + handoff.Service + `', '` + keyring.TrialAccount + `')
if text is None:
    sys.exit('nothing is found: on Linux it looks into the default collection alone, and e-RS Login writes into the collection login')
sys.stdout.write(text)
`

// notInstalledStatus are the script's, and 9009, which is that of Windows' stub for Python.
var notInstalledStatus = []int{77, 9009}

// python tries the user's interpreter, then the system's: only one of them may have the module.
func python(env []string) program {
	return program{env: env, candidates: [][]string{
		{"python3", "-c", pythonScript}, {"/usr/bin/python3", "-c", pythonScript}, {"py", "-3", "-c", pythonScript},
	}}
}

// readTries bounds the runs of one reader. KWallet 5.103 and a library that encrypts its connection
// lose one in some 128, where a public key or a shared secret begins with a zero byte: the reader is
// refused, or finds an entry that it cannot decode.
const readTries = 3

func (p program) read(ctx context.Context) (string, error) {
	for _, candidate := range p.candidates {
		path, err := exec.LookPath(candidate[0])
		if err != nil {
			continue
		}
		said, err := p.run(ctx, path, candidate[1:])
		for tries := 1; err != nil && !notInstalled(err) && ctx.Err() == nil && tries < readTries; tries++ {
			said, err = p.run(ctx, path, candidate[1:])
		}
		if notInstalled(err) {
			continue
		}
		return said, err
	}
	return "", errNotHere
}

// notInstalled reports whether a reader ended since a part of it is missing on this computer.
func notInstalled(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && slices.Contains(notInstalledStatus, exit.ExitCode())
}

func (p program) run(ctx context.Context, path string, arguments []string) (string, error) {
	command := exec.CommandContext(ctx, path, arguments...) //nolint:gosec // G204: the readers are named in this package
	command.Env = p.env
	// What it starts may outlive it and hold its output open.
	command.WaitDelay = time.Second
	said, complaint := &bounded.Text{Limit: 4 * entrySize}, &bounded.Text{Limit: entrySize}
	command.Stdout, command.Stderr = said, complaint
	err := command.Run()
	if err != nil && complaint.String() != "" {
		err = fmt.Errorf("%w: %s", err, problem.Clean(complaint.String(), entrySize))
	}
	return said.String(), err
}
