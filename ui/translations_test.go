package ui

import (
	"encoding/json"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
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
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

var update = flag.Bool("update", false, "write en.json anew, and take out of cy.json what is no longer said")

const translationsFolder = "../assets/translations/"

// TestTranslations compares the files with the source: every text that the program can show, from
// any package, has a translation, and no file has an unused one. If it fails, a user reads two
// languages on one screen. TestEveryTextOfAProblemCanBeRead checks that this test finds all texts.
func TestTranslations(t *testing.T) {
	said := textsOfSource(t)
	require.Greater(t, len(said), 500, "the source was not found")
	if *update {
		writeTranslations(t, said)
		return // compiled in are the files from before
	}
	for _, language := range assets.Languages {
		t.Run(language, func(t *testing.T) {
			texts := translation(t, language)
			var missing, stale []string
			for text, where := range said {
				if _, known := texts[text]; !known {
					missing = append(missing, where+": "+text)
				}
			}
			for text := range texts {
				if _, known := said[text]; !known {
					stale = append(stale, text)
				}
			}
			slices.Sort(missing)
			slices.Sort(stale)
			assert.Empty(t, strings.Join(missing, "\n"), "without a translation: go test ./ui -run TestTranslations -update, and add them to cy.json")
			assert.Empty(t, strings.Join(stale, "\n"), "unused texts: go test ./ui -run TestTranslations -update")
		})
	}
}

// TestTranslationsAreWhole: a translation without a value, or without the mark of a button,
// misleads the user.
func TestTranslationsAreWhole(t *testing.T) {
	names := map[string]bool{"Enter": true, "e-RS Login": true, "NHS Care Identity (CIS2)": true} // the same in both languages
	value := regexp.MustCompile(`\{\{\.\w+\}\}`)
	sorted := func(text string) []string { return slices.Sorted(slices.Values(value.FindAllString(text, -1))) }
	for text, same := range translation(t, english) {
		assert.Equal(t, text, same, "the English text is its own key")
	}
	for text, welsh := range translation(t, "cy") {
		assert.Equal(t, sorted(text), sorted(welsh), text)
		assert.Equal(t, strings.Count(text, "**"), strings.Count(welsh, "**"), text)
		assert.Equal(t, strings.HasSuffix(text, "."), strings.HasSuffix(welsh, "."), text)
		assert.Equal(t, strings.HasSuffix(text, "…"), strings.HasSuffix(welsh, "…"), text)
		assert.Equal(t, strings.TrimSpace(welsh), welsh, text)
		assert.NotEmpty(t, welsh, text)
		if !names[text] {
			assert.NotEqual(t, text, welsh, "it is not translated")
		}
	}
}

// TestButtonsAreNamedAlike: a step names a button as the button is labelled, in Welsh too.
func TestButtonsAreNamedAlike(t *testing.T) {
	button := regexp.MustCompile(`\*\*([^*]+)\*\*`)
	welsh := translation(t, "cy")
	for text, translated := range welsh {
		named, renamed := button.FindAllStringSubmatch(text, -1), button.FindAllStringSubmatch(translated, -1)
		require.Len(t, renamed, len(named), text)
		for i := range named {
			assert.Equal(t, welsh[named[i][1]], renamed[i][1], text)
		}
	}
}

func translation(t *testing.T, language string) map[string]string {
	t.Helper()
	raw, err := assets.Translation(language)
	require.NoError(t, err)
	var texts map[string]string
	require.NoError(t, json.Unmarshal(raw, &texts))
	return texts
}

func writeTranslations(t *testing.T, said map[string]string) {
	t.Helper()
	english, welsh := map[string]string{}, map[string]string{}
	before := translation(t, "cy")
	for text := range said {
		english[text] = text
		if translated, known := before[text]; known {
			welsh[text] = translated
		}
	}
	for language, texts := range map[string]map[string]string{"en": english, "cy": welsh} {
		var file strings.Builder
		encoder := json.NewEncoder(&file)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		require.NoError(t, encoder.Encode(texts))
		// Like any file of the source.
		require.NoError(t, os.WriteFile(translationsFolder+language+".json", []byte(file.String()), 0o644))
	}
}

// textsOfSource returns the texts that the program can show, each with its folder: arguments of
// lang.L, texts of Problems and diagnoses, and the names of roles.
func textsOfSource(t *testing.T) map[string]string {
	t.Helper()
	said := map[string]string{}
	for _, words := range roles {
		said[words.name], said[words.purpose] = "ui", "ui"
	}
	for _, words := range linkWords {
		said[words.ers], said[words.keyring] = "ui", "ui"
	}
	for _, words := range reasons {
		said[words.ended], said[words.ending], said[words.others], said[words.notification] = "ui", "ui", "ui", "ui"
	}
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); name == "build" || name == "dist" || name == "testdata" || strings.HasPrefix(name, ".") && name != ".." {
			return fs.SkipDir
		}
		if path == filepath.Join("..", "internal", "docs") {
			return nil // it writes documents, and is no part of the program
		}
		return textsOfFolder(path, func(text string) { said[text] = path })
	}))
	for _, text := range diagnose.Texts() {
		said[text] = "internal/diagnose"
	}
	for _, setting := range config.Settings() {
		said[setting.Remedy] = "internal/config"
	}
	said[new(problem.Problem).WhatToDo()[0]] = "internal/problem"
	delete(said, "")
	return said
}

