package config

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/secret"
)

// Shown returns the value of a setting for somebody's eyes, as it is written in the environment: a list of all settings, a support
// bundle. No setting is for a secret, but the arguments of a command may hold one, so they are masked.
func (c Config) Shown(key string) string {
	if key == "agent_command" {
		command := masked(c.AgentCommand)
		return (&commandField{&command}).String()
	}
	return c.Value(key)
}

// Written returns what Shown does in the form of the settings file, so that all settings together are such a file.
func (c Config) Written(key string) string {
	setting := lookup(Settings(), key)
	if setting.bind == nil {
		return ""
	}
	return setting.literal(c.Shown(key))
}

// masked returns a command without its arguments: any of them may be a secret, whatever it is called.
func masked(command []string) []string {
	if len(command) == 0 {
		return nil
	}
	shown := []string{command[0]}
	for range command[1:] {
		shown = append(shown, secret.Mask)
	}
	return shown
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

// quote writes a text as a TOML string. Windows' paths stay readable: they stand between single quotation marks.
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
