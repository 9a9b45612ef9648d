package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/secret"
)

// Shown returns the value of a setting for display, as it is written in the environment: for a list
// of settings, a support bundle. No setting is for a secret, but what may be one is masked: a
// command's arguments, the proxy's user name, and a file name that is none.
func (c Config) Shown(key string) string {
	value := c.Value(key)
	switch {
	case key == "agent_command":
		return commandText(masked(c.AgentCommand))
	case value != "" && (key == "proxy_user" || c.maybePasted(key, value)):
		return secret.Mask
	}
	return value
}

// maybePasted reports whether a path may be a secret pasted into the wrong line: no such file
// exists. Full paths are shown all the same, but for those of settings that name a secret's file.
func (c Config) maybePasted(key, value string) bool {
	setting := lookup(Settings(), key)
	if setting.Kind != KindPath && setting.Kind != KindFolder || !setting.namesSecret() && !c.relative[key] {
		return false
	}
	_, err := os.Stat(value)
	return err != nil
}

// Written returns what Shown does in the form of the settings file, so that all settings together
// are such a file.
func (c Config) Written(key string) string {
	setting := lookup(Settings(), key)
	if setting.field == nil {
		return ""
	}
	return setting.literal(c.Shown(key))
}

// isRelative reports whether a value was written as a path that starts at the folder of its place.
func isRelative(raw any) bool {
	path, ok := raw.(string)
	path = strings.TrimSpace(path)
	_, atHome := cutHome(path)
	return ok && path != "" && !atHome && !filepath.IsAbs(path)
}

// masked returns a command without its arguments, each of which may be a secret.
func masked(command []string) []string {
	if len(command) == 0 {
		return nil
	}
	return append([]string{command[0]}, slices.Repeat([]string{secret.Mask}, len(command)-1)...)
}

// literal writes a value, which has passed the setting's check, as TOML.
func (s Setting) literal(value string) string {
	switch s.Kind {
	case KindBool, KindPercent:
		return value
	case KindList:
		var words []string
		if json.Unmarshal([]byte(value), &words) != nil {
			break
		}
		for i := range words {
			words[i] = quote(words[i])
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	return quote(value)
}

// quote writes a text as a TOML string, with single quotation marks for the paths of Windows.
func quote(text string) string {
	plain := utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
	if plain && strings.ContainsAny(text, `\"`) && !strings.Contains(text, "'") {
		return "'" + text + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
