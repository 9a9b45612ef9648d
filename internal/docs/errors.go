package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/ers-login/ers-login/ersclient/fhir"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

// addErrors makes the reference of errors.
func addErrors(root string, documents map[string][]byte) error {
	source, err := readSource(root)
	if err != nil {
		return err
	}
	list, err := source.problems()
	if err != nil {
		return err
	}
	var yours, desks []*problem.Problem
	for _, p := range list {
		if forTheDesk(p) {
			desks = append(desks, p)
		} else {
			yours = append(yours, p)
		}
	}
	functions := template.FuncMap{"plain": plain, "number": func(index int) int { return index + 1 }}
	data := map[string]any{"Made": made, "Yours": yours, "Desks": desks}
	documents["docs/errors.md"], err = filled("errors.md.tmpl", functions, data)
	return err
}

// forTheDesk reports whether a user can do nothing about it.
func forTheDesk(p *problem.Problem) bool {
	if len(p.Steps) == 0 {
		return true
	}
	first := strings.ToLower(p.Steps[0])
	return strings.Contains(first, "service desk") || strings.Contains(first, "registration authority")
}

// plain shows each value of a text as a word, and names the reference: here it is above the text.
func plain(p *problem.Problem, text string) string {
	return strings.NewReplacer("{{.", "*‹", "}}", "›*", "the reference below", "the reference `"+p.Code+"`").Replace(p.Expand(text))
}

// missingOrUnusable ends the title that the document has for each setting.
const missingOrUnusable = " is missing, or cannot be used"

// problems returns the Problems of the whole program: those that stand in its source, and those
// that are made from tables.
func (s source) problems() ([]*problem.Problem, error) {
	list, err := s.literals()
	if err != nil {
		return nil, err
	}
	list = slices.Concat(list, hscn.StatusProblems(), fhir.StatusProblems())
	for _, group := range []smartcard.Group{
		smartcard.GroupGeneric, smartcard.GroupCardAndDevice,
		smartcard.GroupAuthentication, smartcard.GroupConfiguration,
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

			ServiceDesk: []string{setting.Remedy},
		})
	}
	slices.SortStableFunc(list, func(a, b *problem.Problem) int { return strings.Compare(a.Code, b.Code) })
	return slices.CompactFunc(list, func(a, b *problem.Problem) bool {
		return a.Code == b.Code && (a.Title == b.Title || strings.HasPrefix(a.Code, "SETTING-"))
	}), nil
}

// source is the program's source, a folder after the other, for whichever system the files are.
type source []folder

// folder is the files of one folder, without tests, and their names below the root.
type folder struct {
	files []*ast.File
	names []string
}

func readSource(root string) (source, error) {
	var found source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil || !entry.IsDir():
			return err
		case path != root && (name == "build" || name == "testdata" || strings.HasPrefix(name, ".")):
			return fs.SkipDir
		}
		here, err := readFolder(root, path)
		if len(here.files) > 0 {
			found = append(found, here)
		}
		return err
	})
	return found, err
}

func readFolder(root, path string) (folder, error) {
	var found folder
	paths, err := filepath.Glob(filepath.Join(path, "*.go"))
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return folder{}, err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return folder{}, err
		}
		found.files, found.names = append(found.files, file), append(found.names, filepath.ToSlash(name))
	}
	return found, err
}

// literals reads the Problems that stand in the source.
func (s source) literals() ([]*problem.Problem, error) {
	others := map[string]ast.Expr{}
	for _, here := range s {
		for name, code := range here.constants() {
			if strings.HasSuffix(name, ".Code") {
				others[here.files[0].Name.Name+"."+name] = code
			}
		}
	}
	var list []*problem.Problem
	var wrong error
	for _, here := range s {
		known := here.constants()
		maps.Copy(known, others)
		here.inspect(func(node ast.Node, name string) {
			literal, ok := node.(*ast.CompositeLit)
			if !ok || !isProblem(literal.Type) {
				return
			}
			p, err := read(literal, known)
			if err != nil {
				wrong = errors.Join(wrong, fmt.Errorf("%s: %w", name, err))
			} else if p.Code != "" {
				list = append(list, p)
			}
		})
	}
	return list, wrong
}