func textsOfFolder(folder string, say func(string)) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	var files []*ast.File
	constants := map[string]ast.Expr{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file)
		noteConstants(file, constants)
	}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch found := node.(type) {
			case *ast.CallExpr:
				if isLang(found.Fun) || called(found) == "problem.Words" {
					sayText(found.Args[0], constants, say)
				}
				if called(found) == "counted" {
					sayText(found.Args[1], constants, say)
					sayText(found.Args[2], constants, say)
				}
			case *ast.CompositeLit:
				sayProblem(found, constants, say)
				sayTitle(found, constants, say)
				sayPlatform(found, constants, say)
			case *ast.FuncDecl:
				for _, text := range assignedIn(found, constants) {
					for _, sentence := range text.says {
						say(sentence)
					}
				}
			}
			return true
		})
	}
	return nil
}

func noteConstants(file *ast.File, constants map[string]ast.Expr) {
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
			for i, name := range spec.Names {
				constants[name.Name] = spec.Values[i]
			}
		}
		return true
	})
}

// isLang reports whether a function is one of those of Fyne's package lang in use.
func isLang(function ast.Expr) bool {
	selector, ok := function.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	in, ok := selector.X.(*ast.Ident)
	return ok && in.Name == "lang" && (selector.Sel.Name == "L" || selector.Sel.Name == "N")
}

// sayProblem passes the texts of a Problem literal, which has steps, or what happened, to say.
// assignedIn finds what is assigned to one afterwards.
func sayProblem(literal *ast.CompositeLit, constants map[string]ast.Expr, say func(string)) {
	fields := map[string]ast.Expr{}
	for _, element := range literal.Elts {
		if field, ok := element.(*ast.KeyValueExpr); ok {
			if name, ok := field.Key.(*ast.Ident); ok {
				fields[name.Name] = field.Value
			}
		}
	}
	if fields["Happened"] == nil && fields["Steps"] == nil {
		return
	}
	for _, name := range []string{"Title", "Happened", "Quoted", "Technical", "Button"} {
		sayText(fields[name], constants, say)
	}
	for _, name := range []string{"Steps", "ServiceDesk"} {
		if steps, ok := fields[name].(*ast.CompositeLit); ok {
			for _, step := range steps.Elts {
				sayText(step, constants, say)
			}
		}
	}
}

// sayTitle passes the title of an entry of the Simulator menu, or of a persona, which becomes one.
func sayTitle(literal *ast.CompositeLit, constants map[string]ast.Expr, say func(string)) {
	fields := map[string]ast.Expr{}
	for _, element := range literal.Elts {
		if field, ok := element.(*ast.KeyValueExpr); ok {
			if name, ok := field.Key.(*ast.Ident); ok {
				fields[name.Name] = field.Value
			}
		}
	}
	if fields["Do"] != nil || fields["Items"] != nil || fields["Identifier"] != nil && fields["Key"] != nil {
		sayText(fields["Title"], constants, say)
	}
}

// sayPlatform passes the texts of a platform: what the user has to do next, and the words of its link.
func sayPlatform(literal *ast.CompositeLit, constants map[string]ast.Expr, say func(string)) {
	name := ""
	switch made := literal.Type.(type) {
	case *ast.Ident:
		name = made.Name
	case *ast.SelectorExpr:
		name = made.Sel.Name
	}
	if name != "Missing" && name != "Link" && name != "Words" {
		return
	}
	for _, element := range literal.Elts {
		field, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if name, ok := field.Key.(*ast.Ident); !ok || name.Name == "Name" || name.Name == "Picture" {
			continue
		}
		sayText(field.Value, constants, say)
		if list, ok := field.Value.(*ast.CompositeLit); ok {
			for _, text := range list.Elts {
				sayText(text, constants, say)
			}
		}
	}
}

// sayText passes a constant text.
func sayText(expression ast.Expr, constants map[string]ast.Expr, say func(string)) {
	if text, ok := constantText(expression, constants); ok {
		say(text)
	}
}

