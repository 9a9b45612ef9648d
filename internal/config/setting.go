package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind is what sort of value a setting takes.
type Kind string

// The kinds of setting.
const (
	KindString   Kind = "string"
	KindDuration Kind = "duration" // a number with a unit, such as 500ms, 15s or 1h30m
	KindBool     Kind = "bool"
	KindEnum     Kind = "enum"
	KindPercent  Kind = "percent" // a whole number, with or without a % sign in a text
	// KindPath names a file, and KindFolder a folder, which need not exist. Relative paths start at the
	// settings file's folder, or at the working directory in the environment and on the command line;
	// ~/ is the user's home.
	KindPath   Kind = "path"
	KindFolder Kind = "folder"
	// KindList is a program with its arguments: in the settings file a list of strings; in the
	// environment and on the command line a JSON array of strings, or one absolute path. No shell
	// is involved.
	KindList Kind = "list"
)

// Setting is one row of the table: the whole definition of a setting.
type Setting struct {
	// Key is the name in the settings file. Flag and Environment, without and with prefix, are made from it.
	Key, Flag, Environment string
	Kind                   Kind
	// Default is the built-in value as it is written in the environment. Empty means that there is none.
	Default string
	// Required reports whether a real sign-in needs it, or the setting that Instead names, if any.
	Required bool
	Instead  string
	// Only is the operating system of the setting, as in runtime.GOOS, and Platform is [PlatformHSCN] or
	// [PlatformFHIR]. Empty means all.
	Only, Platform string
	// UserChangeable reports whether the window offers the setting, and [Config.Save] keeps the
	// choice.
	UserChangeable bool
	// Managed reports whether only the computer's own settings and the policy can set it: a user's
	// file, variable or flag is refused.
	Managed bool
	// Description says in one line what the setting is for, Allowed in a few words which values can be
	// used, and Remedy in a sentence how to correct one.
	Description, Allowed, Remedy string
	// Values are the words of an enum. Lowest and Highest bound a duration, Least and Most a percentage,
	// all included.
	Values          []string
	Lowest, Highest time.Duration
	Least, Most     int
	// Example is a value for the example file, in TOML.
	Example string

	// field points to the row's field of a Config, whose type is that of the kind.
	field func(*Config) any
	// check returns the text of a [KindString] as it is kept.
	check func(string) (string, error)
}

