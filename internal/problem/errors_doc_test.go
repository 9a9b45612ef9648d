package problem_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

var update = flag.Bool("update", false, "write docs/errors.md anew")

const (
	root     = "../.."
	document = root + "/docs/errors.md"
)

// TestERR000EveryCodeIsDocumented holds docs/errors.md against the Problems of the whole program. A service desk that is read a code
// over the telephone finds there what it means; if this fails, it finds nothing, or what was true once.
func TestERR000EveryCodeIsDocumented(t *testing.T) {
	made := page(t, all(t))
	if *update {
		require.NoError(t, os.WriteFile(document, []byte(made), 0o644))
	}
	written, err := os.ReadFile(document)
	require.NoError(t, err)
	assert.Equal(t, made, string(written), "docs/errors.md is not what the program says: go test ./internal/problem -update")
}

// Every Problem has to help: a title, what happened, a first step, and a button only where it is named.
func TestERR000EveryProblemHelps(t *testing.T) {
	for _, p := range all(t) {
		t.Run(p.Code, func(t *testing.T) {
			assert.Regexp(t, `^[A-Z0-9]+(-[A-Z0-9_]+)*$`, p.Code)
			assert.NotEmpty(t, p.Title)
			assert.NotEqual(t, ".", p.Title[len(p.Title)-1:], "a title is no sentence")
			assert.NotEmpty(t, p.Happened)
			assert.NotEmpty(t, p.Steps, "the user is left alone")
			for _, text := range slices.Concat([]string{p.Title, p.Happened}, p.Steps, p.ServiceDesk) {
				assert.NotRegexp(t, `[A-Z]+_CLINICIAN|nil|panic`, text, "a code name on a screen")
			}
		})
	}
}

// jargon are words that a clinician does not read, and quaint ones.
var jargon = regexp.MustCompile(`(?i)\b(keyrings?|tickets?|A0[0-9]{2}|this program|anew|whoever|(no|some)body|told|tells?|stands?|log (in|on|off|out)|see that|ha(s|ve) to)\b`)

// TestAClinicianReadsPlainWords: a clinician reads title, what happened and the steps, and nothing
// of protocols, keyrings and settings in them. A step that only IT can take is in ServiceDesk.
func TestAClinicianReadsPlainWords(t *testing.T) {
	names := namesOfSettings()
	for _, p := range all(t) {
		if slices.Contains(onlyOnTheCommandLine, p.Title) || strings.HasSuffix(p.Title, missingOrUnusable) {
			continue // That of a setting is for the document alone.
		}
		t.Run(p.Code, func(t *testing.T) {
			for _, text := range slices.Concat([]string{p.Title, p.Happened}, p.Steps) {
				assert.NotRegexp(t, jargon, strings.ReplaceAll(text, " (keyring)", ""))
			}
			for _, step := range p.Steps {
				assert.NotRegexp(t, names, step, "a setting, outside the block for the service desk")
				assert.NotContains(t, step, "{{.Setting}}", "a setting, outside the block for the service desk")
			}
			for _, text := range p.ServiceDesk {
				assert.NotRegexp(t, `service desk`, text, "it is the service desk that reads it")
			}
		})
	}
}

// TestTheWindowSpeaksPlainWords is the same for everything else that the window shows. What is for
// the service desk, or about the settings file, may be technical.
func TestTheWindowSpeaksPlainWords(t *testing.T) {
	raw, err := assets.Translation("en")
	require.NoError(t, err)
	var texts map[string]string
	require.NoError(t, json.Unmarshal(raw, &texts))
	require.Greater(t, len(texts), 500, "the texts were not found")
	for _, p := range all(t) {
		for _, text := range slices.Concat([]string{p.Technical, p.Quoted}, p.ServiceDesk) {
			delete(texts, text)
		}
	}
	for _, setting := range config.Settings() {
		delete(texts, setting.Remedy)
	}
	for text := range texts {
		if technical[text] == "" {
			assert.NotRegexp(t, jargon, strings.ReplaceAll(text, " (keyring)", ""))
		}
	}
	for text := range technical {
		assert.Contains(t, texts, text, "it need not be excepted")
	}
}

