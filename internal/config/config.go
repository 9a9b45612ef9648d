// Package config defines every setting of the program, its permitted values, and where its value
// came from.
//
// A setting can stand in several places. In rising order: the built-in default, the computer's
// settings (the Windows installer's properties, and a file, TOML), the user's file, the user's
// choices in the window ([Config.Save]), the environment (ERS_LOGIN_*), the command line, and the
// policy of the organisation, which locks what it sets. Only the value that wins is looked at, so a
// broken one can be overridden while it is being repaired. Some settings are for one of the two
// platforms alone, which others decide ([ChoosePlatform]). There is one table, [Settings]: the
// files' keys, the variables, the flags, the values in the registry, the administrative templates,
// the example file and the reference in the documentation are made from it, so that none of them
// can disagree with the others.
//
// Each fault is a Problem that names the setting, the place and the remedy, and all are reported at
// once. Whether it stops a sign-in depends on who can put it right. A slip in the user's own file
// never does, as long as there is another value: it is a warning. A policy that cannot be read, or
// that its users could have written, always does, since a rule that is silently not applied is
// worse than a program that does not start.
//
// No setting holds a secret. A PKCS#12 passphrase and a client secret come from the OS keyring or
// from a file that only its owner can read ([Config.Passphrase], [Config.ClientSecret]); a key, variable or flag whose name sounds like a
// secret is refused without its value being shown. Nor is any other value repeated in an error,
// since what was pasted into the wrong line may well be a secret.
package config

import (
	"cmp"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/ers-login/ers-login/internal/problem"
)

// The words of settings that take one of a few. [Settings] says what they do.
const (
	PlatformAuto = "auto" // leaves the choice to [ChoosePlatform]
	PlatformHSCN = "hscn" // the Identity Agent, its tickets and A001 to A003
	PlatformFHIR = "fhir" // NHS Care Identity in the browser, and the e-RS FHIR API

	// NoDirectory is the value of directory_url that asks no directory.
	NoDirectory = "none"

	// The simulator is no agent: it belongs to the demonstration, and no setting turns a real sign-in
	// into a simulated one.
	AgentAuto      = "auto"
	AgentIdentity  = "identity-agent"
	AgentByCommand = "command"

	RemovalByTicket = "ticket"
	RemovalAlways   = "always"

	LockKeeps = "keep"
	LockEnds  = "end"

	// Besides these, the setting proxy can be an address.
	ProxyFromEnvironment = "environment" // HTTPS_PROXY and NO_PROXY
	ProxyNone            = "none"        // whatever the environment says

	CiphersStandard   = "standard"
	CiphersCompatible = "compatible"

	AuditDigest = "digest"
	AuditFull   = "full"

	LanguageAuto    = "auto"
	LanguageEnglish = "en"
	LanguageWelsh   = "cy"

	ThemeSystem       = "system"
	ThemeLight        = "light"
	ThemeDark         = "dark"
	ThemeHighContrast = "high-contrast"
)

