package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// link is a link or picture in Markdown: its exclamation mark, if any, its text and its target.
var link = regexp.MustCompile(`(!?)\[([^\]]*)\]\(([^)\s]+)\)`)

// writeDocuments writes the documents that a package ships into a folder. Each argument names a file of the sources, and what it is
// called in the package if that differs: docs/window.md=window.md. Of these, the ones in Markdown by either name are written, with their
// links led to where they will lie: to what is shipped too, or else to the sources of this version on the web. A link to what does not
// exist is an error.
func writeDocuments(folder string, args []string) error {
	shipped := map[string]string{}
	for _, arg := range args {
		source, place, found := strings.Cut(arg, "=")
		if !found {
			place = source
		}
		shipped[source] = place
	}
	website, version, err := readMetadata()
	if err != nil {
		return err
	}
	// The kind of page is filled in.
	web := website + "/%s/v" + version + "/"
	for source, place := range shipped {
		if path.Ext(source) != ".md" || path.Ext(place) != ".md" {
			continue
		}
		content, err := os.ReadFile(filepath.FromSlash(source))
		if err != nil {
			return fmt.Errorf("could not read a document: %w", err)
		}
		text, err := relinked(string(content), source, shipped, web)
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		if err := write(filepath.Join(folder, filepath.FromSlash(place)), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// readMetadata returns where the sources are, and their version.
func readMetadata() (website, version string, err error) {
	var app struct {
		Website string
		Details struct{ Version string }
	}
	content, err := os.ReadFile("FyneApp.toml")
	if err == nil {
		err = toml.Unmarshal(content, &app)
	}
	if err == nil && (app.Website == "" || app.Details.Version == "") {
		err = errors.New("it does not say where the sources are, or their version")
	}
	if err != nil {
		return "", "", fmt.Errorf("could not read FyneApp.toml: %w", err)
	}
	return app.Website, app.Details.Version, nil
}

// relinked leads the links of a document to where they will lie.
func relinked(text, source string, shipped map[string]string, web string) (string, error) {
	var wrong []error
	text = link.ReplaceAllStringFunc(text, func(found string) string {
		parts := link.FindStringSubmatch(found)
		target, err := url.Parse(parts[3])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("a link that cannot be read: %w", err))
			return found
		}
		if target.IsAbs() || target.Path == "" {
			return found
		}
		name := path.Join(path.Dir(source), target.Path)
		info, err := os.Stat(filepath.FromSlash(name))
		if err != nil {
			wrong = append(wrong, fmt.Errorf("a dead link: %w", err))
			return found
		}
		kind := "blob"
		switch {
		case parts[1] != "":
			kind = "raw"
		case info.IsDir():
			kind = "tree"
		}
		target.Path = name
		address := fmt.Sprintf(web, kind) + target.String()
		if place, there := shipped[name]; there {
			target.Path = between(path.Dir(shipped[source]), place)
			address = target.String()
		}
		return parts[1] + "[" + parts[2] + "](" + address + ")"
	})
	return text, errors.Join(wrong...)
}

// between returns the way from a folder to a file, both of them in the package.
func between(folder, file string) string {
	from, to := strings.Split(folder, "/"), strings.Split(file, "/")
	if folder == "." {
		from = nil
	}
	for len(from) > 0 && len(to) > 1 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	return strings.Join(slices.Concat(slices.Repeat([]string{".."}, len(from)), to), "/")
}
