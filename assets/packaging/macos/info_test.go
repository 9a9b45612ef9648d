// Package macos_test holds the application's description for macOS against what the rest of the project says. Nothing here has been
// run on a Mac.
package macos_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// node is an element of a property list.
type node struct {
	XMLName  xml.Name
	Text     string `xml:",chardata"`
	Children []node `xml:",any"`
}

// plain returns what an element means: a text, a boolean, a list or a dictionary.
func (n node) plain(t *testing.T) any {
	t.Helper()
	switch n.XMLName.Local {
	case "string":
		return n.Text
	case "true", "false":
		return n.XMLName.Local == "true"
	case "array":
		var list []any
		for _, child := range n.Children {
			list = append(list, child.plain(t))
		}
		return list
	case "dict":
		require.Zero(t, len(n.Children)%2, "a key without a value")
		entries := map[string]any{}
		for i := 0; i < len(n.Children); i += 2 {
			require.Equal(t, "key", n.Children[i].XMLName.Local)
			key := n.Children[i].Text
			require.NotContains(t, entries, key, "it is there twice")
			entries[key] = n.Children[i+1].plain(t)
		}
		return entries
	}
	require.Fail(t, "an element that no property list of ours has", n.XMLName.Local)
	return nil
}

// A mistake in this file shows only on a Mac: as an application that does not start, that macOS takes for another one, or whose
// settings a device management system cannot find.
func TestTheApplicationsDescription(t *testing.T) {
	content, err := os.ReadFile("Info.plist")
	require.NoError(t, err)
	decoder := xml.NewDecoder(strings.NewReader(string(content)))
	var list node
	require.NoError(t, decoder.Decode(&list))
	_, err = decoder.Token()
	for err == nil {
		_, err = decoder.Token()
	}
	require.True(t, errors.Is(err, io.EOF), "it is not well-formed: %v", err)
	require.Equal(t, "plist", list.XMLName.Local)
	require.Len(t, list.Children, 1)
	info, ok := list.Children[0].plain(t).(map[string]any)
	require.True(t, ok, "it is no dictionary")

	project, err := os.ReadFile("../../../FyneApp.toml")
	require.NoError(t, err)
	id := regexp.MustCompile(`(?m)^ *ID *= *"(.*)"$`).FindSubmatch(project)
	require.NotNil(t, id)
	identifier := strings.ReplaceAll(string(id[1]), "_", "-")
	assert.Equal(t, identifier, info["CFBundleIdentifier"])
	assert.Regexp(t, `^[A-Za-z0-9.-]+$`, info["CFBundleIdentifier"], "Apple allows nothing else")
	policy, err := os.ReadFile("../../../internal/config/policy_darwin.go")
	require.NoError(t, err)
	assert.Contains(t, string(policy), `"`+identifier+`.plist"`, "managed preferences are looked for under this name")
	assert.Equal(t, "ers-login", info["CFBundleExecutable"])
	assert.Equal(t, "APPL", info["CFBundlePackageType"])
	assert.Equal(t, []any{map[string]any{
		"CFBundleTypeRole": "Viewer", "CFBundleURLName": identifier, "CFBundleURLSchemes": []any{"ers-login"},
	}}, info["CFBundleURLTypes"])
	assert.Equal(t, true, info["NSHighResolutionCapable"])

	script, err := os.ReadFile("../../../.ci/package-macos")
	require.NoError(t, err)
	for _, gap := range regexp.MustCompile(`@[A-Z]+@`).FindAllString(string(content), -1) {
		assert.Contains(t, string(script), gap, "the script fills it in")
	}
}