// Config is the settings in force. Each field is the setting of its name, as [Settings] describes it.
// Paths are absolute or relative to the working directory, never to the file.
type Config struct {
	// Platform is what is set. The one in use is [Config.UsedPlatform].
	Platform string

	// BaseURL has no trailing slash, nor have the other addresses.
	BaseURL string
	// EnvironmentName may not count: see [Config.Environment].
	EnvironmentName string
	ASID            string
	// Certificate is a PEM or DER file, or a PKCS#12 file: see [Config.PKCS12]. Key is empty if the
	// certificate's file has the key too.
	Certificate, Key string
	// CertificateThumbprint is 40 hexadecimal digits in upper case. Certificate is empty then, unless
	// both stand in the same place: see [Config.RequireReal].
	CertificateThumbprint string
	// PassphraseFile is read by [Config.Passphrase].
	PassphraseFile string
	CABundle       string
	ServerName     string
	TLSCiphers     string

	Agent string
	// AgentCommand is the program, by its full path, and its arguments. It is empty with
	// [AgentIdentity].
	AgentCommand      []string
	AgentPollInterval time.Duration
	CardRemoval       string

	ClientID string
	// ClientSecretFile is read by [Config.ClientSecret].
	ClientSecretFile string
	// RedirectURI is a loopback address with a port, which is 0 for a broker: see [Config.Broker].
	RedirectURI           string
	FHIRBaseURL, OAuthURL string
	// OAuthEndpoints are three words, see [Config.Endpoints]. OAuthScope and ACRValues are sent as they are.
	OAuthEndpoints, OAuthScope, ACRValues string
	// DirectoryURL may be [NoDirectory].
	DirectoryURL  string
	SignInTimeout time.Duration
	// IdleTimeout is 0 for ever.
	IdleTimeout      time.Duration
	EndOnCardRemoval bool
	SharedLoopback   bool

	ScreenLock           string
	RequestTimeout       time.Duration
	KeyringTimeout       time.Duration
	KeyringPromptTimeout time.Duration
	// SessionMaxAge is 12 hours at most, as the gateway's. Each platform has a bound of its own.
	SessionMaxAge time.Duration
	// ClosingGrace is how long a session stays open at e-RS after its keyring entry is gone (A003's
	// rule). It may be 0.
	ClosingGrace time.Duration

	// Proxy has no user: that is ProxyUser, whose password is in the OS keyring.
	Proxy, ProxyUser string
	// SendFQDN is for servers that expect what an older public client did.
	SendFQDN       bool
	WindowsAliases bool

	// AuditDir is empty for the platform's place.
	AuditDir string
	// AuditKeep is three months (92 days) at least (LAL-001).
	AuditKeep      time.Duration
	AuditRequired  bool
	AuditSystemLog bool
	AuditSessionID string
	LogLevel       string

	Language string
	Theme    string
	// TextSize is in percent of the usual one.
	TextSize         int
	MinimiseOnSignIn bool

	// Warnings are the faults that do not stop the program: unknown environment variables, and
	// faults of the user's settings file. They are for the window and the log. One that keeps a user
	// from signing in is a Problem of [Config.RequireReal] as well: [Invalid.Discarded] leaves it out.
	Warnings []*problem.Problem

	file        string
	preferences settingsFile
	system      string
	origins     map[string]Origin
	// relative has the settings whose value was written as a relative path.
	relative map[string]bool
	barred   Layer
	// used is the platform in use, and both reports whether the other could be as well.
	used string
	both bool
}

// Sources is where settings are looked for. [System] fills it from the running system.
type Sources struct {
	// MachineFile is the settings file of the computer, and PolicyFile that of the organisation's policy.
	// They may be missing, and must not be writable by ordinary users.
	MachineFile, PolicyFile string
	// Machine reads the computer's settings outside a file, below it: the registry key that the Windows
	// installer fills. Policy reads the policy outside a file, above it: the Windows registry, managed
	// preferences. Nil means nothing.
	Machine, Policy PolicySource
	// File is the settings file named by --config. It must exist, and its faults are errors, as on
	// a command line. Empty means UserFile.
	File string
	// UserFile is the settings file in its usual place, [DefaultFile]. It may be missing, and its
	// faults are only warnings. The preferences are beside it.
	UserFile string
	// Environ is the environment, in the form of os.Environ.
	Environ []string
	// Flags is the parsed command line; [AddFlags] has made its flags. Nil means no flags.
	Flags *pflag.FlagSet

	// IdentityAgent reports whether the Identity Agent is installed; nil means that it is not. It is
	// called only if [PlatformAuto] depends on it.
	IdentityAgent func() bool
	// Trust returns why ordinary users might have written a file. Nil means [TrustOwner].
	Trust Trust
	// OS is the operating system as in runtime.GOOS, for the settings of one system. Empty means
	// the running one.
	OS string
	// Home is the user's home folder, for ~/. Dir is the working directory, the start of relative paths
	// in the environment and on the command line.
	Home, Dir string
}

// Load determines the value of every setting. The error is an *[Invalid] with a Problem for each
// unusable value, but for those that the Warnings have; the Config has the default instead of each.
// Load reads only the settings files, at most 1 MiB of each, and changes nothing. What a sign-in
// cannot go without is for [Config.RequireReal] to find.
func Load(sources Sources) (Config, error) {
	table := Settings()
	var found findings
	layers := []layer{
		fileLayer(table, sources.file(LayerMachine, sources.MachineFile), &found),
		fileLayer(table, sources.user(), &found),
		preferencesLayer(table, sources, &found),
		environmentLayer(table, sources, &found),
		flagLayer(table, sources),
		fileLayer(table, sources.file(LayerPolicy, sources.PolicyFile), &found),
	}
	layers = slices.Concat(
		[]layer{defaultLayer(table)},
		policyLayers(table, sources.Machine, LayerMachine, sources.Home, &found),
		layers,
		policyLayers(table, sources.Policy, LayerPolicy, sources.Home, &found),
	)
	config := resolve(table, layers, sources, &found)
	return config, found.err()
}

