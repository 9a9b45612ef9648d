package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/ers-login/ers-login/internal/problem"
)

// Invalid is the error of unusable settings: a Problem for each. errors.As, and so the screen, gets
// all of them as one Problem; the log gets a line for each.
type Invalid struct {
	Problems []*problem.Problem
}

// Problem returns the only Problem, or one with a step for each, so that three wrong settings do
// not take three starts. A step has the marks of its Problem, numbered.
func (e *Invalid) Problem() *problem.Problem {
	if len(e.Problems) == 1 {
		return e.Problems[0]
	}
	made := *several
	made.Args, made.Phrases = map[string]string{"Count": strconv.Itoa(len(e.Problems))}, map[string]problem.Phrase{}
	for i, p := range e.Problems[:min(len(e.Problems), maxShown)] {
		number := strconv.Itoa(i + 1)
		step := p.Happened
		if len(p.Steps) > 0 {
			step = problem.Sentences(step, p.Steps[0])
		}
		for name, value := range p.Args {
			step = strings.ReplaceAll(step, "{{."+name+"}}", "{{."+name+number+"}}")
			made.Args[name+number] = value
		}
		for name, value := range p.Phrases {
			made.Phrases[name+number] = value
		}
		made.Steps = append(made.Steps, step)
	}
	if rest := len(e.Problems) - maxShown; rest > 0 {
		made.Args["Rest"] = strconv.Itoa(rest)
		made.Steps = append(made.Steps, "There are {{.Rest}} more, which stand in the log.")
	}
	made.Steps = append(made.Steps, stepAgain, stepDesk)
	return made.Because(errors.Join(e.Unwrap()...))
}

// As makes errors.As find [Invalid.Problem] where it looks for a *problem.Problem.
func (e *Invalid) As(target any) bool {
	found, ok := target.(**problem.Problem)
	if !ok || len(e.Problems) == 0 {
		return false
	}
	*found = e.Problem()
	return true
}

// Error returns a line for each Problem.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the Problems.
func (e *Invalid) Unwrap() []error {
	all := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = p
	}
	return all
}

// maxShown bounds the Problems that are shown together.
const maxShown = 12

// The steps that end every Problem with a setting.
const (
	stepCorrect = "Correct it there and start the program again."
	stepAgain   = "Start the program again."
	stepDesk    = "If the settings are not yours to change, give your local service desk the reference below."
	stepOwner   = "For the service desk: do not just change its owner, since somebody else may have written it. Look at what it says, and write it " +
		"anew or delete it. It has to belong to root (on Windows: to Administrators or SYSTEM), and so has its folder. Every user has to " +
		"be able to read it, and nobody else to write to it."
)

// Where to look when no name is near enough to be suggested.
const (
	stepNearest = "Did you mean {{.Nearest}}?"
	stepList    = "All settings are listed in docs/settings.md, and by ers-login --help."
	stepFlags   = "See {{.Command}} --help, which lists all flags."
)

// several is completed by Invalid.Problem.
var several = &problem.Problem{
	Code:     "SETTING-SEVERAL",
	Title:    "Several settings cannot be used",
	Happened: "The program needs its settings to sign in to e-RS, and {{.Count}} things are wrong with them.",
}