// technical are texts of the window that may have a word of jargon, and why.
var technical = map[string]string{
	"Only sign in if you are using this program.":          "it is the program that asks, not e-RS Login",
	"Another application does not see that I am signed in": "see is not for make sure",
	"Expired ticket": "a card of the demonstration, for people who know the word",
}

// namesOfSettings matches the names of settings that are no words.
func namesOfSettings() *regexp.Regexp {
	var names []string
	for _, setting := range config.Settings() {
		if strings.Contains(setting.Key, "_") {
			names = append(names, setting.Key)
		}
	}
	return regexp.MustCompile(`\b(` + strings.Join(names, "|") + `)\b|\bsettings? [a-z]+_|the setting [a-z]`)
}

// A button that a step names is the one that the window shows.
func TestStepsNameTheButtonThatIsThere(t *testing.T) {
	of := regexp.MustCompile(`\*\*([^*]+)\*\*`)
	elsewhere := []string{"Sign out", "Switch role", "Quit"}
	for _, p := range all(t) {
		shown := cmp.Or(p.Button, "Try again")
		for _, step := range p.Steps {
			for _, named := range of.FindAllStringSubmatch(step, -1) {
				if !slices.Contains(elsewhere, named[1]) {
					assert.Equal(t, shown, named[1], "%s: %s", p.Code, step)
				}
			}
		}
	}
}

// A sentence has this program's words alone: those of a certificate or a server stand on a separate
// line, with a label.
func TestStrangersWordsAreQuoted(t *testing.T) {
	quoted := 0
	for _, p := range all(t) {
		for _, text := range slices.Concat([]string{p.Title, p.Happened, p.Technical}, p.Steps, p.ServiceDesk, p.Terminal) {
			assert.NotRegexp(t, `\{\{\.(Issuer|Names|Outcome|Subject)\}\}`, text, p.Code)
		}
		if p.Quoted == "" {
			continue
		}
		quoted++
		assert.Regexp(t, `^(Not verified, in the words of [^{]+|Message from (e-RS|the sign-in service)): [^{]*\{\{\.[A-Za-z]+\}\}$`, p.Quoted, p.Code)
	}
	assert.Greater(t, quoted, 4, "the source was not found")
}

// TestERR000EveryProblemHelpsOnATerminal: on a terminal there is no button to press, and nothing
// below the text.
func TestERR000EveryProblemHelpsOnATerminal(t *testing.T) {
	for _, p := range all(t) {
		if slices.Contains(onlyInTheWindow, p.Title) {
			continue
		}
		t.Run(p.Code, func(t *testing.T) {
			steps := p.TerminalSteps()
			assert.NotEmpty(t, steps, "the user is left alone")
			for i, step := range steps {
				assert.NotRegexp(t, `(?i)\*\*|\bbelow\b|\bbutton\b|\bthis window\b|on the screen\.`, step)
				// The name of another button would lose its marks, and be one all the same.
				if len(p.Terminal) == 0 {
					step = strings.ReplaceAll(p.Steps[i], "ress **"+cmp.Or(p.Button, "Try again")+"**", "")
				}
				assert.NotContains(t, step, "ress **", "a button, and there is no window")
			}
		})
	}
}

// onlyInTheWindow are the titles of Problems that the command line never prints: they are about the window that shows them.
var onlyInTheWindow = []string{
	"A real e-RS session is open",
	"Another program has replaced your e-RS session",
	"Another program has signed your applications out of e-RS",
	"Your session may stay open when the screen is locked",
	"e-RS Login was started again, with other settings",
	"e-RS Login was started again, as a demonstration",
	"e-RS Login was started again, but this window is a demonstration",
	"You are signed out here, but e-RS did not confirm it",
}

// onlyOnTheCommandLine are the titles of Problems that no clinician reads.
var onlyOnTheCommandLine = []string{"The command line cannot be understood"}

// missingOrUnusable ends the title that the document has for each setting.
const missingOrUnusable = " is missing, or cannot be used"

