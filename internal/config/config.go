// Package config knows every setting of the program, what each may be, and where its value came from.
//
// A setting can stand in several places. In rising order: the built-in default, the user's file (TOML), the environment
// (ERS_LOGIN_*), the command line. Only the value that wins is looked at, so a broken one in the file can be overridden while
// the file is being repaired; a value that cannot be used is a Problem that names the setting, the place and the remedy,
// and all of them are told at once. There is one table, [Settings]: the file's keys, the variables, the flags, the example file
// and the reference in the documentation are made from it, so that none of them can disagree with the others.
//
// No secret stands in the settings. A PKCS#12 passphrase comes from the OS keyring or from a file that only its owner can
// read ([Config.Passphrase]); a key, variable or flag whose name sounds like a secret is refused without its value being
// shown. Nor is any other value repeated in an error, since what was pasted into the wrong line may well be a secret.
package config

import (
	"errors"
	"time"

	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/problem"
)

// What the setting agent can be. The simulator is not among them: it belongs to the demonstration, and no setting turns a
// real sign-in into a simulated one.
const (
	// AgentAuto is the Identity Agent of this computer.
	AgentAuto = "auto"
	// AgentByCommand is the program that the setting agent_command names.
	AgentByCommand = "command"
)

// What the setting card_removal can be.
const (
	// RemovalByTicket asks the agent after a removal: the ticket decides.
	RemovalByTicket = "ticket"
	// RemovalAlways ends the session with every removal.
	RemovalAlways = "always"
)

// Config is the settings in force. Paths are absolute or relative to the working directory, never to the file.
type Config struct {
	// BaseURL is the e-RS platform, such as https://api.dev1.ers.ncrs.nhs.uk/ers-api, without a trailing slash.
	BaseURL string
	// ASID is the organisation's accredited system id, 12 digits.
	ASID string
	// Certificate is the file with the endpoint certificate, PEM or PKCS#12: see [Config.PKCS12].
	Certificate string
	// Key is the PEM file with the certificate's private key. It is empty if the certificate's file has the key too.
	Key string
	// PassphraseFile holds the PKCS#12 passphrase. Empty means the OS keyring: see [Config.Passphrase].
	PassphraseFile string
	// CABundle is a PEM file with certificate authorities to trust besides the system's.
	CABundle string

	// Agent is [AgentAuto] or [AgentByCommand].
	Agent string
	// AgentCommand is the program that prints a ticket, by its full path, and its arguments.
	AgentCommand []string
	// AgentPollInterval is how often the agent is asked whether the ticket is still there.
	AgentPollInterval time.Duration

	// CardRemoval is [RemovalByTicket] or [RemovalAlways].
	CardRemoval string

	// RequestTimeout bounds one call to e-RS.
	RequestTimeout time.Duration
	// KeyringTimeout bounds one call to the OS keyring that needs nobody's help.
	KeyringTimeout time.Duration
	// KeyringPromptTimeout bounds the wait for the user to unlock the keyring.
	KeyringPromptTimeout time.Duration
	// SessionMaxAge is the age at which a session is ended, 10 hours at most as Spine's.
	SessionMaxAge time.Duration
	// SendFQDN sends the certificate's common name as the header XAPI_FQDN, which an older public client did.
	SendFQDN bool
	// LogLevel is error, warning, info or debug.
	LogLevel string

	// Warnings tells what was left out without harm, such as an unknown environment variable.
	Warnings []*problem.Problem

	file    string
	origins map[string]Origin
}

// Sources is where settings are looked for. [System] fills it from the running system.
type Sources struct {
	// File is the settings file that the user named with --config. It must exist. Empty means UserFile.
	File string
	// UserFile is the settings file in its usual place, [DefaultFile]. It may be missing.
	UserFile string
	// Environ is the environment, in the form of os.Environ.
	Environ []string
	// Flags is the parsed command line; [AddFlags] has made its flags. Nil means no flags.
	Flags *pflag.FlagSet
	// Home is the user's home folder, for paths that start with ~/.
	Home string
	// Dir is the working directory: relative paths in the environment and on the command line start there.
	Dir string
}

// Load finds the value of every setting. The error is an *[Invalid], which lists a Problem for each value that cannot be used;
// the Config that comes with it has the default in the place of each of these.
//
// Load reads the settings file, 1 MiB at most, and no other. Whether the files that settings name can be read, and whether
// all that a real sign-in needs is there, is the question of [Config.RequireReal].
func Load(sources Sources) (Config, error) {
	table := Settings()
	var found findings
	layers := []layer{
		defaultLayer(table),
		fileLayer(table, sources, &found),
		environmentLayer(table, sources, &found),
		flagLayer(table, sources),
	}
	config := resolve(table, layers, sources.file(), &found)
	return config, found.err()
}

// resolve puts the layers on top of each other and reads the values that win.
func resolve(table []Setting, layers []layer, file string, found *findings) Config {
	config := Config{file: file}
	winners := koanf.New(".")
	from := make(map[string]layer, len(table))
	for _, l := range layers {
		if err := winners.Load(provider(l.values), nil); err != nil {
			// koanf fails only if the provider does, and ours has read everything already.
			found.add(problem.Unexpected.Because(err))
			continue
		}
		for key := range l.values {
			from[key] = l
		}
	}

	config.origins = make(map[string]Origin, len(table))
	refused := make(map[string]bool)
	for _, setting := range table {
		l := from[setting.Key]
		config.origins[setting.Key] = l.origin(setting)
		target := setting.bind(&config)
		err := target.set(winners.Get(setting.Key), l.place)
		if err == nil {
			continue
		}
		refused[setting.Key] = true
		found.add(unusable(setting, l.origin(setting), err))
		// The default is in the table and passes its own check: a test holds the table to that.
		_ = target.set(setting.Default, place{text: true})
	}

	if config.Agent == AgentByCommand && len(config.AgentCommand) == 0 && !refused["agent_command"] {
		found.add(missing(lookup(table, "agent_command"), file, "the agent is a command, and no command is named"))
	}
	config.Warnings = found.warnings
	return config
}

// Origin tells where the value of a setting came from. An unknown key has no origin, and the zero Origin is returned.
func (c Config) Origin(key string) Origin { return c.origins[key] }

// Value returns the value of a setting as it is written in the environment, for a list of all settings. No setting holds a
// secret, so all of them can be shown.
func (c Config) Value(key string) string {
	setting := lookup(Settings(), key)
	if setting.bind == nil {
		return ""
	}
	return setting.bind(&c).String()
}

// File returns the settings file that was read, or would have been if it existed.
func (c Config) File() string { return c.file }

// provider hands a layer's values to koanf.
type provider map[string]any

// Read returns the values.
func (p provider) Read() (map[string]any, error) { return p, nil }

var errParsed = errors.New("the values of this layer are parsed already")

// ReadBytes is koanf's other way to read, for providers whose bytes are still to be parsed.
func (p provider) ReadBytes() ([]byte, error) { return nil, errParsed }
