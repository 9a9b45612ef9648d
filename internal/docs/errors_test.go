package main

import (
	"cmp"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/assets"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard/ticketapi"
)

const root = "../.."

// TestERR000EveryCodeIsDocumented holds docs/errors.md against the Problems of the whole program. A service desk that is read a code
// over the telephone finds there what it means; if this fails, it finds nothing, or what was true once.
func TestERR000EveryCodeIsDocumented(t *testing.T) {
	documents := map[string][]byte{}
	require.NoError(t, addErrors(root, documents))
	written, err := os.ReadFile(filepath.Join(root, "docs", "errors.md"))
	require.NoError(t, err)
	assert.Equal(t, string(documents["docs/errors.md"]), string(written), "docs/errors.md is not what the program says: go generate ./internal/docs")
	for _, p := range all(t) {
		assert.Contains(t, string(written), "### `"+p.Code+"`\n")
	}
}

// In the document the reference is above its text.
func TestErrorsNameTheReference(t *testing.T) {
	documents := map[string][]byte{}
	require.NoError(t, addErrors(root, documents))
	_, list, found := strings.Cut(string(documents["docs/errors.md"]), "\n### ")
	require.True(t, found)
	assert.NotRegexp(t, `(?i)\b(below|above)\b`, list)
	assert.Contains(t, list, "quote the reference `KEYRING-NO_BUS`.\n")
}

// remote are the codes of what other computers, or the way to them, are the reason for.
var remote = regexp.MustCompile(`^(ERS|NET|TLS|CIS2|KEYRING)-`)

// Every Problem has to help: a title, what happened, a first step, and a button only where it is named.
func TestERR000EveryProblemHelps(t *testing.T) {
	for _, p := range all(t) {
		t.Run(p.Code, func(t *testing.T) {
			assert.Regexp(t, `^[A-Z0-9]+(-[A-Z0-9_]+)*$`, p.Code)
			assert.NotEmpty(t, p.Title)
			assert.NotEqual(t, ".", p.Title[len(p.Title)-1:], "a title is no sentence")
			assert.Regexp(t, `\.$`, p.Happened, "the strip goes on with the first step")
			if p.Code == keyring.NoService.Code {
				assert.Contains(t, p.WhatToDo()[0], "service desk", "no clinician can set up secure storage")
				assert.NotEmpty(t, p.ServiceDesk)
			}
			if remote.MatchString(p.Code) && strings.Contains(strings.Join(p.WhatToDo(), " "), "local service desk") {
				assert.NotEmpty(t, p.ServiceDesk, "the user is sent to a service desk, which learns nothing")
			}
			for _, text := range slices.Concat([]string{p.Title, p.Happened}, p.WhatToDo(), p.ServiceDesk) {
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
			for _, text := range slices.Concat([]string{p.Title, p.Happened}, p.WhatToDo()) {
				assert.NotRegexp(t, jargon, strings.ReplaceAll(text, " (keyring)", ""))
			}
			for _, step := range p.WhatToDo() {
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
		for _, step := range p.WhatToDo() {
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
		for _, text := range slices.Concat([]string{p.Title, p.Happened, p.Technical}, p.WhatToDo(), p.ServiceDesk, p.Terminal) {
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
					step = strings.ReplaceAll(p.WhatToDo()[i], "ress **"+cmp.Or(p.Button, "Try again")+"**", "")
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

// The source is read once for all tests.
var (
	readOnce    = sync.OnceValues(func() (source, error) { return readSource(root) })
	collectOnce = sync.OnceValues(func() ([]*problem.Problem, error) {
		found, err := readOnce()
		if err != nil {
			return nil, err
		}
		return found.problems()
	})
)

// sourceOf returns the program's source.
func sourceOf(t *testing.T) source {
	t.Helper()
	found, err := readOnce()
	require.NoError(t, err)
	return found
}

// all returns the Problems of the whole program.
func all(t *testing.T) []*problem.Problem {
	t.Helper()
	list, err := collectOnce()
	require.NoError(t, err)
	require.Greater(t, len(list), 150, "the source was not found")
	return list
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
	for _, here := range sourceOf(t) {
		here.inspect(func(node ast.Node, name string) {
			if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				written, _ := text(literal, nil)
				if where, isCode := places[written]; isCode {
					places[written] = append(where, name)
				}
			}
		})
	}
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
	for _, here := range sourceOf(t) {
		constants, returns := here.constants(), returnsOf(here.files)
		here.inspect(func(node ast.Node, name string) {
			switch node := node.(type) {
			case *ast.CompositeLit:
				if code := fieldsOf(node)["Code"]; code != nil && isProblem(node.Type) {
					check(name, code, constants, returns)
				}
			case *ast.AssignStmt:
				for j, to := range node.Lhs {
					if field, ok := to.(*ast.SelectorExpr); ok && field.Sel.Name == "Code" && len(node.Rhs) == len(node.Lhs) {
						check(name, node.Rhs[j], constants, returns)
					}
				}
			}
		})
	}
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

// A text of a function must not stand in for that of the folder with the same name.
func TestConstantsOutsideFunctions(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nconst a = `a`\nfunc f() { const a, b = `b`, `b` }\nvar g = func() { var a = `b` }\n", 0)
	require.NoError(t, err)
	constants := folder{files: []*ast.File{file}, names: []string{""}}.constants()
	assert.Equal(t, []string{"a", "g"}, slices.Sorted(maps.Keys(constants)))
	found, _ := text(constants["a"], nil)
	assert.Equal(t, "a", found)
}
