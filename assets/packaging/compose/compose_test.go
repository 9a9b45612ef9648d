package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExamplesSetNothing: a package whose example sets something would configure, or lock, every computer that it is installed on.
func TestExamplesSetNothing(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, writeExamples(folder))
	for _, name := range []string{"config.toml", "policy.toml"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		var set map[string]any
		require.NoError(t, toml.Unmarshal(content, &set), name)
		assert.Empty(t, set, name)
		assert.Contains(t, string(content), "\n#asid = ", "%s shows no setting", name)
	}
}

func TestParseChangelog(t *testing.T) {
	now := time.Date(2026, 11, 21, 4, 46, 7, 0, time.UTC)
	head := "# Changelog\n\nAll that changes.\n\n"
	tests := map[string]struct {
		content string
		want    []release
		fails   string
	}{
		"not released yet": {
			content: head + "## [Unreleased]\n\n### Added\n\n- One thing,\n  on two lines.\n- `Another`, in [words](x.md).\n",
			want:    []release{{"1.2.0", now, []string{"One thing, on two lines.", "Another, in words."}}},
		},
		"released, and nothing since": {
			content: head + "## [Unreleased]\n\n## [1.2.0] - 2026-10-01\n\n- New.\n\n## [1.1.0] - 2026-09-01\n\n- Old.\n",
			want: []release{
				{"1.2.0", time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), []string{"New."}},
				{"1.1.0", time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), []string{"Old."}},
			},
		},
		// Two packages of one version and different content could not be distinguished.
		"changed since it was released": {
			content: head + "## [Unreleased]\n\n- Newer.\n\n## [1.2.0] - 2026-10-01\n\n- New.\n", fails: "count FyneApp.toml up",
		},
		"another version":     {content: head + "## [1.1.0] - 2026-10-01\n\n- Old.\n", fails: "1.2.0"},
		"no versions":         {content: head, fails: "1.2.0"},
		"nothing changed":     {content: head + "## [Unreleased]\n", fails: "1.2.0"},
		"a version of no day": {content: head + "## [1.2.0]\n\n- New.\n", fails: "no date"},
		"no such day":         {content: head + "## [1.2.0] - 2026-13-01\n\n- New.\n", fails: "no date"},
		"no version number":   {content: head + "## [next] - 2026-10-01\n\n- New.\n", fails: "no version number"},
		"another heading":     {content: head + "## Soon\n\n- New.\n", fails: "no heading"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			releases, err := parseChangelog(test.content, "1.2.0", now)
			if test.fails != "" {
				require.ErrorContains(t, err, test.fails)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, releases)
		})
	}
}

// TestDebianChangelog: apt-listchanges and lintian read this form, and no other.
func TestDebianChangelog(t *testing.T) {
	day := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	text := debianChangelog([]release{
		{"1.2.0", day, []string{strings.TrimSpace(strings.Repeat("word ", 20))}},
		{"1.1.0", day, []string{"Old."}},
	})
	assert.Equal(t, "ers-login (1.2.0-1) stable; urgency=medium\n\n"+
		"  * "+strings.TrimSpace(strings.Repeat("word ", 15))+"\n    "+strings.TrimSpace(strings.Repeat("word ", 5))+"\n\n"+
		" -- "+packager+"  Thu, 01 Oct 2026 00:00:00 +0000\n\n"+
		"ers-login (1.1.0-1) stable; urgency=medium\n\n  * Old.\n\n -- "+packager+"  Thu, 01 Oct 2026 00:00:00 +0000\n", text)
}