func constantText(expression ast.Expr, constants map[string]ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, leftOK := constantText(e.X, constants)
		right, rightOK := constantText(e.Y, constants)
		return left + right, leftOK && rightOK
	case *ast.ParenExpr:
		return constantText(e.X, constants)
	case *ast.Ident:
		if value, known := constants[e.Name]; known {
			return constantText(value, nil)
		}
	}
	return "", false
}

// assigned is what a function puts into a Problem's text: its sentences, and those parts that are
// not sentences in the source.
type assigned struct {
	says   []string
	unread []ast.Expr
}

// textsOfProblems are the fields of a Problem with texts.
var textsOfProblems = []string{"Title", "Happened", "Quoted", "Steps", "ServiceDesk", "Technical", "Button"}

// assignedIn returns what a function assigns to the texts of Problems.
func assignedIn(function *ast.FuncDecl, constants map[string]ast.Expr) []assigned {
	var found []assigned
	locals := map[string][]ast.Expr{}
	var texts []ast.Expr
	ast.Inspect(function, func(node ast.Node) bool {
		assignment, ok := node.(*ast.AssignStmt)
		if !ok || len(assignment.Lhs) != len(assignment.Rhs) {
			return true
		}
		for i, to := range assignment.Lhs {
			value := assignment.Rhs[i]
			if assignment.Tok == token.ADD_ASSIGN {
				value = &ast.BinaryExpr{X: to, Op: token.ADD, Y: value}
			}
			switch to := to.(type) {
			case *ast.Ident:
				locals[to.Name] = append(locals[to.Name], value)
			case *ast.SelectorExpr:
				if name := to.Sel.Name; slices.Contains(textsOfProblems, name) && (name != "Title" || isConstant(value, constants)) {
					texts = append(texts, value)
				}
			}
		}
		return true
	})
	for _, text := range texts {
		var made assigned
		made.read(text, constants, locals)
		found = append(found, made)
	}
	return found
}

func isConstant(expression ast.Expr, constants map[string]ast.Expr) bool {
	_, constant := constantText(expression, constants)
	return constant
}

// read analyses the expression of a text.
func (a *assigned) read(expression ast.Expr, constants map[string]ast.Expr, locals map[string][]ast.Expr) {
	if text, constant := constantText(expression, constants); constant {
		a.says = append(a.says, text)
		return
	}
	switch e := expression.(type) {
	case *ast.CompositeLit:
		for _, element := range e.Elts {
			a.read(element, constants, locals)
		}
		return
	case *ast.IndexExpr:
		a.read(e.X, constants, locals)
		return
	case *ast.Ident:
		if e.Name == "nil" {
			return
		}
		if values, known := locals[e.Name]; known {
			locals[e.Name] = nil // it may be made from itself
			for _, value := range values {
				a.read(value, constants, locals)
			}
			return
		}
	case *ast.SelectorExpr:
		if e.Sel.Name == "Remedy" || slices.Contains(textsOfProblems, e.Sel.Name) {
			return // the text of another Problem, which is read where that is made
		}
	case *ast.CallExpr:
		switch called(e) {
		case "translated", "expand": // the result is no longer a key
			return
		case "made.WhatToDo", "found.WhatToDo", "template.WhatToDo": // as Steps
			return
		case "strings.ReplaceAll": // marks are numbered: see keyOf
			a.read(e.Args[0], constants, locals)
			return
		case "slices.Insert":
			for _, argument := range append(e.Args[:1:1], e.Args[2:]...) {
				a.read(argument, constants, locals)
			}
			return
		case "problem.Sentences", "append", "slices.Clone", "slices.Concat":
			for _, argument := range e.Args {
				a.read(argument, constants, locals)
			}
			return
		}
	}
	a.unread = append(a.unread, expression)
}

// called returns the function of a call: its package and name, or a method's name.
func called(call *ast.CallExpr) string {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		if in, ok := function.X.(*ast.Ident); ok && len(in.Name) > 1 {
			return in.Name + "." + function.Sel.Name
		}
		return function.Sel.Name
	}
	return ""
}

// TestEveryTextOfAProblemCanBeRead: a text composed otherwise than by problem.Sentences is not the
// key of a translation, and a Welsh reader gets it in English.
func TestEveryTextOfAProblemCanBeRead(t *testing.T) {
	texts, constantsOf := 0, map[string]map[string]ast.Expr{}
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		fileSet := token.NewFileSet()
		file, err := parser.ParseFile(fileSet, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder := filepath.Dir(path)
		constants := constantsOf[folder]
		if constants == nil {
			constants = constantsIn(t, folder)
			constantsOf[folder] = constants
		}
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			for _, text := range assignedIn(function, constants) {
				texts++
				for _, unread := range text.unread {
					assert.Fail(t, "cannot be translated", "%s: use problem.Sentences", fileSet.Position(unread.Pos()))
				}
			}
		}
		return nil
	}))
	require.Greater(t, texts, 15, "the source was not found")
}

