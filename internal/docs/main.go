// Command docs writes what is made from the program itself: the reference of settings and errors,
// the administrative templates of Windows, the manual pages and the completions of shells.
//
//	go generate ./internal/docs             write them
//	go run ./internal/docs -check           name those that are stale, and exit with status 1
//
// Templates have the texts; the tables are those of internal/config, the Problems of the whole
// source, and the commands of internal/cli.
package main

import (
	"bytes"
	"embed"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/template"
)

//go:generate go run . -root ../..

// made is the note at the head of a written document.
const made = `Made by "go generate ./internal/docs". Do not edit.`

//go:embed templates
var templates embed.FS

func main() {
	root := flag.String("root", ".", "the folder of go.mod")
	check := flag.Bool("check", false, "write nothing, and name what is stale")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	documents := map[string][]byte{}
	for _, add := range []func(string, map[string][]byte) error{addSettings, addErrors, addCommands} {
		if err := add(root, documents); err != nil {
			return err
		}
	}
	stale := 0
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		path := filepath.Join(root, filepath.FromSlash(name))
		if !check {
			if err := write(path, documents[name]); err != nil {
				return err
			}
			continue
		}
		was, err := os.ReadFile(path) // #nosec G304 -- a name of ours
		if err != nil || !bytes.Equal(was, documents[name]) {
			fmt.Fprintln(os.Stderr, name)
			stale++
		}
	}
	if stale > 0 {
		return fmt.Errorf("%d documents are stale: go generate ./internal/docs", stale)
	}
	return nil
}

// write writes a file that is public.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // G301: see above
		return err
	}
	return os.WriteFile(path, content, 0o644) //nolint:gosec // G306: see above
}

// filled executes a template.
func filled(name string, functions template.FuncMap, data any) ([]byte, error) {
	parsed, err := template.New(name).Funcs(functions).ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, data)
	return out.Bytes(), err
}