// The Problems of settings. unusable and missing make those of one setting, with the code SETTING-
// and its key.
var (
	noFile = &problem.Problem{
		Code:     "SETTING-FILE",
		Title:    "The settings file cannot be opened",
		Happened: "The settings file {{.File}} cannot be opened: {{.Reason}}.",
		Steps: []string{
			"Check that the file exists, is not larger than 1 MiB, and can be read by this user.",
			stepDesk,
		},
	}
	brokenFile = &problem.Problem{
		Code:     noFile.Code,
		Title:    "The settings file cannot be understood",
		Happened: "The settings file {{.File}} is not valid TOML.",
		Steps: []string{
			"Open the file with a text editor, correct it, and save it as UTF-8.",
			stepAgain,
			stepDesk,
		},
	}
	brokenLine = &problem.Problem{
		Code:     noFile.Code,
		Title:    "The settings file cannot be understood",
		Happened: "The settings file {{.File}} is not valid TOML at line {{.Line}}, column {{.Column}}.",
		Steps: []string{
			"Open the file with a text editor and go to line {{.Line}}. Texts and times stand between quotation marks.",
			stepCorrect,
			stepDesk,
		},
	}
	// UnknownSetting is about a name that no setting has.
	UnknownSetting = &problem.Problem{
		Code:     "SETTING-UNKNOWN",
		Title:    "There is no setting {{.Setting}}",
		Happened: "The setting {{.Setting}} is not known. It comes from {{.Origin}}.",
		Steps:    []string{stepList, stepCorrect, stepDesk},
	}
	skippedFile = &problem.Problem{
		Code:     noFile.Code,
		Title:    "Your settings file cannot be used",
		Happened: "Your settings file {{.File}} cannot be used: {{.Reason}}. The program goes on without it.",
		Steps: []string{
			"Open the file with a text editor, correct it, and save it as UTF-8. It must not be larger than 1 MiB, and you must be allowed " +
				"to read it.",
			stepAgain,
			stepDesk,
		},
	}
	asideFile = &problem.Problem{
		Code:     "SETTING-FILE-SET_ASIDE",
		Title:    "Your settings file was set aside",
		Happened: "Your settings file {{.File}} cannot be used: {{.Reason}}. It is kept as {{.Backup}}, and the program goes on without it.",
		Steps: []string{
			"Open {{.Backup}} with a text editor and correct it. Texts and times stand between quotation marks.",
			"Save it as UTF-8 under its old name, {{.File}}.",
			stepAgain,
			stepDesk,
		},
	}
	untrustedFile = &problem.Problem{
		Code:     "SETTING-FILE-TRUST",
		Title:    "The settings of this computer cannot be trusted",
		Happened: "The settings file {{.File}} holds for everybody who uses this computer, and {{.Reason}}. So anybody could have written it.",
		Steps: []string{
			"Give your local service desk the reference below.",
			stepOwner,
			stepAgain,
		},
	}
	badPolicy = &problem.Problem{
		Code:  "SETTING-POLICY",
		Title: "Your organisation's policy cannot be used",
		Happened: "Your organisation prescribes settings in {{.File}}, which cannot be used: {{.Reason}}. " +
			"Nobody can sign in on this computer until that is put right.",
		Steps: []string{
			"Give your local service desk the reference below.",
			stepOwner,
			stepAgain,
		},
	}
	secretSetting = &problem.Problem{
		Code:     "SETTING-SECRET",
		Title:    "No secret stands in the settings",
		Happened: "The setting {{.Setting}} sounds like a secret, and settings are not kept secret. It comes from {{.Origin}}.",
		Steps: []string{
			"Remove it there.",
			"Keep the passphrase of a PKCS#12 file in the OS keyring (ers-login passphrase), or in a file that only its owner can read and that the " +
				"setting passphrase_file names. Keep the password for a proxy in the OS keyring (ers-login proxy-password), and a client secret " +
				"there (ers-login client-secret) or in such a file that client_secret_file names.",
			"If it was a real secret, ask whoever gave it to you for a new one.",
		},
	}
	unknownFlag = &problem.Problem{
		Code:     "SETTING-FLAG",
		Title:    "The command line cannot be understood",
		Happened: "The flag {{.Setting}} is not known.",
		Steps:    []string{stepFlags},
	}
	foreignFlag = &problem.Problem{
		Code:     unknownFlag.Code,
		Title:    "The command line cannot be understood",
		Happened: "The flag {{.Setting}} belongs to ers-login itself, which opens the window, and not to the command that was given.",
		Steps: []string{
			"Leave the flag out, or give it to ers-login without a command.",
			stepFlags,
		},
	}
	emptyFlag = &problem.Problem{
		Code:     unknownFlag.Code,
		Title:    "The command line cannot be understood",
		Happened: "The flag {{.Setting}} needs a value.",
		Steps:    []string{stepFlags},
	}
	timeFlag = &problem.Problem{
		Code:     unknownFlag.Code,
		Title:    "The command line cannot be understood",
		Happened: "The flag {{.Setting}} needs a time with its unit, such as 5s, 2m or 1h30m.",
		Steps:    []string{stepFlags},
	}
	switchFlag = &problem.Problem{
		Code:     unknownFlag.Code,
		Title:    "The command line cannot be understood",
		Happened: "The flag {{.Setting}} is a switch: give it without a value, or with true or false.",
		Steps:    []string{stepFlags},
	}
	badFlag = &problem.Problem{
		Code:     unknownFlag.Code,
		Title:    "The command line cannot be understood",
		Happened: "A flag on the command line cannot be used as it stands there.",
		Steps:    []string{stepFlags},
	}
)

