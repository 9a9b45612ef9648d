package command

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/shebang"
	"github.com/ers-login/ers-login/smartcard"
)

// Why the system does not start an existing program.
var (
	isFolder      = problem.Words("it is a folder")
	isNoFile      = problem.Words("it is not a file")
	leadsNowhere  = problem.Words("it is a link to a file that is not there")
	outOfReach    = problem.Words("you do not have permission to open its folder")
	notExecutable = problem.Words("you do not have permission to run it, or it is not marked as a program")
	noexec        = problem.Words("it is on a drive from which no program may be run")
	isEmpty       = problem.Words("it is empty")
	hasMark       = problem.Words("it was not saved as plain text: it starts with a byte order mark")
	hasCR         = problem.Words("it was saved with the line ends of Windows, which the system takes for a part of its first line")
	noKind        = problem.Words("it is neither a program nor a script whose first line begins with #!")
	foreign       = problem.Words("it was made for another kind of computer, or is damaged")
	noInterpreter = problem.Words("the program that its first line names is not on this computer: {{.Name}}")
	badInterpret  = problem.Words("the program that its first line names cannot be run: {{.Name}}")
	noLoader      = problem.Words("a part of the system that it needs is not on this computer: {{.Name}}")
)

// notBegun is the Problem of a program that the system did not start.
func (a *Agent) notBegun(operation string, err error) error {
	if _, failed := os.Lstat(a.argv[0]); absent(failed) {
		return a.problem(missing, operation, failed, smartcard.NotInstalled)
	}
	if reason, ok := why(a.argv[0], err, shebang.MaxDepth); ok {
		return a.problem(notRunnable.WithPhrase("Reason", reason), operation, err, smartcard.NotInstalled)
	}
	meaning := smartcard.ResourceAllocationFailed
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOEXEC) {
		meaning = smartcard.NotInstalled
	}
	return a.problem(notStarted, operation, err, meaning)
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// why returns what keeps a file from being run, if that can be found out. err is the system's;
// depth is how many interpreters may follow.
func why(path string, err error, depth int) (problem.Phrase, bool) {
	info, failed := os.Stat(path)
	switch {
	case errors.Is(failed, fs.ErrPermission):
		return outOfReach, true
	case absent(failed):
		return leadsNowhere, true
	case failed != nil || depth == 0:
		return problem.Phrase{}, false
	case info.IsDir():
		return isFolder, true
	case !info.Mode().IsRegular():
		return isNoFile, true
	case !mayRun(path) && onNoexec(path):
		return noexec, true
	case !mayRun(path):
		return notExecutable, true
	case info.Size() == 0:
		return isEmpty, true
	}
	head, failed := shebang.Head(path)
	if failed != nil {
		return problem.Phrase{}, false
	}
	if line, ok := shebang.Parse(head); ok {
		return whyScript(line, err, depth)
	}
	return whyProgram(path, head, err)
}

func whyScript(line shebang.Line, err error, depth int) (problem.Phrase, bool) {
	if strings.HasSuffix(line.Interpreter, "\r") || strings.HasSuffix(line.Argument, "\r") {
		return hasCR, true
	}
	names := []string{line.Interpreter}
	if name := line.LookedUp(); name != "" {
		found, failed := exec.LookPath(name)
		if failed != nil && !errors.Is(failed, exec.ErrDot) {
			return noInterpreter.With("Name", problem.Clean(name, maxName)), true
		}
		names = append(names, found)
	}
	for _, name := range names {
		if _, failed := os.Stat(name); failed != nil {
			return noInterpreter.With("Name", problem.Clean(name, maxName)), true
		}
		if _, ok := why(name, err, depth-1); ok {
			return badInterpret.With("Name", problem.Clean(name, maxName)), true
		}
	}
	return problem.Phrase{}, false
}

// maxName bounds how much of a script's first line is shown, in characters.
const maxName = 100

// whyProgram returns why a file that is not a script does not run. It reports false if the file
// gives no reason.
func whyProgram(path string, head []byte, err error) (problem.Phrase, bool) {
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return problem.Phrase{}, false // it was run
	case hasPrefix(head, "\ufeff", "\xff\xfe", "\xfe\xff"):
		return hasMark, true
	case hasPrefix(head, elf.ELFMAG) && errors.Is(err, fs.ErrNotExist):
		name := loader(path)
		if _, failed := os.Stat(name); name != "" && absent(failed) {
			return noLoader.With("Name", problem.Clean(name, maxName)), true
		}
	case wrongKind(err) && hasPrefix(head, elf.ELFMAG, "MZ", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe"):
		return foreign, true
	case wrongKind(err):
		return noKind, true
	}
	return problem.Phrase{}, false
}

func hasPrefix(head []byte, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if bytes.HasPrefix(head, []byte(prefix)) {
			return true
		}
	}
	return false
}

// loader returns the dynamic loader that an ELF file names.
func loader(path string) string {
	file, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // it was only read
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP {
			name, err := io.ReadAll(io.LimitReader(part.Open(), maxName))
			if err != nil {
				return ""
			}
			return string(bytes.TrimRight(name, "\x00"))
		}
	}
	return ""
}
