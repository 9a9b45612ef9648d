package config

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// For every content of the file, the program must start or name the wrong setting or file, and
// leave every setting with a valid value.
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
		[]byte("certificate = 'a'\ncertificate_thumbprint = ' a9:99 '\ntext_size = 20\nclosing_grace = '0s'\nproxy = 'http://a@b:1'\n"),
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
		for _, file := range []settingsFile{
			{path: path, layer: LayerFile, place: place{home: "/home/ann"}, forgiving: true},
			{path: path, layer: LayerFile, place: place{home: "/home/ann"}},
			{path: path, layer: LayerPolicy, place: place{home: "/home/ann"}},
		} {
			holdsToItsWord(t, table, file, content)
		}
	})
}

// holdsToItsWord reads a settings file's content as that of one of the files.
func holdsToItsWord(t *testing.T, table []Setting, file settingsFile, content []byte) {
	t.Helper()
	var found findings
	layers := []layer{defaultLayer(table)}
	if read, err := parse(content); err != nil {
		found.add(file.unusable(err))
	} else {
		layers = append(layers, read.layer(table, file, &found))
	}
	config := resolve(table, layers, Sources{UserFile: file.path}, &found)
	for _, p := range slices.Concat(found.problems, found.warnings) {
		named := p.Args["Setting"]
		if p.Code == "SETTING-FILE" || p.Code == "SETTING-POLICY" {
			named = p.Args["File"]
		}
		if named == "" {
			// A key can be empty, or unprintable: then the place names it.
			named = p.Args["Origin"]
		}
		if named == "" {
			t.Errorf("a Problem that names nothing: %v", p)
		}
	}
	for _, setting := range table {
		if err := setting.put(&config, setting.of(config), place{text: true, home: "/home/ann"}, config.system); err != nil {
			t.Errorf("%s is left with a bad value: %v", setting.Key, err)
		}
		if config.Locked(setting.Key) && file.layer != LayerPolicy {
			t.Errorf("%s is locked without a policy", setting.Key)
		}
	}
}

// The compiler does not see a row that points to a field of another type, or to that of another row.
func TestEachSettingHasAFieldOfItsKind(t *testing.T) {
	types := map[Kind]any{
		KindString: new(string), KindEnum: new(string), KindPath: new(string), KindFolder: new(string),
		KindDuration: new(time.Duration), KindBool: new(bool), KindPercent: new(int), KindList: new([]string),
	}
	var c Config
	seen := map[any]bool{}
	for _, setting := range Settings() {
		field := setting.field(&c)
		assert.IsType(t, types[setting.Kind], field, setting.Key)
		assert.Equal(t, setting.Kind == KindString, setting.check != nil, setting.Key)
		assert.False(t, seen[field], setting.Key)
		seen[field] = true
	}
}
