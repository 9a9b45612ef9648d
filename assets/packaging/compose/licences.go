package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// programs are what the packages have in them.
var programs = []string{".", "./smartcard/ticketbridge"}

// legal is what projects call the files that say under which terms they can be used. Fonts and C code within a module have their own.
var legal = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|copyright|notice|patents|ofl)([._-].*)?$`)

// goSource is a program's own text, which may be called licence.go.
var goSource = regexp.MustCompile(`(?i)\.(go|c|h|s)$`)

// module is a Go module, as in go list's output.
type module struct {
	Path, Version, Dir string
	Main               bool
	Replace            *module
}

// writeLicences writes the terms of every module that is linked into the programs for the targets ("linux/amd64"), and those of libraries
// that are no modules, such as the start-up code of a C compiler ("name=file with its licence"). A part without any is an error: it must
// not be shipped.
func writeLicences(ctx context.Context, path string, args []string) error {
	linked := map[string]module{}
	var libraries bytes.Buffer
	for _, arg := range args {
		name, terms, isLibrary := strings.Cut(arg, "=")
		if !isLibrary {
			if err := addLinked(ctx, linked, arg); err != nil {
				return err
			}
			continue
		}
		content, err := os.ReadFile(terms) //nolint:gosec // G304: named by the packages' script
		if err != nil || len(bytes.TrimSpace(content)) == 0 {
			return errors.Join(fmt.Errorf("%s has no licence that could be read: it cannot be shipped", name), err)
		}
		writeHead(&libraries, name)
		writeText(&libraries, filepath.Base(terms), content)
	}
	if len(linked) == 0 {
		return errors.New("no module is linked into the programs, which cannot be")
	}
	root, err := goRoot(ctx)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	text.WriteString("e-RS Login is built from the work of others. These are the parts that are linked into its programs, and their terms.\n")
	if err := writeTerms(&text, "The Go programming language, its runtime and standard library", root, false); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(linked)) {
		part := linked[name]
		if err := writeTerms(&text, name+" "+part.Version, part.Dir, true); err != nil {
			return err
		}
	}
	return write(path, append(text.Bytes(), libraries.Bytes()...))
}

// addLinked adds the modules that are linked for a target, besides this one.
func addLinked(ctx context.Context, linked map[string]module, target string) error {
	arguments := append([]string{"list", "-deps", "-json=Module"}, programs...)
	list := exec.CommandContext(ctx, "go", arguments...) //nolint:gosec // G204: fixed words
	system, processor, found := strings.Cut(target, "/")
	if !found {
		return fmt.Errorf("%q is no target, such as linux/amd64", target)
	}
	// With cgo, or what is only built with it would be left out.
	list.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+processor, "CGO_ENABLED=1")
	list.Stderr = os.Stderr
	output, err := list.Output()
	if err != nil {
		return fmt.Errorf("could not list what is linked into the programs: %w", err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var found struct{ Module *module }
		if err := decoder.Decode(&found); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("could not read what go list printed: %w", err)
		}
		if found.Module == nil || found.Module.Main {
			continue // the standard library, and this module
		}
		part := *found.Module
		if part.Replace != nil {
			part = *part.Replace
		}
		if part.Dir == "" {
			return fmt.Errorf("the sources of %s %s are not there", part.Path, part.Version)
		}
		linked[found.Module.Path] = part
	}
}

func goRoot(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("could not ask where Go is: %w", err)
	}
	return strings.TrimSpace(string(output)), nil
}

// writeTerms writes the legal files of a folder and, if within, of all below it.
func writeTerms(text *bytes.Buffer, title, folder string, within bool) error {
	names, err := legalFiles(folder, within)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("%s has no licence in %s: it cannot be shipped", title, folder)
	}
	writeHead(text, title)
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name))) //nolint:gosec // G304: within the folder
		if err != nil {
			return fmt.Errorf("could not read a licence: %w", err)
		}
		writeText(text, name, content)
	}
	return nil
}

func writeHead(text *bytes.Buffer, title string) {
	text.WriteString("\n" + strings.Repeat("=", 100) + "\n" + title + "\n")
}

func writeText(text *bytes.Buffer, name string, content []byte) {
	fmt.Fprintf(text, "\n--- %s ---\n\n%s\n", name, strings.TrimSpace(strings.ReplaceAll(string(content), "\r\n", "\n")))
}

// legalFiles lists the legal files of a folder by their paths in it, sorted. Those of testdata are not shipped.
func legalFiles(folder string, within bool) ([]string, error) {
	var names []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != folder && (!within || entry.Name() == "testdata"):
			return filepath.SkipDir
		case !entry.Type().IsRegular() || !legal.MatchString(entry.Name()) || goSource.MatchString(entry.Name()):
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		names = append(names, filepath.ToSlash(name))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("could not look for licences: %w", err)
	}
	slices.Sort(names)
	return names, nil
}