// code returns the code of the Problems of one setting. Those that other packages have with a setting share it.
func code(setting Setting) string { return "SETTING-" + strings.ToUpper(setting.Key) }

// unusable is the Problem of an unusable value. The reason is shown, and must not contain the
// value.
func unusable(setting Setting, origin Origin, reason error) *problem.Problem {
	made := &problem.Problem{
		Code:     code(setting),
		Title:    "The setting {{.Setting}} cannot be used",
		Happened: "The value of the setting {{.Setting}} cannot be used: {{.Reason}}. It comes from {{.Origin}}.",
		Steps:    []string{setting.Remedy, stepCorrect, stepDesk},
	}
	return made.With("Setting", setting.Key).WithPhrase("Origin", origin.Phrase()).With("Reason", reason.Error()).
		Because(&settingError{setting.Key, fmt.Errorf("%s, from %s: %w", setting.Key, origin.Where, reason)})
}

// settingError is the cause of the Problem of one setting.
type settingError struct {
	key string
	error
}

func (e *settingError) Unwrap() error { return e.error }

// IsAbout reports whether an error is that of the setting with this key: that it is missing, or cannot be used.
func IsAbout(err error, key string) bool {
	var wrong *settingError
	return errors.As(err, &wrong) && wrong.key == key
}

// unusable is the Problem of a file that cannot be used. Reasons never repeat what stands in it.
func (f settingsFile) unusable(reason error) *problem.Problem {
	made := noFile
	var syntax *syntaxError
	isSyntax := errors.As(reason, &syntax)
	switch {
	case f.layer == LayerPolicy:
		made = badPolicy
	case errors.Is(reason, errUntrusted):
		made = untrustedFile
	case isSyntax && syntax.line > 0:
		made = brokenLine.With("Line", strconv.Itoa(syntax.line)).With("Column", strconv.Itoa(syntax.column))
	case isSyntax:
		made = brokenFile
	}
	return f.fill(made, reason)
}

// skipped is the Problem of a user's file that is left where it is.
func (f settingsFile) skipped(reason error) *problem.Problem { return f.fill(skippedFile, reason) }

func (f settingsFile) fill(template *problem.Problem, reason error) *problem.Problem {
	cause := fmt.Errorf("could not read the settings file: %w", reason)
	var syntax *syntaxError
	if errors.As(reason, &syntax) && syntax.line > 0 {
		cause = fmt.Errorf("line %d, column %d: %w", syntax.line, syntax.column, syntax.reason)
	}
	return template.With("File", f.path).With("Reason", bare(reason).Error()).Because(cause)
}

// broken reports whether a file cannot be used because of what stands in it.
func broken(err error) bool {
	var syntax *syntaxError
	return errors.As(err, &syntax) || errors.Is(err, errTooLarge)
}

