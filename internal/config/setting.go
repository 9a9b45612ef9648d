package config

import (
	"fmt"
	"strings"
	"time"
)

// Kind is what sort of value a setting takes.
type Kind string

// The kinds of setting.
const (
	// KindString is a text.
	KindString Kind = "string"
	// KindPath names a file. A relative path in the settings file starts at the file's folder, one in the environment or on the
	// command line at the working directory; ~/ is the user's home.
	KindPath Kind = "path"
	// KindDuration is a number with a unit, such as 500ms, 15s or 1h30m.
	KindDuration Kind = "duration"
	// KindBool is true or false.
	KindBool Kind = "bool"
	// KindList is a program with its arguments. In the settings file it is a list of texts; in the environment and on the command
	// line a JSON array of texts, or one absolute path. No shell takes part.
	KindList Kind = "list"
	// KindEnum is one of a few words.
	KindEnum Kind = "enum"
)

// Setting is one row of the table: all there is to know about a setting.
type Setting struct {
	// Key is the name in the settings file. Flag and Environment, without and with prefix, are made from it.
	Key, Flag, Environment string
	Kind                   Kind
	// Default is the built-in value as it is written in the environment. Empty means that there is none.
	Default string
	// Required says that there is no sign-in without it, except in the demonstration.
	Required bool
	// Description says in one line what the setting is for.
	Description string
	// Allowed says in a few words which values can be used.
	Allowed string
	// Remedy is the sentence that helps whoever has to correct the value.
	Remedy string
	// Values are the words of an enum.
	Values []string
	// Lowest and Highest bound a duration, both included.
	Lowest, Highest time.Duration
	// Example is a value for the example file, in TOML.
	Example string

	// bind connects the row with its field of a Config.
	bind func(*Config) field
}