// TestTheProjectsOwnChangelog: a changelog that cannot be read would be found when a release is built, which is late.
func TestTheProjectsOwnChangelog(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", ".."))
	t.Setenv("SOURCE_DATE_EPOCH", "1795236367")
	path := filepath.Join(t.TempDir(), "metainfo.xml")
	require.NoError(t, writeReleases("assets/packaging/linux/root/usr/share/metainfo/io.github.ers_login.ErsLogin.metainfo.xml", path))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var metainfo struct {
		ID       string `xml:"id"`
		Releases []struct {
			Version string   `xml:"version,attr"`
			Changes []string `xml:"description>ul>li"`
		} `xml:"releases>release"`
	}
	require.NoError(t, xml.Unmarshal(content, &metainfo))
	var app struct{ Details struct{ ID, Version string } }
	fyneApp, err := os.ReadFile("FyneApp.toml")
	require.NoError(t, err)
	require.NoError(t, toml.Unmarshal(fyneApp, &app))
	assert.Equal(t, app.Details.ID, metainfo.ID)
	require.NotEmpty(t, metainfo.Releases)
	assert.Equal(t, app.Details.Version, metainfo.Releases[0].Version)
	assert.NotEmpty(t, metainfo.Releases[0].Changes)
}

func TestReleasesNeedAPlaceAndATime(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", ".."))
	metainfo := filepath.Join(t.TempDir(), "metainfo.xml")
	require.NoError(t, write(metainfo, []byte("<component/>")))
	require.ErrorContains(t, writeReleases(metainfo, metainfo), releasesHere)
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	require.ErrorContains(t, writeChangelog(filepath.Join(t.TempDir(), "changelog")), "SOURCE_DATE_EPOCH")
}

// TestLegalFiles: a font's or a C library's terms lie deep within a module, and to ship without them is not allowed.
func TestLegalFiles(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{
		"LICENSE", "licence.md", "LICENSE_Inter.txt", "theme/font/OFL.txt", "glfw/COPYING", "NOTICE", "PATENTS", "UNLICENSE",
		"license.go", "licensed.txt", "README.md", "testdata/LICENSE", "noticeboard/list.txt",
	} {
		require.NoError(t, write(filepath.Join(folder, filepath.FromSlash(name)), []byte("terms of "+name)))
	}
	within, err := legalFiles(folder, true)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"LICENSE", "LICENSE_Inter.txt", "NOTICE", "PATENTS", "UNLICENSE", "glfw/COPYING", "licence.md", "theme/font/OFL.txt",
	}, within)
	above, err := legalFiles(folder, false)
	require.NoError(t, err)
	assert.NotContains(t, above, "glfw/COPYING")
}

// TestLicences: every module that is linked, for both systems, comes with its terms.
func TestLicences(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", ".."))
	path := filepath.Join(t.TempDir(), "THIRD_PARTY.txt")
	terms := filepath.Join(t.TempDir(), "copyright")
	require.NoError(t, write(terms, []byte("Anyone who links this says so.\n")))
	require.NoError(t, writeLicences(t.Context(), path, []string{"linux/amd64", "The C library=" + terms, "windows/amd64"}))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, part := range []string{
		"The Go programming language", "fyne.io/fyne/v2 v", "LICENSE_Inter.txt", "github.com/go-gl/glfw/", "glfw/LICENSE.md",
		"github.com/ebfe/scard v", "github.com/danieljoos/wincred v", "Redistribution and use in source and binary forms",
		"The C library\n\n--- copyright ---\n\nAnyone who links this says so.\n",
	} {
		assert.Contains(t, string(content), part)
	}
	require.ErrorContains(t, writeLicences(t.Context(), path, []string{"linux"}), "no target")
	require.NoError(t, write(terms, nil))
	for _, without := range []string{terms, filepath.Join(t.TempDir(), "missing")} {
		require.ErrorContains(t, writeLicences(t.Context(), path, []string{"The C library=" + without}), "cannot be shipped")
	}
}

// TestAModuleWithoutALicence must not be shipped.
func TestAModuleWithoutALicence(t *testing.T) {
	require.ErrorContains(t, writeTerms(nil, "example.org/module v1.0.0", t.TempDir(), true), "has no licence")
}
