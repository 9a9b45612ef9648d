package handoff_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Integrators copy examples, which go doc shows with each function. A missing one is found here.
func TestEveryFunctionHasAnExample(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	set := token.NewFileSet()
	var parsed []*ast.File
	for _, file := range files {
		one, err := parser.ParseFile(set, file, nil, parser.ParseComments)
		require.NoError(t, err)
		parsed = append(parsed, one)
	}
	described, err := doc.NewFromFiles(set, parsed, "github.com/ers-login/ers-login/ersclient/handoff")
	require.NoError(t, err)
	functions := described.Funcs
	for _, kind := range described.Types {
		functions = append(append(functions, kind.Funcs...), kind.Methods...)
	}
	require.NotEmpty(t, functions)
	for _, function := range functions {
		require.NotEmpty(t, function.Examples, function.Name)
		for _, example := range function.Examples {
			require.NotEmpty(t, example.Output, "%s: an example without output is not run", function.Name)
		}
	}
}
