package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ers-login/ers-login/internal/problem"
)

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
		if policy.Err != nil {
			found.addFrom(level, policy.unusable(level))
			continue
		}
		layers = append(layers, policy.layer(table, level, home, found))
	}
	return layers
}

// unusable is the Problem of a place that cannot be read.
func (p Policy) unusable(level Layer) error {
	made := noFile
	if level == LayerPolicy {
		made = badPolicy
	}
	return made.With("File", p.Where).With("Reason", bare(p.Err).Error()).Because(fmt.Errorf("could not read %s: %w", p.Where, p.Err))
}

func (p Policy) layer(table []Setting, level Layer, home string, found *findings) layer {
	from := origin(level, problem.Verbatim(p.Where))
	values := make(map[string]any, len(p.Values))
	unknown := 0
	for _, key := range slices.Sorted(maps.Keys(p.Values)) {
		setting, value := lookup(table, key), p.Values[key]
		if !plain(value) {
			value = nested{value}
		}
		if setting.bind == nil {
			if unknown++; unknown <= maxUnknown {
				found.unknownKey(table, shownName(key), value, from, false)
			}
			continue
		}
		values[key] = fitting(setting.Kind, value)
	}
	return layer{
		values: values,
		place:  place{home: home, text: true, full: true},
		origin: func(Setting) Origin { return from },
	}
}

// fitting returns a value in the form of the environment for a kind: the registry has no booleans,
// and administrative templates write 1 and 0.
func fitting(kind Kind, value any) any {
	if kind == KindBool {
		switch value {
		case int64(0):
			return false
		case int64(1):
			return true
		}
	}
	return value
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
