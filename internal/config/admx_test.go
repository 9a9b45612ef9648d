package config_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/config"
)

const templates = "../../assets/packaging/windows/policy"

// admx is an administrative template, as far as the group policy editor looks at it. Its names are
// not the writer's, so that a slip there is not repeated here.
type admx struct {
	XMLName    xml.Name `xml:"http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions policyDefinitions"`
	Supported  []named  `xml:"supportedOn>definitions>definition"`
	Categories []named  `xml:"categories>category"`
	Policies   []struct {
		Name         string `xml:"name,attr"`
		Class        string `xml:"class,attr"`
		DisplayName  string `xml:"displayName,attr"`
		Explain      string `xml:"explainText,attr"`
		Presentation string `xml:"presentation,attr"`
		Key          string `xml:"key,attr"`
		ValueName    string `xml:"valueName,attr"`
		Parent       named  `xml:"parentCategory"`
		Supported    named  `xml:"supportedOn"`
		Enabled      *value `xml:"enabledValue"`
		Disabled     *value `xml:"disabledValue"`
		Elements     struct {
			All []element `xml:",any"`
		} `xml:"elements"`
	} `xml:"policies>policy"`
}

type named struct {
	Name        string `xml:"name,attr"`
	DisplayName string `xml:"displayName,attr"`
	Ref         string `xml:"ref,attr"`
}

type value struct {
	Decimal struct {
		Value string `xml:"value,attr"`
	} `xml:"decimal"`
	String string `xml:"string"`
}

type element struct {
	XMLName    xml.Name
	ID         string `xml:"id,attr"`
	ValueName  string `xml:"valueName,attr"`
	Expandable bool   `xml:"expandable,attr"`
	Min        string `xml:"minValue,attr"`
	Max        string `xml:"maxValue,attr"`
	Items      []struct {
		DisplayName string `xml:"displayName,attr"`
		Value       value  `xml:"value"`
	} `xml:"item"`
}

// adml is the texts of a template.
type adml struct {
	XMLName xml.Name `xml:"http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions policyDefinitionResources"`
	Strings []struct {
		ID   string `xml:"id,attr"`
		Text string `xml:",chardata"`
	} `xml:"resources>stringTable>string"`
	Presentations []struct {
		ID  string `xml:"id,attr"`
		All []struct {
			XMLName xml.Name
			Ref     string `xml:"refId,attr"`
		} `xml:",any"`
	} `xml:"resources>presentationTable>presentation"`
}

func readTemplate(t *testing.T, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(templates, filepath.FromSlash(name)))
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(content, into))
}

var identifier = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// A reference that leads nowhere makes the group policy editor refuse the whole template, with everything else in it.
func TestTheTemplatesReferToWhatIsThere(t *testing.T) {
	var definitions admx
	var texts adml
	readTemplate(t, "ers-login.admx", &definitions)
	readTemplate(t, "en-US/ers-login.adml", &texts)

	said := map[string]string{}
	folded := map[string]bool{}
	for _, s := range texts.Strings {
		assert.Regexp(t, identifier, s.ID)
		assert.False(t, folded[strings.ToLower(s.ID)], "%s is there twice", s.ID)
		folded[strings.ToLower(s.ID)] = true
		assert.NotEmpty(t, strings.TrimSpace(s.Text), s.ID)
		said["$(string."+s.ID+")"] = s.Text
	}
	presented := map[string][]string{}
	for _, p := range texts.Presentations {
		for _, box := range p.All {
			presented["$(presentation."+p.ID+")"] = append(presented["$(presentation."+p.ID+")"], box.XMLName.Local, box.Ref)
		}
	}
	names := map[string]bool{}
	for _, n := range slices.Concat(definitions.Supported, definitions.Categories) {
		assert.Contains(t, said, n.DisplayName)
		names[n.Name] = true
	}
	boxes := map[string]string{
		"text": "textBox", "multiText": "multiTextBox", "decimal": "decimalTextBox", "enum": "dropdownList",
	}
	for _, p := range definitions.Policies {
		assert.Contains(t, said, p.DisplayName)
		assert.Contains(t, said, p.Explain)
		assert.True(t, names[p.Parent.Ref], "the category of %s", p.Name)
		assert.True(t, names[p.Supported.Ref], "what %s is supported on", p.Name)
		for _, e := range p.Elements.All {
			assert.Equal(t, []string{boxes[e.XMLName.Local], e.ID}, presented[p.Presentation], p.Name)
			for _, item := range e.Items {
				assert.Contains(t, said, item.DisplayName)
			}
		}
		if len(p.Elements.All) == 0 {
			assert.Empty(t, p.Presentation, p.Name)
		}
		delete(presented, p.Presentation)
	}
	assert.Empty(t, presented, "presentations that no policy has")
}

