package config

// Layer is one of the places where a setting can stand.
type Layer int

// The layers, in rising order.
const (
	// LayerDefault is built into the program.
	LayerDefault Layer = iota
	// LayerFile is the user's settings file.
	LayerFile
	// LayerEnvironment is the ERS_LOGIN_* variables.
	LayerEnvironment
	// LayerFlag is the command line.
	LayerFlag
)

// String names the layer.
func (l Layer) String() string {
	switch l {
	case LayerDefault:
		return "default"
	case LayerFile:
		return "file"
	case LayerEnvironment:
		return "environment"
	case LayerFlag:
		return "flag"
	}
	return "unknown"
}

// Origin is where a value came from.
type Origin struct {
	Layer Layer
	// Where names the place for a reader, such as "line 3 of /home/ann/.config/ers-login/config.toml", "environment variable
	// ERS_LOGIN_ASID", "flag --asid" or "built-in default". The line comes first, so that a long path cannot push it out.
	Where string
}

// String returns Where.
func (o Origin) String() string { return o.Where }
