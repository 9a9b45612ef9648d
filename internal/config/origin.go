package config

import (
	"strconv"

	"github.com/ers-login/ers-login/internal/problem"
)

// Layer is one of the places where a setting can stand.
type Layer int

// The layers, in rising order.
const (
	LayerDefault     Layer = iota
	LayerMachine           // the computer's file, and on Windows a key of the registry
	LayerFile              // the user's settings file
	LayerPreferences       // what the user has chosen in the window
	LayerEnvironment       // the ERS_LOGIN_* variables
	LayerFlag
	LayerPolicy // what the organisation prescribes; it locks a setting
)

// String names the layer.
func (l Layer) String() string {
	return []string{"default", "machine", "file", "preferences", "environment", "flag", "policy"}[l]
}

// Origin is where a value came from.
type Origin struct {
	Layer Layer
	place problem.Phrase
}

// origin returns the Origin of a place.
func origin(layer Layer, place problem.Phrase) Origin {
	if layer == LayerPolicy {
		place = problem.Words("{{.Place}}, managed by your organisation").WithPhrase("Place", place)
	}
	return Origin{layer, place}
}

// unusable returns the Origin of the default in the place of a value that cannot be used.
func (o Origin) unusable() Origin {
	o.place = problem.Words("built-in default, in the place of a value that cannot be used: {{.Place}}").WithPhrase("Place", o.place)
	return o
}

// The places of a value whose names are translated.
func inLine(line int, file string) problem.Phrase {
	return problem.Words("line {{.Line}} of {{.File}}").With("Line", strconv.Itoa(line)).With("File", file)
}

func inVariable(name string) problem.Phrase {
	return problem.Words("environment variable {{.Name}}").With("Name", name)
}

func inFlag(name string) problem.Phrase {
	return problem.Words("flag {{.Name}}").With("Name", "--"+name)
}

// Phrase names the place for a text in the user's language.
func (o Origin) Phrase() problem.Phrase { return o.place }

// String names the place, such as "line 3 of /home/ann/.config/ers-login/config.toml", "environment
// variable ERS_LOGIN_ASID", "flag --asid" or "built-in default". The line comes first, in case a long
// path is cut. The place of a locked value ends in "managed by your organisation".
func (o Origin) String() string { return o.place.String() }