// TestAComposedTextIsNoticed proves that the test above can fail.
func TestAComposedTextIsNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		source       string
		says, unread int
	}{
		"one text":               {`made.Happened = "One."`, 1, 0},
		"kept apart":             {`made.Happened = problem.Sentences("One.", p.Happened, "Two.")`, 2, 0},
		"run together":           {`made.Happened = "One. " + p.Happened`, 0, 1},
		"made longer":            {`made.Happened += " Two."`, 0, 1},
		"formatted":              {`made.Steps = append(made.Steps, fmt.Sprintf("Number %d.", 5))`, 0, 1},
		"a step more":            {`made.Steps = slices.Insert(slices.Clone(made.Steps), 1, "One.")`, 1, 0},
		"through a variable":     {`step := p.Happened; step = problem.Sentences(step, "One."); made.Steps = append(made.Steps, step)`, 1, 0},
		"a variable that is not": {`step := p.Happened; step += "One."; made.Steps = append(made.Steps, step)`, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() { "+c.source+" }", parser.SkipObjectResolution)
			require.NoError(t, err)
			function, ok := file.Decls[0].(*ast.FuncDecl)
			require.True(t, ok)
			says, unread := 0, 0
			for _, text := range assignedIn(function, nil) {
				says, unread = says+len(text.says), unread+len(text.unread)
			}
			require.Equal(t, c.says, says)
			require.Equal(t, c.unread, unread)
		})
	}
}

// constantsIn returns the constants of a folder's files.
func constantsIn(t *testing.T, folder string) map[string]ast.Expr {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	constants := map[string]ast.Expr{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		noteConstants(file, constants)
	}
	return constants
}

// TestFixturesAreReal: a Welsh picture with invented texts would be in English, and not what a
// Welsh reader gets.
func TestFixturesAreReal(t *testing.T) {
	known := translation(t, english)
	texts := 0
	requireKnown := func(where string, said ...string) {
		t.Helper()
		for _, text := range said {
			for _, part := range problem.Parts(text) {
				if part == "" {
					continue
				}
				key, _ := keyOf(part)
				assert.Contains(t, known, key, "%s: the program does not say this", where)
				texts++
			}
		}
	}
	requireProblem := func(where string, p *problem.Problem) {
		t.Helper()
		if p == nil {
			return
		}
		requireKnown(where, append([]string{p.Title, p.Happened, p.Quoted}, p.WhatToDo()...)...)
		// "Try again" must not occur without a button of that name.
		if strings.Contains(strings.Join(p.WhatToDo(), " "), "**Try again**") {
			assert.True(t, p.Retry, where)
		}
	}
	for _, p := range pictures() {
		requireProblem(p.name, p.state.Problem)
		for _, n := range p.state.Notices {
			requireProblem(p.name, n.Problem)
		}
		looked, ok := p.settings.Diagnostics.(*chain)
		require.True(t, ok)
		for _, f := range looked.findings {
			requireKnown(p.name, f.name, f.Said)
			requireProblem(p.name, f.Problem)
		}
	}
	require.Greater(t, texts, 500)
}

// TestNoEnglishIsLeft checks in Welsh the Problems made from tables and from each other: an error
// must not bring an English sentence.
func TestNoEnglishIsLeft(t *testing.T) {
	all := append(hscn.StatusProblems(), fhir.StatusProblems()...)
	for _, group := range []smartcard.Group{
		smartcard.GroupGeneric, smartcard.GroupCardAndDevice, smartcard.GroupAuthentication, smartcard.GroupConfiguration,
	} {
		for number := range smartcard.Code(0x10) {
			if p := (smartcard.Code(group) | number).Problem(); p != nil {
				all = append(all, p)
			}
		}
	}
	var wrong []*problem.Problem
	for _, setting := range config.Settings() {
		_, err := config.Load(config.Sources{Environ: []string{setting.Environment + "=\t"}})
		var found *problem.Problem
		if errors.As(err, &found) {
			wrong = append(wrong, found)
		}
	}
	all = append(append(all, wrong...), (&config.Invalid{Problems: wrong}).Problem())
	newWorld(t, Settings{Language: "cy"})
	t.Cleanup(func() { require.NoError(t, UseLanguage(english)) })
	known := translation(t, "cy")
	for _, p := range all {
		for _, text := range append([]string{p.Title, p.Happened}, p.WhatToDo()...) {
			for _, part := range problem.Parts(text) {
				key, _ := keyOf(part)
				_, is := known[key]
				assert.True(t, is, "%s: %q has no translation", p.Code, key)
				assert.NotContains(t, translated(p, text), p.Expand(part), p.Code)
			}
		}
	}
}