// Settings returns the table, in the order in which the documentation shows it.
func Settings() []Setting {
	table := []Setting{
		{
			Key: "base_url", Kind: KindString, Required: true,
			Description: "Address of the e-RS platform, as your organisation was given it.",
			Allowed:     "an https:// address, with its path, in 200 bytes of ASCII at most",
			Remedy:      "Give the whole address of the e-RS platform, starting with https:// and without user name, query or fragment.",
			Example:     `"https://api.dev1.ers.ncrs.nhs.uk/ers-api"`,
			bind:        func(c *Config) field { return &textField{&c.BaseURL, checkBaseURL} },
		},
		{
			Key: "asid", Kind: KindString, Required: true,
			Description: "Your organisation's accredited system id (ASID).",
			Allowed:     "12 digits",
			Remedy:      "Give the 12 digits of your organisation's ASID, in the settings file between quotation marks.",
			Example:     `"000000000000"`,
			bind:        func(c *Config) field { return &textField{&c.ASID, checkASID} },
		},
		{
			Key: "certificate", Kind: KindPath, Required: true,
			Description: "Your organisation's endpoint certificate.",
			Allowed:     "a PEM file, or a PKCS#12 file whose name ends in .p12 or .pfx",
			Remedy:      "Give the path of the file with the endpoint certificate, and see that this user can read it.",
			Example:     `"endpoint.pem"`,
			bind:        func(c *Config) field { return &pathField{&c.Certificate} },
		},
		{
			Key: "key", Kind: KindPath,
			Description: "Private key of a PEM certificate. A PKCS#12 file has its own.",
			Allowed:     "a PEM file; may be left out if the certificate's file has the key too",
			Remedy:      "Give the path of the PEM file with the certificate's private key, and see that this user can read it.",
			Example:     `"endpoint.key"`,
			bind:        func(c *Config) field { return &pathField{&c.Key} },
		},
		{
			Key: "passphrase_file", Kind: KindPath,
			Description: "File with the passphrase of a PKCS#12 certificate. Without it, the OS keyring is asked.",
			Allowed:     "a file with mode 0600 that belongs to the user or to root",
			Remedy: "Give the path of the file that holds the passphrase, not the passphrase, " +
				"and see that this user can read it.",
			Example: `"endpoint.passphrase"`,
			bind:    func(c *Config) field { return &pathField{&c.PassphraseFile} },
		},
		{
			Key: "ca_bundle", Kind: KindPath,
			Description: "Certificate authorities to trust besides the system's, such as the NHS root that e-RS uses.",
			Allowed:     "a PEM file",
			Remedy:      "Give the path of a PEM file with the certificate authorities, and see that this user can read it.",
			Example:     `"nhs-root.pem"`,
			bind:        func(c *Config) field { return &pathField{&c.CABundle} },
		},
		enum("agent", AgentAuto, []string{AgentAuto, AgentByCommand},
			"Where tickets come from: the Identity Agent of this computer, or the program named by agent_command.",
			func(c *Config) *string { return &c.Agent }),
		{
			Key: "agent_command", Kind: KindList,
			Description: "Program that prints a ticket, and its arguments. No shell takes part.",
			Allowed: "a list that starts with the program's full path; in the environment and on the command line " +
				"a JSON array, or one full path",
			Remedy:  "Give the program by its full path, with its arguments as further items of the list.",
			Example: `["/usr/local/bin/print-ticket", "--quiet"]`,
			bind:    func(c *Config) field { return &commandField{&c.AgentCommand} },
		},
		duration("agent_poll_interval", time.Second, 200*time.Millisecond, time.Minute,
			"How often the agent is asked whether the ticket is still there.",
			func(c *Config) *time.Duration { return &c.AgentPollInterval }),
		enum("card_removal", RemovalByTicket, []string{RemovalByTicket, RemovalAlways},
			"What ends the session when the card is removed: its ticket being gone, or the removal alone, even where the Identity "+
				"Agent keeps the ticket (mobility, session lock persistence). Where readers cannot be watched, the ticket decides.",
			func(c *Config) *string { return &c.CardRemoval }),
		duration("request_timeout", 15*time.Second, time.Second, 2*time.Minute,
			"Longest wait for one answer of e-RS.",
			func(c *Config) *time.Duration { return &c.RequestTimeout }),
		duration("keyring_timeout", 5*time.Second, time.Second, time.Minute,
			"Longest wait for the OS keyring.",
			func(c *Config) *time.Duration { return &c.KeyringTimeout }),
		duration("keyring_prompt_timeout", time.Minute, 10*time.Second, 10*time.Minute,
			"Longest wait for the user to unlock the OS keyring.",
			func(c *Config) *time.Duration { return &c.KeyringPromptTimeout }),
		duration("session_max_age", 10*time.Hour, 5*time.Minute, 10*time.Hour,
			"Age at which a session is ended.",
			func(c *Config) *time.Duration { return &c.SessionMaxAge }),
		{
			Key: "send_fqdn", Kind: KindBool, Default: "false",
			Description: "Send the certificate's common name as the header XAPI_FQDN, for platforms that ask for it.",
			Allowed:     "true or false",
			Remedy:      "Give true or false, in the settings file without quotation marks.",
			Example:     "true",
			bind:        func(c *Config) field { return &boolField{&c.SendFQDN} },
		},
		enum("log_level", "info", []string{"error", "warning", "info", "debug"},
			"How much is written to the log.",
			func(c *Config) *string { return &c.LogLevel }),
	}
	for i := range table {
		setting := &table[i]
		setting.Flag = strings.ReplaceAll(setting.Key, "_", "-")
		setting.Environment = environmentPrefix + strings.ToUpper(setting.Key)
	}
	return table
}

// enum makes the row of a setting that is one of a few words.
func enum(key, standard string, values []string, description string, of func(*Config) *string) Setting {
	allowed := strings.Join(values, ", ")
	return Setting{
		Key: key, Kind: KindEnum, Default: standard, Values: values,
		Description: description,
		Allowed:     allowed,
		Remedy:      "Give one of these words: " + allowed + ".",
		Example:     `"` + standard + `"`,
		bind:        func(c *Config) field { return &enumField{of(c), values} },
	}
}

// duration makes the row of a time-out or interval.
func duration(
	key string, standard, lowest, highest time.Duration, description string, of func(*Config) *time.Duration,
) Setting {
	return Setting{
		Key: key, Kind: KindDuration, Default: brief(standard), Lowest: lowest, Highest: highest,
		Description: description,
		Allowed:     brief(lowest) + " to " + brief(highest),
		Remedy: fmt.Sprintf("Give a time from %s to %s with its unit, such as %s.",
			brief(lowest), brief(highest), brief(standard)),
		Example: `"` + brief(standard) + `"`,
		bind:    func(c *Config) field { return &durationField{of(c), lowest, highest} },
	}
}

// brief writes a duration without the parts that are zero: 10h, not 10h0m0s.
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// lookup returns the row of a key, or a zero Setting.
func lookup(table []Setting, key string) Setting {
	for _, setting := range table {
		if setting.Key == key {
			return setting
		}
	}
	return Setting{}
}
