package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	namedTest = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9_]*)`")
	namedPath = regexp.MustCompile("`((?:internal|ersclient|smartcard|ui|assets|docs|\\.ci)/[A-Za-z0-9_./-]*)`")
	testHead  = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
)

// TestTheDocumentsNameWhatIsThere: a table of requirements that names a removed test proves
// nothing, which would go unnoticed.
func TestTheDocumentsNameWhatIsThere(t *testing.T) {
	root := filepath.Join("..", "..")
	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (entry.Name() == "build" || entry.Name() == ".git") {
			return skipOr(err)
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, found := range testHead.FindAllSubmatch(source, -1) {
			tests[string(found[1])] = true
		}
		return err
	}))
	documents, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	documents = append(documents, filepath.Join(root, "README.md"))
	named := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, found := range namedTest.FindAllSubmatch(text, -1) {
			named++
			assert.True(t, tests[string(found[1])], "%s names the test %s, and there is none", document, found[1])
		}
		for _, found := range namedPath.FindAllSubmatch(text, -1) {
			named++
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(string(found[1]))))
			assert.NoError(t, err, "%s names %s", document, found[1])
		}
	}
	assert.Greater(t, named, 50, "the documents were not found")
}

func skipOr(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}
