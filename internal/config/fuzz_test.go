package config

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever stands in the file, the program must start or say which setting or which file is wrong, and leave every setting
// with a value that its own check accepts.
func FuzzSettingsFile(f *testing.F) {
	var example bytes.Buffer
	require.NoError(f, WriteExample(&example))
	for _, seed := range [][]byte{
		nil,
		example.Bytes(),
		bytes.ReplaceAll(example.Bytes(), []byte("\n#"), []byte("\n")),
		[]byte("asid = 1\nasid = 2\n"),
		[]byte("[asid.b]\nc = [[1, {d = 2}], 1979-05-27T07:32:00Z]\n"),
		[]byte("passphrase = \"hunter2\"\n[a]\ntoken = 1e400\n"),
		[]byte("agent = \"command\"\nagent_command = [\"~/a\", \"\"]\nsession_max_age = '11h'\n"),
		[]byte("\ufeffbase_url = \"https://[::1]:0/?#\"\r\nkey = '~'\r\n"),
	} {
		f.Add(seed)
	}
	table := Settings()
	path := filepath.Join("somewhere", "config.toml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > maxFile {
			return
		}
		var found findings
		layers := []layer{defaultLayer(table), parseFile(table, path, content, "/home/ann", &found)}
		config := resolve(table, layers, path, &found)
		for _, p := range found.problems {
			named := p.Args["Setting"]
			if p.Code == "SETTING-FILE" {
				named = p.Args["File"]
			}
			if named == "" {
				// A key can be the empty text, or one that cannot be shown: then the place says it.
				named = p.Args["Origin"]
			}
			if named == "" || len(p.Steps) == 0 {
				t.Errorf("a Problem that names nothing: %v", p)
			}
		}
		for _, setting := range table {
			if err := setting.bind(&config).set(config.Value(setting.Key), place{text: true, home: "/home/ann"}); err != nil {
				t.Errorf("%s is left with a bad value: %v", setting.Key, err)
			}
		}
	})
}