// Settings returns the table, in the order in which the documentation shows it.
func Settings() []Setting {
	table := []Setting{
		enum("platform", PlatformAuto, []string{PlatformAuto, PlatformHSCN, PlatformFHIR},
			"How users sign in: with the Identity Agent and a smartcard (hscn), or with NHS Care Identity in the browser (fhir). With auto it is "+
				"fhir if client_id is set, and else hscn. Where base_url and the Identity Agent or agent_command are there besides, it is hscn "+
				"until 28 February 2027, when that platform ends, and fhir after it.",
			func(c *Config) any { return &c.Platform }),
		{
			Key: "base_url", Platform: PlatformHSCN, Kind: KindString, Required: true,
			Description: "Address of the e-RS platform that your organisation was given.",
			Allowed:     "an https:// address with its path, at most 200 bytes of ASCII",
			Remedy:      "Give the whole address of the e-RS platform, starting with https:// and without user name, query or fragment.",
			Example:     `"https://api.dev1.ers.ncrs.nhs.uk/ers-api"`,
			field:       func(c *Config) any { return &c.BaseURL }, check: checkBaseURL,
		},
		{
			Key: "environment_name", Kind: KindString,
			Description: "Name of the test environment at base_url, which the window shows. Use live for the live e-RS, which has no mark in the " +
				"window. Without this setting, the host of base_url decides. It is ignored if base_url is set in a place that overrides this one.",
			Allowed: fmt.Sprintf("live, or a name of at most %d characters", maxEnvironmentName),
			Remedy:  fmt.Sprintf("Give the word live, or a short name such as Training, of at most %d characters.", maxEnvironmentName),
			Example: `"Training"`,
			field:   func(c *Config) any { return &c.EnvironmentName }, check: checkEnvironmentName,
		},
		{
			Key: "asid", Platform: PlatformHSCN, Kind: KindString, Required: true,
			Description: "Your organisation's accredited system ID (ASID).",
			Allowed:     "12 digits",
			Remedy:      "Give the 12 digits of your organisation's ASID, in quotation marks in the settings file.",
			Example:     `"000000000000"`,
			field:       func(c *Config) any { return &c.ASID }, check: checkASID,
		},
		{
			Key: "certificate", Platform: PlatformHSCN, Kind: KindPath, Required: true, Instead: "certificate_thumbprint",
			Description: "Your organisation's endpoint certificate.",
			Allowed:     "a PEM or DER file, or a PKCS#12 file whose name ends in .p12 or .pfx",
			Remedy: "Give the path of the file with the endpoint certificate, and make sure that this " +
				"user can read it.",
			Example: `"endpoint.pem"`,
			field:   func(c *Config) any { return &c.Certificate },
		},
		{
			Key: "certificate_thumbprint", Platform: PlatformHSCN, Kind: KindString, Only: "windows",
			Description: "The endpoint certificate, if it is in the Windows certificate store of the user or the computer: its SHA-1 thumbprint.",
			Allowed:     "40 hexadecimal digits, with or without blanks and colons, as Windows shows them; on Windows only",
			Remedy: "Give the 40 hexadecimal digits that Windows shows as the certificate's thumbprint. On other systems, use the setting " +
				"certificate.",
			Example: `"A9993E364706816ABA3E25717850C26C9CD0D89D"`,
			field:   func(c *Config) any { return &c.CertificateThumbprint }, check: checkThumbprint,
		},
		{
			Key: "key", Platform: PlatformHSCN, Kind: KindPath,
			Description: "Private key of a PEM certificate. A PKCS#12 file has its own.",
			Allowed:     "a PEM or DER file; may be left out if the certificate's file has the key too",
			Remedy: "Give the path of the PEM file with the certificate's private key, and make sure " +
				"that this user can read it.",
			Example: `"endpoint.key"`,
			field:   func(c *Config) any { return &c.Key },
		},
		{
			Key: "passphrase_file", Platform: PlatformHSCN, Kind: KindPath,
			Description: "File with the passphrase of a PKCS#12 certificate or of an encrypted key. Without it, e-RS Login looks in the OS keyring.",
			Allowed:     "a file with mode 0600 that belongs to the user or to root",
			Remedy: "Give the path of the file that holds the passphrase, not the passphrase, and make " +
				"sure that this user can read it.",
			Example: `"endpoint.passphrase"`,
			field:   func(c *Config) any { return &c.PassphraseFile },
		},
		{
			Key: "ca_bundle", Kind: KindPath,
			Description: "Certificate authorities to trust for e-RS: the NHS root. Without it, e-RS Login trusts those of the system. With fhir, they are trusted " +
				"as well as those of the system.",
			Allowed: "a PEM or DER file",
			Remedy: "Give the path of a PEM file with the certificate authorities, and make sure that " +
				"this user can read it.",
			Example: `"nhs-root.pem"`,
			field:   func(c *Config) any { return &c.CABundle },
		},
		managed(Setting{
			Key: "server_name", Platform: PlatformHSCN, Kind: KindString,
			Description: "Name that the certificate of e-RS must have, instead of the host of base_url. The name must be a subject alternative name " +
				"or, if the certificate has none, the common name. It is also sent to the server as SNI.",
			Allowed: "a host name or an IP address",
			Remedy:  "Give only the host name or IP address, without https://, a port or a path.",
			Example: `"ers.example.nhs.uk"`,
			field:   func(c *Config) any { return &c.ServerName }, check: checkServerName,
		}),
		on(PlatformHSCN, managed(enum("tls_ciphers", CiphersStandard, []string{CiphersStandard, CiphersCompatible},
			"Cipher suites of TLS 1.2 for e-RS: only those with forward secrecy (standard), or also those with RSA key exchange, for a server without others (compatible).",
			func(c *Config) any { return &c.TLSCiphers }))),
		on(PlatformHSCN, enum("agent", AgentAuto, []string{AgentAuto, AgentIdentity, AgentByCommand},
			"Where tickets come from: the program in agent_command if there is one, otherwise the Identity Agent (auto); only the "+
				"Identity Agent (identity-agent); or only that program (command). A policy that sets agent or agent_command locks both.",
			func(c *Config) any { return &c.Agent })),
		{
			Key: "agent_command", Platform: PlatformHSCN, Kind: KindList,
			Description: "Program that prints a ticket, and its arguments. No shell is used.",
			Allowed: "a list that starts with the program's full path; in the environment and on the command line " +
				"a JSON array, or one full path",
			Remedy:  "Give the full path of the program, then each argument as another item of the list.",
			Example: `["/usr/local/bin/print-ticket", "--quiet"]`,
			field:   func(c *Config) any { return &c.AgentCommand },
		},
		on(PlatformHSCN, duration("agent_poll_interval", time.Second, 200*time.Millisecond, time.Minute,
			"How often e-RS Login checks with the agent that the ticket is still valid. While a card is in and there is no ticket, it asks "+
				"four times as often (by default every 250 ms, and never more often than every 200 ms), for two minutes after the last change.",
			func(c *Config) any { return &c.AgentPollInterval })),
		on(PlatformHSCN, enum("card_removal", RemovalByTicket, []string{RemovalByTicket, RemovalAlways},
			"What ends the session when the card is removed: the end of the ticket (ticket), or the removal itself (always), even if the Identity "+
				"Agent keeps the ticket (mobility, session lock persistence). Only readers that had a card at sign-in "+
				"count. If e-RS Login cannot see the readers, the ticket decides.",
			func(c *Config) any { return &c.CardRemoval })),
		{
			Key: "client_id", Platform: PlatformFHIR, Kind: KindString, Required: true,
			Description: "Client id (API key) of your organisation's application, as it is registered with the NHS API platform or the broker.",
			Allowed:     "up to 256 characters of ASCII without blanks",
			Remedy:      "Give the client id, or API key, of the registered application, and not its secret.",
			Example:     `"Your-Application-Key-0123456789"`,
			field:       func(c *Config) any { return &c.ClientID }, check: checkClientID,
		},
		{
			Key: "client_secret_file", Platform: PlatformFHIR, Kind: KindPath,
			Description: "File with the client secret of that application. Without it, the OS keyring is asked. A broker, whose redirect_uri has port 0, " +
				"needs none.",
			Allowed: "a file with mode 0600 that belongs to the user or to root",
			Remedy: "Give the path of the file that holds the client secret, not the secret, " +
				"and make sure that this user can read it.",
			Example: `"client.secret"`,
			field:   func(c *Config) any { return &c.ClientSecretFile },
		},
		{
			Key: "redirect_uri", Platform: PlatformFHIR, Kind: KindString, Default: "http://localhost:8149/callback",
			Description: "Address on this computer that the browser comes back to, exactly as it is registered. Port 0 means any free port and no client " +
				"secret: for a broker, never for the NHS API platform itself.",
			Allowed: "an http:// address of localhost, 127.0.0.1 or [::1] with a port and a path",
			Remedy:  "Give the redirect URI as it is registered, for example http://localhost:8149/callback.",
			Example: `"http://localhost:8149/callback"`,
			field:   func(c *Config) any { return &c.RedirectURI }, check: checkRedirectURI,
		},
		address("fhir_base_url", "https://api.service.nhs.uk/referrals/FHIR",
			"Address of the e-RS FHIR API.",
			func(c *Config) any { return &c.FHIRBaseURL }),
		address("oauth_url", "https://api.service.nhs.uk/oauth2",
			"Address of the OAuth 2 server that users sign in at: that of the NHS API platform, or a broker of your organisation's.",
			func(c *Config) any { return &c.OAuthURL }),
		{
			Key: "oauth_endpoints", Platform: PlatformFHIR, Kind: KindString, Default: "authorize token userinfo",
			Description: "Last parts of the OAuth 2 server's three addresses, for a broker that has others.",
			Allowed:     "three words, with blanks between them: to sign in, for tokens, for user information",
			Remedy:      "Give three words with blanks between them, such as authorize token userinfo.",
			Example:     `"auth token me"`,
			field:       func(c *Config) any { return &c.OAuthEndpoints }, check: checkEndpoints,
		},
		{
			Key: "oauth_scope", Platform: PlatformFHIR, Kind: KindString,
			Description: "Scopes to ask for, for a broker that wants them.",
			Allowed:     "words with blanks between them, in 500 bytes at most",
			Remedy:      "Give the scopes with blanks between them, such as openid offline_access.",
			Example:     `"openid offline_access"`,
			field:       func(c *Config) any { return &c.OAuthScope }, check: checkScope,
		},
		{
			Key: "acr_values", Platform: PlatformFHIR, Kind: KindString, Default: "AAL2_OR_AAL3_ANY",
			Description: "Levels of authentication to ask for.",
			Allowed:     "words with blanks between them, in 500 bytes at most",
			Remedy:      "Give a level of NHS Care Identity, such as AAL2_OR_AAL3_ANY or AAL3_ANY.",
			Example:     `"AAL3_ANY"`,
			field:       func(c *Config) any { return &c.ACRValues }, check: checkScope,
		},
		{
			Key: "directory_url", Platform: PlatformFHIR, Kind: KindString,
			Default:     "https://directory.spineservices.nhs.uk/ORD/2-0-0/organisations",
			Description: "Address of the directory that organisations' names are looked up in, or none to show them by their codes.",
			Allowed:     "none, or an https:// address, with its path, in 200 bytes of ASCII at most",
			Remedy:      "Give the word none, or the whole address of the directory, starting with https:// and without user name, query or fragment.",
			Example:     `"none"`,
			field:       func(c *Config) any { return &c.DirectoryURL }, check: checkDirectory,
		},
		on(PlatformFHIR, duration("sign_in_timeout", 5*time.Minute, 30*time.Second, time.Hour,
			"Longest time to sign in in the browser.",
			func(c *Config) any { return &c.SignInTimeout })),
		on(PlatformFHIR, duration("idle_timeout", 15*time.Minute, 0, 12*time.Hour,
			"Time without use of the computer after which the session is ended, where the desktop says how long that is; 0s never ends it so.",
			func(c *Config) any { return &c.IdleTimeout })),
		on(PlatformFHIR, boolean("end_on_card_removal", true,
			"End the session when a smartcard is removed from a reader that had one at the sign-in.",
			func(c *Config) any { return &c.EndOnCardRemoval })),
		managed(on(PlatformFHIR, boolean("shared_loopback", false,
			"Let users sign in without a broker on a computer with several log-on sessions, where another user could take the port of redirect_uri.",
			func(c *Config) any { return &c.SharedLoopback }))),
		enum("screen_lock", LockKeeps, []string{LockKeeps, LockEnds},
			"What happens to the session when the screen is locked or another user starts to use the computer.",
			func(c *Config) any { return &c.ScreenLock }),
		duration("request_timeout", 15*time.Second, time.Second, 2*time.Minute,
			"Longest wait for a response from e-RS.",
			func(c *Config) any { return &c.RequestTimeout }),
		duration("keyring_timeout", 5*time.Second, time.Second, time.Minute,
			"Longest wait for the OS keyring.",
			func(c *Config) any { return &c.KeyringTimeout }),
		duration("keyring_prompt_timeout", time.Minute, 10*time.Second, 10*time.Minute,
			"Longest wait for the user to unlock the OS keyring.",
			func(c *Config) any { return &c.KeyringPromptTimeout }),
		duration("session_max_age", 12*time.Hour, time.Minute, 12*time.Hour,
			"Age at which e-RS Login ends a session. With hscn it is 10 hours at most, as long as a ticket lasts.",
			func(c *Config) any { return &c.SessionMaxAge }),
		on(PlatformHSCN, duration("closing_grace", 2*time.Second, 0, 10*time.Second,
			"When you sign out or switch role: how long the session stays open at e-RS after its keyring entry is removed, so that other "+
				"applications can finish calls in progress.",
			func(c *Config) any { return &c.ClosingGrace })),
		{
			Key: "proxy", Kind: KindString, Default: ProxyFromEnvironment,
			Description: "How to reach e-RS: as set in the environment (HTTPS_PROXY, NO_PROXY), without a proxy, or through a given proxy.",
			Allowed:     "environment, none, or an address such as http://proxy.example.nhs.uk:8080, with its port",
			Remedy: "Give the word environment, the word none, or the proxy's address with http:// or https:// and its port, without a user name " +
				"or password.",
			Example: `"http://proxy.example.nhs.uk:8080"`,
			field:   func(c *Config) any { return &c.Proxy }, check: checkProxy,
		},
		{
			Key: "proxy_user", Kind: KindString,
			Description: "User name for a proxy that asks for one (Basic). The password is in the OS keyring.",
			Allowed:     "a name without a colon, at most 256 bytes",
			Remedy:      "Give only the user name. To store the password in the OS keyring, run ers-login proxy-password.",
			Example:     `"workstation-12"`,
			field:       func(c *Config) any { return &c.ProxyUser }, check: checkProxyUser,
		},
		on(PlatformHSCN, boolean("send_fqdn", false, "Send the certificate's common name as the header XAPI_FQDN, for platforms that ask for it.",
			func(c *Config) any { return &c.SendFQDN })),
		boolean("windows_aliases", true, "Write extra keyring entries for readers that expect UTF-16 text (Windows only).",
			func(c *Config) any { return &c.WindowsAliases }),
		{
			Key: "audit_dir", Kind: KindFolder,
			Description: "Folder of the audit log. Without it, the usual folder of the system.",
			Allowed:     "a folder that the user can write to",
			Remedy:      "Give the path of a folder that this user can write to.",
			Example:     `"audit"`,
			field:       func(c *Config) any { return &c.AuditDir },
		},
		duration("audit_keep", 92*24*time.Hour, 92*24*time.Hour, 3650*24*time.Hour,
			"How long audit records are kept. 2208h is 92 days, the minimum for e-RS.",
			func(c *Config) any { return &c.AuditKeep }),
		boolean("audit_required", false, "Refuse to sign in when the audit log cannot be written.",
			func(c *Config) any { return &c.AuditRequired }),
		boolean("audit_system_log", false, "Also write the audit records to syslog or the Windows Event Log.",
			func(c *Config) any { return &c.AuditSystemLog }),
		on(PlatformHSCN, enum("audit_session_id", AuditDigest, []string{AuditDigest, AuditFull},
			"How the audit log names a session: by a digest of its ID (digest), or by the ID itself, which is a key while the session is open (full).",
			func(c *Config) any { return &c.AuditSessionID })),
		enum("log_level", "info", []string{"error", "warning", "info", "debug"},
			"How much is written to the log.",
			func(c *Config) any { return &c.LogLevel }),
		inWindow(enum("language", LanguageAuto, []string{LanguageAuto, LanguageEnglish, LanguageWelsh},
			"Language of the window: the same as the desktop (auto), English or Welsh.",
			func(c *Config) any { return &c.Language })),
		inWindow(enum("theme", ThemeSystem, []string{ThemeSystem, ThemeLight, ThemeDark, ThemeHighContrast},
			"Colours of the window: the same as the desktop, or always light, dark or high contrast.",
			func(c *Config) any { return &c.Theme })),
		inWindow(Setting{
			Key: "text_size", Kind: KindPercent, Default: "100", Least: 80, Most: 200,
			Description: "Size of text in the window, as a percentage of the usual size.",
			Allowed:     "a whole number from 80 to 200",
			Remedy:      "Give a whole number from 80 to 200, in the settings file without quotation marks.",
			Example:     "100",
			field:       func(c *Config) any { return &c.TextSize },
		}),
		inWindow(boolean("minimise_on_sign_in", false, "Minimise the window once you are signed in.",
			func(c *Config) any { return &c.MinimiseOnSignIn })),
	}
	for i := range table {
		setting := &table[i]
		setting.Flag = strings.ReplaceAll(setting.Key, "_", "-")
		setting.Environment = environmentPrefix + strings.ToUpper(setting.Key)
	}
	return table
}

