package config

import "strings"

// Policy is the settings in one place other than a file, prescribed by an organisation or set for a
// computer.
type Policy struct {
	// Where names the place, such as the registry's HKLM\Software\Policies\ers-login.
	Where string
	// Values are string, bool, int64 or []any of strings. Texts are written as in the environment.
	Values map[string]any
	// Err is why an existing place cannot be read.
	Err error
}

// PolicySource reads the places of an operating system in rising order. A place without a policy is
// left out.
type PolicySource func() []Policy

// policyLayers reads what is prescribed, or set for the computer, by other means than a file.
func policyLayers(table []Setting, source PolicySource, level Layer, home string, found *findings) []layer {
	if source == nil {
		return nil
	}
	var layers []layer
	for _, policy := range source() {
		from := settingsFile{path: policy.Where, layer: level, place: place{home: home, text: true, full: true}}
		if policy.Err != nil {
			found.addFrom(level, from.unusable(policy.Err))
			continue
		}
		layers = append(layers, document{values: policy.Values}.layer(table, from, found))
	}
	return layers
}

// expand replaces each %NAME% of a text, never from the environment: the user, who can change it,
// would choose where a prescribed path leads. A single % stays.
func expand(text string, folder func(name string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "%")
		name, after, closed := strings.Cut(rest, "%")
		if !found || !closed || name == "" {
			b.WriteString(text)
			return b.String(), nil
		}
		path, err := folder(name)
		if err != nil {
			return "", err
		}
		b.WriteString(before)
		b.WriteString(path)
		text = after
	}
}