// inspect hands out every node of the files, with the name of its file.
func (f folder) inspect(visit func(node ast.Node, name string)) {
	for i, file := range f.files {
		ast.Inspect(file, func(node ast.Node) bool {
			visit(node, f.names[i])
			return true
		})
	}
}

// constants returns what a folder's constants and variables outside functions begin with, and the codes of the Problems
// that variables hold, by the name of the variable followed by ".Code": another Problem that is the
// same failure in other words has its code by that name.
func (f folder) constants() map[string]ast.Expr {
	found := map[string]ast.Expr{}
	visit := func(node ast.Node) bool {
		_, inFunction := node.(*ast.BlockStmt)
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != len(spec.Names) {
			return !inFunction
		}
		for i, value := range spec.Values {
			found[spec.Names[i].Name] = value
			if pointer, ok := value.(*ast.UnaryExpr); ok {
				if literal, ok := pointer.X.(*ast.CompositeLit); ok && isProblem(literal.Type) {
					if code := fieldsOf(literal)["Code"]; code != nil {
						found[spec.Names[i].Name+".Code"] = code
					}
				}
			}
		}
		return true
	}
	for _, file := range f.files {
		ast.Inspect(file, visit)
	}
	return found
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

// fieldsOf returns the fields of a literal by their names.
func fieldsOf(literal *ast.CompositeLit) map[string]ast.Expr {
	fields := map[string]ast.Expr{}
	for _, element := range literal.Elts {
		if field, ok := element.(*ast.KeyValueExpr); ok {
			fields[types.ExprString(field.Key)] = field.Value
		}
	}
	return fields
}

// read returns the constants of a literal. A Problem whose code is made while the program runs has
// none here.
func read(literal *ast.CompositeLit, constants map[string]ast.Expr) (*problem.Problem, error) {
	// What is put together while the program runs is only to be seen there.
	p := &problem.Problem{Happened: "The screen says what it is."}
	fields := fieldsOf(literal)
	if len(fields) != len(literal.Elts) {
		return nil, errors.New("a Problem without the names of its fields")
	}
	for name, into := range map[string]*string{
		"Code": &p.Code, "Title": &p.Title, "Happened": &p.Happened,
		"Quoted": &p.Quoted, "Technical": &p.Technical, "Button": &p.Button,
	} {
		if written, ok := text(fields[name], constants); ok {
			*into = written
		}
	}
	for name, into := range map[string]*[]string{
		"Steps": &p.Steps, "ServiceDesk": &p.ServiceDesk, "Terminal": &p.Terminal,
	} {
		switch steps, ok := fields[name].(*ast.CompositeLit); {
		case ok:
			*into = texts(steps, constants)
		case fields[name] != nil && p.Code != "":
			return nil, errors.New("steps that cannot be read in the source are in no document")
		}
	}
	if again, ok := fields["Retry"].(*ast.Ident); ok {
		p.Retry = again.Name == "true"
	}
	return p, nil
}

// texts returns what is constant in a list.
func texts(list *ast.CompositeLit, constants map[string]ast.Expr) []string {
	var all []string
	for _, element := range list.Elts {
		if written, ok := text(element, constants); ok {
			all = append(all, written)
		}
	}
	return all
}

// text returns a constant text.
func text(expression ast.Expr, constants map[string]ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.BinaryExpr:
		left, okLeft := text(e.X, constants)
		right, okRight := text(e.Y, constants)
		return left + right, okLeft && okRight
	case *ast.Ident, *ast.SelectorExpr:
		if value, ok := constants[types.ExprString(e)]; ok {
			return text(value, constants)
		}
	}
	return "", false
}