// written returns what the editor writes into the registry for each of the values that a policy can have: the edges of what it
// takes, and for texts the setting's example.
func written(t *testing.T, s config.Setting, e element) []any {
	t.Helper()
	switch e.XMLName.Local {
	case "decimal":
		var numbers []any
		for _, text := range []string{e.Min, e.Max} {
			number, err := strconv.ParseInt(text, 10, 64)
			require.NoError(t, err)
			numbers = append(numbers, number)
		}
		return numbers
	case "enum":
		var words []any
		for _, item := range e.Items {
			words = append(words, item.Value.String)
		}
		assert.Len(t, words, len(s.Values))
		return words
	case "multiText":
		return []any{[]any{absolute(t, "bin", "print-ticket"), "--quiet"}}
	}
	if e.Expandable {
		return []any{absolute(t, "certificates", "endpoint.pem")}
	}
	text, err := strconv.Unquote(s.Example)
	require.NoError(t, err)
	return []any{text}
}

// Every setting that a policy can lock is in the editor, and every value that the editor offers is
// valid: an invalid policy blocks every sign-in.
func TestWhatTheTemplatesWriteIsObeyed(t *testing.T) {
	var definitions admx
	readTemplate(t, "ers-login.admx", &definitions)
	table := map[string]config.Setting{}
	for _, s := range config.Settings() {
		if s.Only == "" || s.Only == "windows" {
			table[s.Key] = s
		}
	}
	for _, p := range definitions.Policies {
		setting, ok := table[p.Name]
		require.True(t, ok, "%s is there twice, or no setting of Windows'", p.Name)
		delete(table, p.Name)
		t.Run(p.Name, func(t *testing.T) {
			assert.Equal(t, "Machine", p.Class)
			assert.Equal(t, `Software\Policies\ers-login`, p.Key)
			var values []any
			if setting.Kind == config.KindBool {
				assert.Equal(t, setting.Key, p.ValueName)
				require.NotNil(t, p.Enabled)
				require.NotNil(t, p.Disabled)
				assert.Equal(t, []string{"1", "0"}, []string{p.Enabled.Decimal.Value, p.Disabled.Decimal.Value})
				values = []any{int64(1), int64(0)}
			} else {
				require.Len(t, p.Elements.All, 1)
				assert.Equal(t, setting.Key, p.Elements.All[0].ValueName)
				values = written(t, setting, p.Elements.All[0])
			}
			for _, value := range values {
				found := map[string]any{p.Name: value}
				if p.Name == "agent" {
					found["agent_command"] = absolute(t, "bin", "print-ticket") // the word command needs one
				}
				c, err := config.Load(config.Sources{OS: "windows", Policy: func() []config.Policy {
					return []config.Policy{registryOf(found)}
				}})
				require.NoError(t, err)
				assert.True(t, c.Locked(p.Name))
				assert.NotEmpty(t, c.Value(p.Name))
			}
		})
	}
	assert.Empty(t, table, "settings that the templates do not have")
}
