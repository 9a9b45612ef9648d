package ui

import (
	"encoding/json"
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
	"github.com/ers-login/ers-login/internal/diagnose"
)

var update = flag.Bool("update", false, "write en.json anew, and take out of cy.json what is no longer said")

const translationsFolder = "../assets/translations/"

// TestTranslations holds the files against the source: every text that the program can show, whichever room it comes from, has a
// translation, and no file has a text that nobody says any more. If it fails, a user reads two languages on one screen.
//
// What is put together while the program runs, as the remedy for a setting with bounds, cannot be seen here and stays English.
func TestTranslations(t *testing.T) {
	said := textsOfSource(t)
	require.Greater(t, len(said), 500, "the source was not found")
	if *update {
		writeTranslations(t, said)
		return // What was compiled in is what stood there before.
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
			assert.Empty(t, strings.Join(stale, "\n"), "said by nobody any more: go test ./ui -run TestTranslations -update")
		})
	}
}

// TestTranslationsAreWhole: a translation that loses a value, or the mark of a button, leads a user nowhere.
func TestTranslationsAreWhole(t *testing.T) {
	names := map[string]bool{"Enter": true, "e-RS Login": true} // The same in both languages.
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

// TestButtonsAreNamedAlike: a step that says to press a button has to call it as the button does, in Welsh too.
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
		require.NoError(t, os.WriteFile(translationsFolder+language+".json", []byte(file.String()), 0o644)) // As any file of the source.
	}
}

// textsOfSource returns the texts that the program can show, each with the folder it stands in: what is handed to lang.L, what
// Problems and diagnoses say, and the names of the roles.
func textsOfSource(t *testing.T) map[string]string {
	t.Helper()
	said := map[string]string{}
	for _, words := range roles {
		said[words.name], said[words.purpose] = "ui", "ui"
	}
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); name == "build" || name == "dist" || name == "testdata" || strings.HasPrefix(name, ".") && name != ".." {
			return fs.SkipDir
		}
		return textsOfFolder(path, func(text string) { said[text] = path })
	}))
	for _, text := range diagnose.Texts() {
		said[text] = "internal/diagnose"
	}
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
		ast.Inspect(file, func(node ast.Node) bool {
			if spec, ok := node.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
				for i, name := range spec.Names {
					constants[name.Name] = spec.Values[i]
				}
			}
			return true
		})
	}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch found := node.(type) {
			case *ast.CallExpr:
				if isLang(found.Fun) {
					sayText(found.Args[0], constants, say)
				}
			case *ast.CompositeLit:
				sayProblem(found, constants, say)
				sayTitle(found, constants, say)
			}
			return true
		})
	}
	return nil
}

// isLang tells whether a function is one of those of Fyne's package lang that we use.
func isLang(function ast.Expr) bool {
	selector, ok := function.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	in, ok := selector.X.(*ast.Ident)
	return ok && in.Name == "lang" && (selector.Sel.Name == "L" || selector.Sel.Name == "N")
}

// sayProblem says the texts of a literal that is a Problem: it has steps, or says what happened.
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
	for _, name := range []string{"Title", "Happened"} {
		sayText(fields[name], constants, say)
	}
	if steps, ok := fields["Steps"].(*ast.CompositeLit); ok {
		for _, step := range steps.Elts {
			sayText(step, constants, say)
		}
	}
}

// sayTitle says the title of an entry of the Simulator menu, or of a persona, which is one.
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

// sayText says a text that is constant.
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