// all returns the Problems of the whole program: those that stand in its source, and those that are made from tables.
func all(t *testing.T) []*problem.Problem {
	t.Helper()
	list := literals(t)
	list = append(list, hscn.StatusProblems()...)
	list = append(list, fhir.StatusProblems()...)
	for _, group := range []smartcard.Group{
		smartcard.GroupGeneric, smartcard.GroupCardAndDevice, smartcard.GroupAuthentication, smartcard.GroupConfiguration,
	} {
		for number := range smartcard.Code(0x10) {
			// A code that is not published has its number for a name.
			if p := (smartcard.Code(group) | number).Problem(); !strings.HasPrefix(p.Code, "CARD-0x") {
				list = append(list, p)
			}
		}
	}
	for _, setting := range config.Settings() {
		list = append(list, &problem.Problem{
			Code:     "SETTING-" + strings.ToUpper(setting.Key),
			Title:    "The setting " + setting.Key + missingOrUnusable,
			Happened: setting.Description + " It may be: " + setting.Allowed + ".",
			Steps:    []string{"Contact your local service desk and quote the reference below."},

			ServiceDesk: []string{setting.Remedy},
		})
	}
	slices.SortStableFunc(list, func(a, b *problem.Problem) int { return strings.Compare(a.Code, b.Code) })
	return slices.CompactFunc(list, func(a, b *problem.Problem) bool {
		return a.Code == b.Code && (a.Title == b.Title || strings.HasPrefix(a.Code, "SETTING-"))
	})
}

// literals reads the Problems that stand in the source.
func literals(t *testing.T) []*problem.Problem {
	t.Helper()
	var list []*problem.Problem
	others := map[string]ast.Expr{}
	eachFolder(t, func(files []*ast.File, _ []string) {
		for name, code := range codesOf(files) {
			others[files[0].Name.Name+"."+name] = code
		}
	})
	eachFolder(t, func(files []*ast.File, _ []string) {
		constants := constantsOf(files)
		maps.Copy(constants, others)
		maps.Copy(constants, codesOf(files))
		for _, file := range files {
			ast.Inspect(file, func(node ast.Node) bool {
				literal, ok := node.(*ast.CompositeLit)
				if !ok || !isProblem(literal.Type) {
					return true
				}
				if p := read(t, literal, constants); p.Code != "" {
					list = append(list, p)
				}
				return true
			})
		}
	})
	require.Greater(t, len(list), 50, "the source was not found")
	return list
}

// eachFolder hands out the files of every folder of the source, for whichever system they are, with their names.
func eachFolder(t *testing.T, visit func(files []*ast.File, names []string)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); name == "build" || name == "testdata" || strings.HasPrefix(name, ".") && name != ".." {
			return fs.SkipDir
		}
		files, names, err := parse(path)
		if err == nil {
			visit(files, names)
		}
		return err
	}))
}

// TestERR000ACodeIsDeclaredOnce: a service desk that is read a code has to know what it is about. The same failure in other words has the
// Code of the first Problem by the name of its variable, and what the program decides is decided by errors.Is or a problem.Family: so the
// text of a code stands once in the source.
func TestERR000ACodeIsDeclaredOnce(t *testing.T) {
	places := map[string][]string{}
	for _, p := range all(t) {
		// The codes of a setting are shared by what can be wrong with it.
		if key, ok := strings.CutPrefix(p.Code, "SETTING-"); !ok || !isSetting(key) {
			places[p.Code] = nil
		}
	}
	eachFolder(t, func(files []*ast.File, names []string) {
		for i, file := range files {
			ast.Inspect(file, func(node ast.Node) bool {
				if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					written, _ := text(literal, nil)
					if where, isCode := places[written]; isCode {
						places[written] = append(where, names[i])
					}
				}
				return true
			})
		}
	})
	for code, where := range places {
		assert.LessOrEqual(t, len(where), 1, "%s is declared in %s", code, strings.Join(where, " and "))
	}
}

func isSetting(key string) bool {
	return slices.ContainsFunc(config.Settings(), func(s config.Setting) bool { return strings.EqualFold(s.Key, key) })
}