// resolve puts the layers on top of each other and reads the values that win. One that cannot be used
// gives way to the layer below if its own is forgiving.
func resolve(table []Setting, layers []layer, sources Sources, found *findings) Config {
	config := Config{
		file: sources.user().path, preferences: sources.preferences(), system: cmp.Or(sources.OS, runtime.GOOS),
		origins: make(map[string]Origin, len(table)), relative: make(map[string]bool),
	}
	slips := map[string][]*problem.Problem{}
	for _, setting := range table {
		for _, l := range slices.Backward(layers) {
			raw, ok := l.values[setting.Key]
			if !ok || setting.Managed && !l.manages(setting) && raw == setting.Default {
				continue // A managed setting may say nothing new, as in the output of ers-login config show.
			}
			origin, err := l.origin(setting), l.put(setting, &config, raw, config.system)
			if err != nil && l.forgiving {
				slips[setting.Key] = append(slips[setting.Key], unusable(setting, origin, err))
				continue
			}
			config.origins[setting.Key], config.relative[setting.Key] = origin, isRelative(raw)
			if err != nil {
				found.addFrom(origin.Layer, unusable(setting, origin, err))
				config.origins[setting.Key] = origin.unusable()
				// The default is in the table and passes its own check: a test holds the table to that.
				_ = setting.put(&config, setting.Default, place{text: true}, config.system)
			}
			break
		}
	}
	config.chooseCertificate(table)
	config.chooseAgent(table)
	for _, setting := range table {
		for _, slip := range slips[setting.Key] {
			found.warn(goingOn(slip, config.Shown(setting.Key)))
		}
	}
	config.used, config.both = ChoosePlatform(config, sources.IdentityAgent, time.Now())
	if config.lacksCommand() && config.Locked("agent") && !(&Invalid{Problems: found.problems}).isAbout("agent_command") {
		reason := errors.New("the policy says that tickets come from a command, but names no command")
		found.addFrom(LayerPolicy, unusable(lookup(table, "agent_command"), config.origins["agent_command"], reason))
	}
	config.Warnings, config.barred = found.warnings, found.barred
	return config
}

// lacksCommand reports whether tickets come from a command that is not named.
func (c Config) lacksCommand() bool {
	return c.UsedPlatform() == PlatformHSCN && c.Agent == AgentByCommand && len(c.AgentCommand) == 0
}

// chooseCertificate treats the certificate's file and the thumbprint as one choice: the upper layer
// decides. Within one layer they contradict each other, which RequireReal reports.
func (c *Config) chooseCertificate(table []Setting) {
	if c.Certificate == "" || c.CertificateThumbprint == "" {
		return
	}
	const file, thumbprint = "certificate", "certificate_thumbprint"
	switch in, stored := c.origins[file].Layer, c.origins[thumbprint].Layer; {
	case in < stored:
		c.yield(table, file, "", thumbprint)
	case in > stored:
		c.yield(table, thumbprint, "", file)
	}
}

// chooseAgent treats agent and agent_command as one choice where a policy sets one of them, since
// either could undo the other: of the two, only the policy's counts. Elsewhere, identity-agent as
// agent removes the command.
func (c *Config) chooseAgent(table []Setting) {
	agent, command := c.Locked("agent"), c.Locked("agent_command")
	if command && !agent {
		word := AgentByCommand
		if len(c.AgentCommand) == 0 {
			word = AgentAuto // which is the Identity Agent then
		}
		c.yield(table, "agent", word, "agent_command")
	}
	if agent && !command || c.Agent == AgentIdentity && len(c.AgentCommand) > 0 {
		c.yield(table, "agent_command", "", "agent")
	}
}

// yield gives a setting the value that follows from another one, which stands in its place.
func (c *Config) yield(table []Setting, key, value, other string) {
	winner := c.origins[other]
	// It is empty, or a word of the table.
	_ = lookup(table, key).put(c, value, place{text: true}, c.system)
	winner.place = problem.Words("{{.Setting}} is used instead: {{.Place}}").With("Setting", other).WithPhrase("Place", winner.place)
	c.origins[key] = winner
}

// Origin returns where the value of a setting came from, the zero Origin for an unknown key.
func (c Config) Origin(key string) Origin { return c.origins[key] }

// Locked reports whether the policy of the organisation has set a setting.
func (c Config) Locked(key string) bool { return c.origins[key].Layer == LayerPolicy }

// UnusableLayer returns the layer that is unusable or not trusted, [LayerPolicy] or [LayerMachine], or
// else [LayerDefault]. With a barred layer no setting may be acted on, not even for a diagnosis:
// the rule that is lost could forbid it. The look of the window and the keyring's time limits are
// exempt.
func (c Config) UnusableLayer() Layer { return c.barred }

// Value returns the value of a setting as it is written in the environment. To show it, use
// [Config.Shown].
func (c Config) Value(key string) string {
	return lookup(Settings(), key).of(c)
}
