package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocumentsLinkToWhatIsThere: links in the installed documents must not lead nowhere.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, write("FyneApp.toml", []byte("Website = 'https://example.org/x'\n[Details]\nVersion = '1.2.3'\n")))
	for _, name := range []string{"docs/b.md", "docs/CHANGELOG.md", "docs/images/a.png", "code/reader.sh"} {
		require.NoError(t, write(name, nil))
	}
	for name, test := range map[string]struct{ text, want string }{
		"a document beside it":        {"[b](b.md#part)", "[b](b.md#part)"},
		"one by another name":         {"[c](CHANGELOG.md)", "[c](changelog.gz)"},
		"an address, and itself":      {"[d](https://example.org) [e](#part)", "[d](https://example.org) [e](#part)"},
		"a file that is not shipped":  {"[f](../code/reader.sh)", "[f](https://example.org/x/blob/v1.2.3/code/reader.sh)"},
		"a folder":                    {"[g](../code)", "[g](https://example.org/x/tree/v1.2.3/code)"},
		"a picture":                   {"![h](images/a.png)", "![h](https://example.org/x/raw/v1.2.3/docs/images/a.png)"},
		"two in a line, one not ours": {"[b](b.md), [i](http://127.0.0.1/b.md)", "[b](b.md), [i](http://127.0.0.1/b.md)"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			require.NoError(t, write("docs/a.md", []byte(test.text)))
			require.NoError(t, writeDocuments(folder, []string{"docs/a.md=a.md", "docs/b.md=b.md", "docs/CHANGELOG.md=changelog.gz"}))
			content, err := os.ReadFile(filepath.Join(folder, "a.md"))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(content))
		})
	}
	folder := t.TempDir()
	require.NoError(t, write("README.md", []byte("[a](docs/a.md)")))
	require.NoError(t, write("docs/a.md", []byte("[b](b.md) [r](../README.md)")))
	require.NoError(t, writeDocuments(folder, []string{"README.md=README.md", "docs/a.md=texts/a.md", "docs/b.md=texts/more/b.md"}))
	for name, want := range map[string]string{"README.md": "[a](texts/a.md)", "texts/a.md": "[b](more/b.md) [r](../README.md)"} {
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		require.NoError(t, err)
		assert.Equal(t, want, string(content))
	}
	require.NoError(t, write("docs/a.md", []byte("[z](missing.md)")))
	require.ErrorContains(t, writeDocuments(folder, []string{"docs/a.md=a.md"}), "a dead link")
	require.NoError(t, write("docs/b.md", []byte("[r](../README.md)")))
	require.NoError(t, writeDocuments(folder, []string{"docs/b.md", "README.md"}))
	content, err := os.ReadFile(filepath.Join(folder, "docs", "b.md"))
	require.NoError(t, err)
	assert.Equal(t, "[r](../README.md)", string(content), "under its own name")
}