// A Problem that is missing in its family is treated as something else: a script gets another exit status, doctor another row.
func TestFamiliesAreComplete(t *testing.T) {
	elsewhere := []string{"KEYRING-OTHER", "KEYRING-REMOVED"} // Those of a session in it, which the sign-in finds.
	for begins, family := range map[string]problem.Family{
		"KEYRING-": keyring.Problems, "NET-PROXY": transport.ProxyProblems, "CA-": certificate.BundleProblems,
		"CARD-PCSC_": ticketapi.ServiceProblems,
	} {
		for _, p := range all(t) {
			if !slices.Contains(elsewhere, p.Code) {
				assert.Equal(t, strings.HasPrefix(p.Code, begins), family.Has(p), p.Code)
			}
		}
	}
	for _, p := range all(t) {
		aboutServer := strings.HasPrefix(p.Code, "TLS-") && !strings.HasPrefix(p.Code, "TLS-CLIENT_") && p.Code != "TLS-RSA_KEY_EXCHANGE"
		assert.Equal(t, aboutServer, transport.ServerProblems.Has(p), p.Code)
	}
}

// TestERR000CodesMadeAtRunTimeAreDocumented finds the references that are put together while the program runs. Each has to be among
// those that all collects, so that none is shown and in no document.
func TestERR000CodesMadeAtRunTimeAreDocumented(t *testing.T) {
	var codes []string
	for _, p := range all(t) {
		codes = append(codes, p.Code)
	}
	found := 0
	check := func(where string, made ast.Expr, constants map[string]ast.Expr, returns map[string]ast.Expr) {
		_, constant := text(made, constants)
		if other, ok := made.(*ast.SelectorExpr); constant || ok && other.Sel.Name == "Code" {
			return // It stands in the source, or is that of another Problem.
		}
		found++
		shape := shapeOf(made, constants, returns)
		if strings.Trim(shape, ".+") == "" {
			assert.Fail(t, "a reference that nothing is known of", where)
			return
		}
		pattern := regexp.MustCompile("^" + shape + "$")
		assert.True(t, slices.ContainsFunc(codes, pattern.MatchString), "%s: %s is made there and in no document", where, shape)
	}
	eachFolder(t, func(files []*ast.File, names []string) {
		constants, returns := constantsOf(files), returnsOf(files)
		for i, file := range files {
			ast.Inspect(file, func(node ast.Node) bool {
				switch node := node.(type) {
				case *ast.CompositeLit:
					for _, element := range node.Elts {
						if field, ok := element.(*ast.KeyValueExpr); ok && isProblem(node.Type) && fmt.Sprint(field.Key) == "Code" {
							check(names[i], field.Value, constants, returns)
						}
					}
				case *ast.AssignStmt:
					for j, to := range node.Lhs {
						if field, ok := to.(*ast.SelectorExpr); ok && field.Sel.Name == "Code" && len(node.Rhs) == len(node.Lhs) {
							check(names[i], node.Rhs[j], constants, returns)
						}
					}
				}
				return true
			})
		}
	})
	require.Greater(t, found, 4, "the source was not found")
}

// shapeOf returns a regular expression of the texts that an expression can be.
func shapeOf(expression ast.Expr, constants, returns map[string]ast.Expr) string {
	if constant, ok := text(expression, constants); ok {
		return regexp.QuoteMeta(constant)
	}
	switch e := expression.(type) {
	case *ast.BinaryExpr:
		return shapeOf(e.X, constants, returns) + shapeOf(e.Y, constants, returns)
	case *ast.CallExpr:
		if name, ok := e.Fun.(*ast.Ident); ok && returns[name.Name] != nil {
			return shapeOf(returns[name.Name], constants, nil)
		}
		if selector, ok := e.Fun.(*ast.SelectorExpr); ok && selector.Sel.Name == "Sprintf" {
			format, _ := text(e.Args[0], constants)
			return regexp.MustCompile(`%[a-z]`).ReplaceAllString(regexp.QuoteMeta(format), ".+")
		}
	}
	return ".+"
}