// enum makes the row of a setting that is one of a few words.
func enum(key, standard string, values []string, description string, of func(*Config) any) Setting {
	allowed := strings.Join(values, ", ")
	return Setting{
		Key: key, Kind: KindEnum, Default: standard, Values: values,
		Description: description,
		Allowed:     allowed,
		Remedy:      "Give one of these words: " + allowed + ".",
		Example:     `"` + standard + `"`,
		field:       of,
	}
}

// boolean makes the row of a setting that is on or off. Its example is the less usual of the two.
func boolean(key string, standard bool, description string, of func(*Config) any) Setting {
	return Setting{
		Key: key, Kind: KindBool, Default: strconv.FormatBool(standard),
		Description: description,
		Allowed:     "true or false",
		Remedy:      "Give true or false, in the settings file without quotation marks.",
		Example:     strconv.FormatBool(!standard),
		field:       of,
	}
}

// address makes the row of an https address of the FHIR platform.
func address(key, standard, description string, of func(*Config) any) Setting {
	return Setting{
		Key: key, Platform: PlatformFHIR, Kind: KindString, Default: standard,
		Description: description,
		Allowed:     "an https:// address, with its path, in 200 bytes of ASCII at most",
		Remedy:      "Give the whole address, starting with https:// and without user name, query or fragment.",
		Example:     `"` + standard + `"`,
		field:       of, check: checkAddress,
	}
}