// missing is the Problem of a setting that is needed and stands nowhere.
func missing(setting Setting, file, reason string) *problem.Problem {
	if file == "" {
		file = DefaultFile()
	}
	made := &problem.Problem{
		Code:     code(setting),
		Title:    "The setting {{.Setting}} is missing",
		Happened: "The program needs the setting {{.Setting}} to sign in to e-RS, and it is not set: {{.Reason}}.",
		Steps: []string{
			setting.Remedy,
			"Write it into the settings file {{.File}} as {{.Setting}}, or set the environment variable {{.Variable}}.",
			stepAgain,
			stepDesk,
		},
	}
	return made.With("Setting", setting.Key).With("Variable", setting.Environment).With("File", file).With("Reason", reason).
		Because(&settingError{setting.Key, fmt.Errorf("%s is not set: %s", setting.Key, reason)})
}

// findings collects the faults found while settings are read.
type findings struct {
	problems []*problem.Problem
	warnings []*problem.Problem
	barred   Layer
}

// addFrom adds a fault of a whole layer: see [Config.Barred].
func (f *findings) addFrom(layer Layer, err error) {
	f.add(err)
	if err != nil && (layer == LayerMachine || layer == LayerPolicy) {
		f.barred = max(f.barred, layer)
	}
}

func (f *findings) add(err error) {
	if err != nil {
		f.problems = append(f.problems, problem.Of(err))
	}
}

func (f *findings) warn(p *problem.Problem) { f.warnings = append(f.warnings, p) }

// err returns an *Invalid, or nil if nothing is wrong.
func (f *findings) err() error {
	if len(f.problems) == 0 {
		return nil
	}
	return &Invalid{Problems: f.problems}
}

// unknownKey reports a key of a settings file that is not in the table, as a warning in a forgiving
// layer.
func (f *findings) unknownKey(table []Setting, key string, value any, origin Origin, forgiving bool) {
	made := unknown(key, near(table, key).Key, origin)
	if secret, ok := looksLikeSecret(table, key, value); ok {
		made = refused(secret, origin)
	}
	if forgiving {
		f.warn(goingOn(made, ""))
	} else {
		f.addFrom(origin.Layer, made)
	}
}

// goingOn completes the Problem of a fault in a forgiving layer with the value that counts instead.
func goingOn(p *problem.Problem, used string) *problem.Problem {
	made := p.With("Used", used)
	made.Happened = problem.Sentences(p.Happened, "The program goes on without it.")
	if used != "" {
		made.Happened = problem.Sentences(p.Happened, "The program goes on with {{.Used}}.")
	}
	return made
}

// unknownVariable reports, as a warning, an ERS_LOGIN_ variable that is not in the table: variables
// outlive versions of the program.
func (f *findings) unknownVariable(table []Setting, name string) {
	from := origin(LayerEnvironment, inVariable(shownName(name)))
	key := strings.ToLower(strings.TrimPrefix(name, environmentPrefix))
	if _, ok := looksLikeSecret(table, key, nil); ok {
		f.add(refused(name, from))
		return
	}
	if len(f.warnings) < maxUnknown {
		f.warn(unknown(name, near(table, key).Environment, from))
	}
}

func refused(name string, origin Origin) *problem.Problem {
	return secretSetting.With("Setting", shownName(name)).WithPhrase("Origin", origin.Phrase()).
		Because(fmt.Errorf("%s sounds like a secret, from %s", shownName(name), origin.Where))
}

// maxName bounds a name that no setting has, in characters.
const maxName = 60

// shownName returns a name from a file, variable or flag as our sentences show it: reduced to the
// letters of names, so that it cannot be a sentence itself.
func shownName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '…' || strings.ContainsRune("-_.[]:/", r) || r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '?'
	}, problem.Clean(name, maxName))
}

// unknown is the Problem of a name that is not in the table. nearest may be empty.
func unknown(name, nearest string, origin Origin) *problem.Problem {
	name = shownName(name)
	return suggest(UnknownSetting, nearest).With("Setting", name).WithPhrase("Origin", origin.Phrase()).
		Because(fmt.Errorf("%s is not known, from %s", name, origin.Where))
}

// suggest puts the name that was probably meant first, if there is one.
func suggest(template *problem.Problem, nearest string) *problem.Problem {
	if nearest == "" {
		return template
	}
	made := template.With("Nearest", nearest)
	made.Steps = append([]string{stepNearest}, template.Steps...)
	return made
}