// returnsOf returns what the functions return that do nothing else.
func returnsOf(files []*ast.File) map[string]ast.Expr {
	returns := map[string]ast.Expr{}
	for _, file := range files {
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Body == nil || len(function.Body.List) != 1 {
				continue
			}
			if only, ok := function.Body.List[0].(*ast.ReturnStmt); ok && len(only.Results) == 1 {
				returns[function.Name.Name] = only.Results[0]
			}
		}
	}
	return returns
}

func parse(dir string) (files []*ast.File, names []string, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, nil, err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return nil, nil, err
		}
		files, names = append(files, file), append(names, filepath.ToSlash(name))
	}
	return files, names, err
}

func constantsOf(files []*ast.File) map[string]ast.Expr {
	constants := map[string]ast.Expr{}
	for _, file := range files {
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.CONST {
				continue
			}
			for _, spec := range general.Specs {
				value, ok := spec.(*ast.ValueSpec)
				if !ok || len(value.Values) != len(value.Names) {
					continue
				}
				for i, name := range value.Names {
					constants[name.Name] = value.Values[i]
				}
			}
		}
	}
	return constants
}

// codesOf returns the codes of the Problems that variables hold, by the name of the variable followed by ".Code": another Problem that is
// the same failure in other words has its code by that name.
func codesOf(files []*ast.File) map[string]ast.Expr {
	codes := map[string]ast.Expr{}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != len(spec.Names) {
				return true
			}
			for i, value := range spec.Values {
				pointer, ok := value.(*ast.UnaryExpr)
				if !ok {
					continue
				}
				literal, ok := pointer.X.(*ast.CompositeLit)
				if !ok || !isProblem(literal.Type) {
					continue
				}
				for _, element := range literal.Elts {
					if field, ok := element.(*ast.KeyValueExpr); ok && fmt.Sprint(field.Key) == "Code" {
						codes[spec.Names[i].Name+".Code"] = field.Value
					}
				}
			}
			return true
		})
	}
	return codes
}

func isProblem(expression ast.Expr) bool {
	switch name := expression.(type) {
	case *ast.Ident:
		return name.Name == "Problem"
	case *ast.SelectorExpr:
		return name.Sel.Name == "Problem"
	}
	return false
}

// read returns the constants of a literal. A Problem whose code is made while the program runs has
// none here.
func read(t *testing.T, literal *ast.CompositeLit, constants map[string]ast.Expr) *problem.Problem {
	t.Helper()
	// What is put together while the program runs is only to be seen there.
	p := &problem.Problem{Happened: "The screen says what it is.", Steps: []string{"Follow the steps on the screen."}}
	for _, element := range literal.Elts {
		field, ok := element.(*ast.KeyValueExpr)
		require.True(t, ok, "a Problem without the names of its fields")
		switch fmt.Sprint(field.Key) {
		case "Code":
			if code, ok := text(field.Value, constants); ok {
				p.Code = code
			}
		case "Title":
			p.Title, _ = text(field.Value, constants)
		case "Happened":
			if happened, ok := text(field.Value, constants); ok {
				p.Happened = happened
			}
		case "Quoted":
			p.Quoted, _ = text(field.Value, constants)
		case "Technical":
			p.Technical, _ = text(field.Value, constants)
		case "Button":
			p.Button, _ = text(field.Value, constants)
		case "Steps":
			if steps, ok := field.Value.(*ast.CompositeLit); ok {
				p.Steps = texts(steps, constants)
			}
		case "ServiceDesk":
			if steps, ok := field.Value.(*ast.CompositeLit); ok {
				p.ServiceDesk = texts(steps, constants)
			}
		case "Terminal":
			steps, ok := field.Value.(*ast.CompositeLit)
			require.True(t, ok, "steps that cannot be read here are in no document")
			p.Terminal = texts(steps, constants)
		case "Retry":
			p.Retry = fmt.Sprint(field.Value) == "true"
		}
	}
	return p
}

// texts takes what is constant in a list.
func texts(list *ast.CompositeLit, constants map[string]ast.Expr) []string {
	var all []string
	for _, element := range list.Elts {
		if written, ok := text(element, constants); ok {
			all = append(all, written)
		}
	}
	return all
}