// on marks the row of a setting of one platform.
func on(platform string, setting Setting) Setting {
	setting.Platform = platform
	return setting
}

// IsFor reports whether a platform has a use for the setting.
func (s Setting) IsFor(platform string) bool { return s.Platform == "" || s.Platform == platform }

// inWindow marks the row of a setting that the window offers to its user.
func inWindow(setting Setting) Setting {
	setting.UserChangeable = true
	return setting
}

// managed marks the row of a setting that could weaken what a computer trusts.
func managed(setting Setting) Setting {
	setting.Managed = true
	setting.Allowed += "; only in the computer's settings file or the policy"
	return setting
}

// duration makes the row of a time-out or interval.
func duration(
	key string, standard, lowest, highest time.Duration, description string, of func(*Config) any,
) Setting {
	return Setting{
		Key: key, Kind: KindDuration, Default: brief(standard), Lowest: lowest, Highest: highest,
		Description: description,
		Allowed:     brief(lowest) + " to " + brief(highest),
		Remedy: fmt.Sprintf("Give a time from %s to %s with its unit, such as %s.",
			brief(lowest), brief(highest), brief(standard)),
		Example: `"` + brief(standard) + `"`,
		field:   of,
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

// put checks a value and stores it in the setting's field. A value from a settings file has TOML's
// type, one from elsewhere is a string. Errors never contain the value: a secret may have been pasted
// into the wrong line.
func (s Setting) put(c *Config, raw any, from place, system string) (err error) {
	made := *c
	switch target := s.field(&made).(type) {
	case *string:
		*target, err = s.readText(raw, from)
	case *time.Duration:
		*target, err = readDuration(raw, from, s.Lowest, s.Highest)
	case *bool:
		*target, err = readBool(raw, from)
	case *int:
		*target, err = readPercent(raw, from, s.Least, s.Most)
	case *[]string:
		*target, err = readCommand(raw, from)
	}
	switch {
	case err != nil:
		return err
	case s.Default != "" && s.of(made) == "":
		return errors.New("it is empty")
	case s.Only != "" && s.Only != system && s.of(made) != "":
		return errors.New("this setting is for another operating system")
	}
	*c = made
	return nil
}

// of returns the setting's value as it is written in the environment, or nothing for a zero Setting.
func (s Setting) of(c Config) string {
	if s.field == nil {
		return ""
	}
	switch value := s.field(&c).(type) {
	case *string:
		return *value
	case *time.Duration:
		return brief(*value)
	case *bool:
		return strconv.FormatBool(*value)
	case *int:
		return strconv.Itoa(*value)
	case *[]string:
		return commandText(*value)
	default:
		return ""
	}
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
