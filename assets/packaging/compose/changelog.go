package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// changelogFile is the changelog, in the manner of keepachangelog.com.
const changelogFile = "docs/CHANGELOG.md"

// packager is the packages' maintainer, which Debian requires.
const packager = "e-RS Login maintainers <ers-login@users.noreply.github.com>"

// release is a version and what it changed.
type release struct {
	version string
	date    time.Time
	changes []string
}

var (
	// releaseHead is a version's heading: ## [1.2.0] - 2026-11-21, or ## [Unreleased].
	releaseHead = regexp.MustCompile(`^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$`)
	// semantic is a version number without anything after it.
	semantic = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	// marked is what Markdown marks in a line.
	marked = regexp.MustCompile("[`*]|\\[([^\\]]+)\\]\\([^)]*\\)")
)

// parseChangelog reads the releases, newest first. What is not released yet is what the version to be built changes; its date is now.
func parseChangelog(content, version string, now time.Time) ([]release, error) {
	var releases []release
	inItem := false
	for number, line := range strings.Split(content, "\n") {
		current := len(releases) - 1
		switch {
		case strings.HasPrefix(line, "## "):
			inItem = false
			head := releaseHead.FindStringSubmatch(line)
			if head == nil {
				return nil, fmt.Errorf("line %d: %q is no heading of a version", number+1, line)
			}
			next, err := newRelease(head[1], head[2], version, now)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number+1, err)
			}
			releases = append(releases, next)
		case strings.HasPrefix(line, "- ") && current >= 0:
			inItem = true
			releases[current].changes = append(releases[current].changes, plain(line[2:]))
		case strings.HasPrefix(line, "  ") && inItem:
			changes := releases[current].changes
			changes[len(changes)-1] += " " + plain(strings.TrimSpace(line))
		default:
			inItem = false
		}
	}
	if len(releases) > 1 && releases[0].version == releases[1].version {
		// There are changes after the version's release: a build of them needs another number.
		if len(releases[0].changes) > 0 {
			return nil, fmt.Errorf("version %s is released already, and there are changes after it: count FyneApp.toml up", version)
		}
		releases = releases[1:]
	}
	if len(releases) == 0 || releases[0].version != version || len(releases[0].changes) == 0 {
		return nil, fmt.Errorf("it does not begin with what version %s, that of FyneApp.toml, changes", version)
	}
	return releases, nil
}

func newRelease(name, date, version string, now time.Time) (release, error) {
	if name == "Unreleased" {
		return release{version: version, date: now}, nil
	}
	if !semantic.MatchString(name) {
		return release{}, fmt.Errorf("%q is no version number", name)
	}
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return release{}, fmt.Errorf("version %s has no date: %w", name, err)
	}
	return release{version: name, date: day}, nil
}

// plain takes the marks of Markdown out of a line; of a link, the text stays.
func plain(line string) string { return marked.ReplaceAllString(line, "$1") }

// readReleases reads the changelog for the version of FyneApp.toml.
func readReleases() ([]release, error) {
	_, version, err := readMetadata()
	if err != nil {
		return nil, err
	}
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("SOURCE_DATE_EPOCH is no number of seconds: %w", err)
	}
	content, err := os.ReadFile(changelogFile)
	if err != nil {
		return nil, fmt.Errorf("could not read the changelog: %w", err)
	}
	releases, err := parseChangelog(string(content), version, time.Unix(seconds, 0).UTC())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", changelogFile, err)
	}
	return releases, nil
}

// writeChangelog writes the changelog in Debian's form.
func writeChangelog(path string) error {
	releases, err := readReleases()
	if err != nil {
		return err
	}
	return write(path, []byte(debianChangelog(releases)))
}

func debianChangelog(releases []release) string {
	var text strings.Builder
	for i, one := range releases {
		if i > 0 {
			text.WriteString("\n")
		}
		fmt.Fprintf(&text, "ers-login (%s-1) stable; urgency=medium\n\n", one.version)
		for _, change := range one.changes {
			text.WriteString("  * " + wrapped(change) + "\n")
		}
		fmt.Fprintf(&text, "\n -- %s  %s\n", packager, one.date.Format(time.RFC1123Z))
	}
	return text.String()
}

// changelogWidth is the longest line of a change, in characters: Debian's lines have 80, with four before it.
const changelogWidth = 76

// wrapped breaks a change into lines, all but the first indented.
func wrapped(change string) string {
	var lines []string
	for _, word := range strings.Fields(change) {
		last := len(lines) - 1
		if last < 0 || utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) > changelogWidth {
			lines = append(lines, word)
			continue
		}
		lines[last] += " " + word
	}
	return strings.Join(lines, "\n    ")
}

// releasesHere is where the metainfo has its releases.
const releasesHere = "@RELEASES@"

// writeReleases fills the releases into the metainfo.
func writeReleases(metainfo, path string) error {
	content, err := os.ReadFile(metainfo) //nolint:gosec // G304: named by the build of the packages
	if err != nil {
		return fmt.Errorf("could not read the metainfo: %w", err)
	}
	before, after, found := strings.Cut(string(content), releasesHere)
	if !found {
		return errors.New("the metainfo has no place for the releases: " + releasesHere)
	}
	releases, err := readReleases()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	text.WriteString(before)
	for i, one := range releases {
		if i > 0 {
			text.WriteString("\n    ")
		}
		fmt.Fprintf(&text, "<release version=\"%s\" date=\"%s\">\n      <description>\n        <ul>\n", one.version, one.date.Format(time.DateOnly))
		for _, change := range one.changes {
			text.WriteString("          <li>")
			if err := xml.EscapeText(&text, []byte(change)); err != nil {
				return fmt.Errorf("could not write a change: %w", err)
			}
			text.WriteString("</li>\n")
		}
		text.WriteString("        </ul>\n      </description>\n    </release>")
	}
	text.WriteString(after)
	return write(path, text.Bytes())
}
