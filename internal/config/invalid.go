package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ers-login/ers-login/internal/problem"
)

// Invalid is the error of unusable settings: a Problem for each. errors.As, and so the screen, gets
// all of them as one Problem; the log gets a line for each.
type Invalid struct {
	Problems []*problem.Problem
	// Discarded are the faults that stop nothing, for the service desk alone: what does not count may
	// be the misspelt name of what is missing, or the platform that was meant.
	Discarded []*problem.Problem
}

// Problem returns the only Problem, or one that has each for the service desk, so that three wrong
// settings do not take three starts. A text has the marks of its Problem, numbered.
func (e *Invalid) Problem() *problem.Problem {
	if len(e.Problems) == 1 && len(e.Discarded) == 0 {
		return e.Problems[0]
	}
	made := *e.Problems[0]
	if len(e.Problems) > 1 {
		made = *several.With("Count", strconv.Itoa(len(e.Problems))).Because(errors.Join(e.Unwrap()...))
		made.ServiceDesk = []string{stepAgain}
		addLines(&made, e.Problems, 0)
	}
	addLines(&made, e.Discarded, maxShown)
	return &made
}

// addLines adds a line for the service desk about each of at most maxShown Problems, and the values
// of their marks, which are numbered from after+1. The lines come before a last step to start again.
// What made shares with its template stays as it is.
func addLines(made *problem.Problem, all []*problem.Problem, after int) {
	made.Args, made.Phrases = maps.Collect(maps.All(made.Args)), maps.Collect(maps.All(made.Phrases))
	var lines []string
	for i, p := range all[:min(len(all), maxShown)] {
		number := strconv.Itoa(after + i + 1)
		text := p.Happened
		if len(p.ServiceDesk) > 0 {
			text = problem.Sentences(text, p.ServiceDesk[0])
		}
		for name, value := range p.Args {
			text = strings.ReplaceAll(text, "{{."+name+"}}", "{{."+name+number+"}}")
			made.Args[name+number] = value
		}
		for name, value := range p.Phrases {
			made.Phrases[name+number] = value
		}
		lines = append(lines, text)
	}
	if rest := len(all) - maxShown; rest > 0 {
		name := "Rest" + strconv.Itoa(after+1)
		made.Args[name] = strconv.Itoa(rest)
		lines = append(lines, strings.ReplaceAll("{{.Rest}} more are not shown here. Correct these first.", "Rest", name))
	}
	end := len(made.ServiceDesk)
	if end > 0 && made.ServiceDesk[end-1] == stepAgain {
		end--
	}
	made.ServiceDesk = slices.Insert(slices.Clone(made.ServiceDesk), end, lines...)
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

// isAbout reports whether one of the Problems is that of the setting with this key.
func (e *Invalid) isAbout(key string) bool {
	return slices.ContainsFunc(e.Problems, func(p *problem.Problem) bool { return IsAbout(p, key) })
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
	stepCorrect = "Correct it there and start e-RS Login again."
	stepAgain   = "Then start e-RS Login again."
	stepOwner   = "Do not only change the owner: another person may have edited it. Check the " +
		"content, then replace or delete the file. The file and its folder must belong to " +
		"root (on Windows: to Administrators or SYSTEM). Every user must be able to read " +
		"it, and no one else to write to it."
)

// Where to look when no name is near enough to be suggested.
const (
	stepNearest = "Did you mean {{.Nearest}}?"
	stepList    = "See all settings in docs/settings.md, or with ers-login --help."
	stepFlags   = "See {{.Command}} --help for all flags."
)

// several is completed by Invalid.Problem.
var several = &problem.Problem{
	Code:     "SETTING-SEVERAL",
	Title:    "e-RS Login is not set up on this computer",
	Happened: "{{.Count}} settings are missing or not valid.",
}

// The Problems of settings. unusable and missing make those of one setting, with the code SETTING-
// and its key.
var (
	noFile = &problem.Problem{
		Code:     "SETTING-FILE",
		Title:    "The settings file cannot be used",
		Happened: "The settings file {{.File}} cannot be used: {{.Reason}}.",
		ServiceDesk: []string{
			"Make sure that the file exists, is not larger than 1 MiB, and can be read by this user.",
		},
	}
	// UnknownSetting is about a name that no setting has.
	UnknownSetting = &problem.Problem{
		Code:     "SETTING-UNKNOWN",
		Title:    "There is no setting {{.Setting}}",
		Happened: "The setting {{.Setting}} is not known. It comes from {{.Origin}}.",
		ServiceDesk: []string{
			stepList,
			stepCorrect,
		},
	}
	untrustedFile = &problem.Problem{
		Code:  "SETTING-FILE-TRUST",
		Title: "The settings of this computer cannot be trusted",
		Happened: "The settings file {{.File}} is for everyone who uses this computer, and " +
			"{{.Reason}}. Anyone could have changed it.",
		ServiceDesk: []string{
			stepOwner,
			stepAgain,
		},
	}
	badPolicy = &problem.Problem{
		Code:  "SETTING-POLICY",
		Title: "Your organisation's policy cannot be used",
		Happened: "Your organisation's settings in {{.File}} cannot be used: {{.Reason}}. You cannot " +
			"sign in on this computer until this is corrected.",
		ServiceDesk: []string{
			stepOwner,
			stepAgain,
		},
	}
	secretSetting = &problem.Problem{
		Code:  "SETTING-SECRET",
		Title: "A secret is in the settings",
		Happened: "The setting {{.Setting}} looks like a secret, and settings are not kept secret. " +
			"It comes from {{.Origin}}.",
		ServiceDesk: []string{
			"Remove it there.",
			"Keep the passphrase of a PKCS#12 file in the OS keyring (ers-login passphrase), " +
				"or in a file that only its owner can read and that the setting passphrase_file " +
				"names. Keep the password for a proxy in the OS keyring (ers-login proxy-password), and a client secret " +
				"there (ers-login client-secret) or in such a file that client_secret_file names.",
			"If it was a real secret, replace it with a new one.",
		},
	}
	unknownFlag = &problem.Problem{
		Code:     "SETTING-FLAG",
		Title:    "The command line cannot be understood",
		Happened: "The flag {{.Setting}} is not known.",
		Steps:    []string{stepFlags},
	}
)

// code returns the code of the Problems of one setting. Those that other packages have with a setting share it.
func code(setting Setting) string { return "SETTING-" + strings.ToUpper(setting.Key) }

// unusable is the Problem of an unusable value. The reason is shown, and must not contain the
// value.
func unusable(setting Setting, origin Origin, reason error) *problem.Problem {
	made := &problem.Problem{
		Code:        code(setting),
		Title:       "The setting {{.Setting}} cannot be used",
		Happened:    "The value of the setting {{.Setting}} cannot be used: {{.Reason}}. It comes from {{.Origin}}.",
		ServiceDesk: []string{setting.Remedy, stepCorrect},
	}
	return made.With("Setting", setting.Key).WithPhrase("Origin", origin.Phrase()).With("Reason", reason.Error()).
		Because(&settingError{setting.Key, fmt.Errorf("%s, from %s: %w", setting.Key, origin, reason)})
}

// ErrNotSet is in the chain of a Problem with a setting that every sign-in needs and that nothing
// sets, unless another setting's value is why it is needed.
var ErrNotSet = errors.New("is not set")

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

// unusable is the Problem of a file that cannot be used, or of a user's own that does not count.
// Reasons never repeat what stands in it.
func (f settingsFile) unusable(reason error) *problem.Problem {
	template := noFile
	switch {
	case f.layer == LayerPreferences:
		return f.fill(skippedPreferences, reason)
	case f.layer == LayerPolicy:
		template = badPolicy
	case errors.Is(reason, errUntrusted):
		template = untrustedFile
	}
	made := f.fill(template, reason)
	if syntax := new(syntaxError); errors.As(reason, &syntax) {
		// It is no sign that another person has edited a policy.
		made.ServiceDesk = []string{
			"Open the file with a text editor, correct it, and save it as UTF-8. Put text and times in quotation marks.", stepAgain,
		}
	}
	if f.forgiving {
		made = goingOn(made, "")
	}
	return made
}

func (f settingsFile) fill(template *problem.Problem, reason error) *problem.Problem {
	cause := fmt.Errorf("settings in %s: %w", f.path, reason)
	if syntax := new(syntaxError); errors.As(reason, &syntax) && syntax.line > 0 {
		cause = fmt.Errorf("%w: %w", cause, syntax.reason)
	}
	return template.With("File", f.path).With("Reason", bare(reason).Error()).Because(cause)
}

// findings collects the faults found while settings are read.
type findings struct {
	problems []*problem.Problem
	warnings []*problem.Problem
	barred   Layer
}

// addFrom adds a fault of a whole layer: see [Config.UnusableLayer].
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
// layer. One among the preferences is another version's, and stays there in silence.
func (f *findings) unknownKey(table []Setting, key string, value any, origin Origin, forgiving bool) {
	made := unknown(key, near(key, keysOf(table)), origin)
	if secret, ok := looksLikeSecret(table, key, value); ok {
		made = refused(secret, origin)
	} else if origin.Layer == LayerPreferences {
		return
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
	made.Happened = problem.Sentences(p.Happened, "e-RS Login does not use it.")
	if used != "" {
		made.Happened = problem.Sentences(p.Happened, "e-RS Login uses {{.Used}}.")
	}
	return made
}

// unknownVariable reports, as a warning, an ERS_LOGIN_ variable that is not in the table: variables
// outlive versions of the program.
func (f *findings) unknownVariable(table []Setting, name, key string) {
	from := origin(LayerEnvironment, inVariable(shownName(name)))
	if _, ok := looksLikeSecret(table, key, nil); ok {
		f.add(refused(name, from))
		return
	}
	if len(f.warnings) < maxUnknown {
		f.warn(unknown(name, lookup(table, near(key, keysOf(table))).Environment, from))
	}
}

func refused(name string, origin Origin) *problem.Problem {
	return secretSetting.With("Setting", shownName(name)).WithPhrase("Origin", origin.Phrase()).
		Because(fmt.Errorf("%s sounds like a secret, from %s", shownName(name), origin))
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
		Because(fmt.Errorf("%s is not known, from %s", name, origin))
}

// suggest puts the name that was probably meant first, if there is one.
func suggest(template *problem.Problem, nearest string) *problem.Problem {
	if nearest == "" {
		return template
	}
	made := template.With("Nearest", nearest)
	if len(template.ServiceDesk) > 0 {
		made.ServiceDesk = append([]string{stepNearest}, template.ServiceDesk...)
	} else {
		made.Steps = append([]string{stepNearest}, template.WhatToDo()...)
	}
	return made
}