func text(expression ast.Expr, constants map[string]ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.BinaryExpr:
		left, okLeft := text(e.X, constants)
		right, okRight := text(e.Y, constants)
		return left + right, okLeft && okRight
	case *ast.Ident:
		if value, ok := constants[e.Name]; ok {
			return text(value, constants)
		}
	case *ast.SelectorExpr:
		if value, ok := constants[types.ExprString(e)]; ok {
			return text(value, constants)
		}
	}
	return "", false
}

// page writes the document.
func page(t *testing.T, list []*problem.Problem) string {
	t.Helper()
	var yours, desks []*problem.Problem
	for _, p := range list {
		if forTheDesk(p) {
			desks = append(desks, p)
		} else {
			yours = append(yours, p)
		}
	}
	var out strings.Builder
	out.WriteString(head)
	out.WriteString("\n## What you can do yourself\n\nYou can take the first step.\n")
	section(&out, yours)
	out.WriteString("\n## Whom to contact\n\nFor the first step, contact your local service desk or your Registration Authority.\n")
	section(&out, desks)
	return out.String()
}

// forTheDesk reports whether a user can do nothing about it.
func forTheDesk(p *problem.Problem) bool {
	if len(p.Steps) == 0 {
		return true
	}
	first := strings.ToLower(p.Steps[0])
	return strings.Contains(first, "service desk") || strings.Contains(first, "registration authority")
}

func section(out *strings.Builder, list []*problem.Problem) {
	for _, p := range list {
		again := ""
		if p.Retry {
			again = " *Trying again can help.*"
		}
		fmt.Fprintf(out, "\n### `%s`\n\n**%s.** %s%s\n\n", p.Code, plain(p, p.Title), plain(p, p.Happened), again)
		if p.Quoted != "" {
			fmt.Fprintf(out, "On a separate line: %s\n\n", plain(p, p.Quoted))
		}
		if p.Technical != "" {
			fmt.Fprintf(out, "Below the reference: %s\n\n", plain(p, p.Technical))
		}
		for i, step := range p.Steps {
			fmt.Fprintf(out, "%d. %s\n", i+1, plain(p, step))
		}
		if len(p.Terminal) > 0 {
			out.WriteString("\nOn the command line:\n\n")
			for i, step := range p.TerminalSteps() {
				fmt.Fprintf(out, "%d. %s\n", i+1, plain(p, step))
			}
		}
		if len(p.ServiceDesk) > 0 {
			out.WriteString("\nFor the service desk:\n\n")
			for i, step := range p.ServiceDesk {
				fmt.Fprintf(out, "%d. %s\n", i+1, plain(p, step))
			}
		}
	}
}

// plain shows each value as a word.
func plain(p *problem.Problem, text string) string {
	return strings.NewReplacer("{{.", "*‹", "}}", "›*").Replace(p.Expand(text))
}

const head = `<!-- Made from the program's source by "go test ./internal/problem -update". Do not edit. -->

# Errors, by their reference

Every problem has a stable reference, which the window shows as **Reference** and the log as ` + "`problem`" + `. A reference never
changes its meaning from one version to the next. In this document, *‹a word in italics›* is a value that the window fills in.

The command line prints the reference in brackets after the title. It says *run the command again* where the window has the button
**Try again** or **Choose another role**. If its steps differ from those in the window, they are listed here. Steps *for the service desk* are
in a separate block in the window and on the command line. **Copy details** copies them too.

If e-RS Login cannot ask e-RS to close a session, the window shows the reference of the reason, with the text of
` + "`ERS-A003-403`" + `.

Two kinds of reference contain a number that is not listed here. ` + "`ERS-A001-418`" + ` is any other status with which e-RS answered a
call (A001 creates the session, A002 selects the role, A003 deletes it). ` + "`CARD-0x80100042`" + ` or ` + "`CARD-WINDOWS-5`" + ` is a code
of the Identity Agent's Ticket API that its interface does not publish. For both, contact your local service desk and send them a support file.
`
