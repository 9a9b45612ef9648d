package problem_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
)

var untrusted = &problem.Problem{
	Code:     "TLS-UNTRUSTED",
	Title:    "e-RS could not be verified",
	Happened: "Its certificate comes from {{.Issuer}}, which {{.Store}} does not have.",
	Steps:    []string{"Press **Try again**."},
}

// A template is used by many sign-ins at once: filling one must not change the next one's text.
func TestTemplatesAreNotChanged(t *testing.T) {
	first := untrusted.With("Issuer", "Proxy CA").With("Store", "the system")
	second := untrusted.With("Issuer", "Another CA")
	assert.Equal(t, "Its certificate comes from Proxy CA, which the system does not have.", first.Expand(first.Happened))
	assert.Equal(t, "Its certificate comes from Another CA, which {{.Store}} does not have.", second.Expand(second.Happened))
	assert.Nil(t, untrusted.Args)
	assert.Equal(t, untrusted.Title, untrusted.Expand(untrusted.Title))
}

// The log needs the cause and the flow decides by it, so that both must survive the way up.
func TestTheCauseIsInTheChain(t *testing.T) {
	made := untrusted.Because(context.DeadlineExceeded)
	wrapped := fmt.Errorf("sign-in: %w", made)
	assert.ErrorIs(t, wrapped, context.DeadlineExceeded)
	assert.ErrorIs(t, wrapped, untrusted, "a template is a sentinel")
	assert.NotErrorIs(t, wrapped, &problem.Problem{Code: "TLS-NAME"})
	assert.Same(t, made, problem.Of(wrapped))
	assert.Equal(t, "TLS-UNTRUSTED: e-RS could not be verified: context deadline exceeded", made.Error())
	assert.Equal(t, "TLS-UNTRUSTED: e-RS could not be verified", untrusted.Error())
}

// On the command line there is no button, and nothing below the steps; what was filled in from outside stays as it is.
func TestTerminalSteps(t *testing.T) {
	made := (&problem.Problem{
		Code: "NET-CUT",
		Steps: []string{
			"Look at {{.Host}}, then press **Try again**.", "Press **Try again** to start over.", "Ask for {{.Host}}, with the reference below.",
		},
	}).With("Host", "Press **Try again** {{.Host}}")
	assert.Equal(t, []string{
		"Look at Press **Try again** {{.Host}}, then run the command again.", "Run the command again to start over.",
		"Ask for Press **Try again** {{.Host}}, with the reference NET-CUT.",
	}, made.TerminalSteps())
	made.Terminal = []string{"Unlock {{.Host}}, and give them the reference below."}
	assert.Equal(t, []string{"Unlock Press **Try again** {{.Host}}, and give them the reference NET-CUT."}, made.TerminalSteps())
	assert.Equal(t, "Press **Try again** to start over.", made.WhatToDo()[1], "the window's steps stay")
}

// A Problem that a user can do nothing about leads to the service desk.
func TestWithoutSteps(t *testing.T) {
	p := &problem.Problem{Code: "X", ServiceDesk: []string{"Mend it."}}
	assert.Equal(t, []string{"Contact your local service desk and quote the reference below."}, p.WhatToDo())
	assert.Equal(t, []string{"Contact your local service desk and quote the reference X."}, p.TerminalSteps())
	p.Steps = []string{"Press **Try again**."}
	assert.Equal(t, p.Steps, p.WhatToDo())
}

// An unforeseen failure still gets a screen.
func TestOf(t *testing.T) {
	require.Nil(t, problem.Of(nil))
	unknown := errors.New("something new")
	found := problem.Of(unknown)
	assert.Equal(t, "UNEXPECTED", found.Code)
	assert.ErrorIs(t, found, unknown)
}

// Text from another machine must not break the screen or the log.
func TestClean(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		limit int
		want  string
	}{
		"as it is":           {"NHS Root", 20, "NHS Root"},
		"lines and tabs":     {"a\r\nb\tc", 20, "a b c"},
		"control characters": {"a\x00b\x1b[31mc\x7f", 20, "a b [31mc"},
		"C1":                 {"a\u009b31mb\u0085c\u0080", 20, "a 31mb c"},
		"C1, as bytes":       {"a\x9b31mb", 20, "a\ufffd31mb"},
		"direction":          {"Dr \u202eeno\u202c \u2066x\u2069\u200f\u200e\u061c", 20, "Dr eno x"},
		"nothing to see":     {"O\u200bBri\u00aden\u2060\ufeff\u200d\U000e0041", 20, "OBrien"},
		"other spaces":       {"a\u00a0b\u2028c\u2029d\u3000e", 20, "a b c d e"},
		"private use":        {"a\ue000b\U000f0000", 20, "ab"},
		"letters of all":     {"Łukasz Ó Briain 李 مريم ไทย", 40, "Łukasz Ó Briain 李 مريم ไทย"},
		"many blanks":        {"  a    b  ", 20, "a b"},
		"cut at the limit":   {strings.Repeat("é", 30), 10, strings.Repeat("é", 9) + "…"},
		"just fits":          {strings.Repeat("é", 10), 10, strings.Repeat("é", 10)},
		"empty":              {"", 10, ""},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, problem.Clean(test.text, test.limit)) })
	}
}

// FuzzClean: whatever comes from outside, what is shown of it has printable characters and single blanks, within the limit.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "NHS Root", "a\u202eb\u009b\u200b", "\xff\xc2", "  ", "\u00a0x"} {
		f.Add(seed, uint8(10))
	}
	f.Fuzz(func(t *testing.T, text string, limit uint8) {
		most := int(limit) + 1
		cleaned := problem.Clean(text, most)
		for _, shown := range []string{
			cleaned, untrusted.With("Issuer", text).Args["Issuer"], untrusted.WithPhrase("Issuer", problem.Verbatim(text)).Args["Issuer"],
			untrusted.WithPhrase("Issuer", problem.Verbatim(text)).ExpandIn("{{.Issuer}}", problem.Phrase.String),
		} {
			for _, r := range shown {
				require.True(t, unicode.IsPrint(r), "%q has %U", shown, r)
			}
			require.NotContains(t, shown, "  ")
		}
		require.LessOrEqual(t, len([]rune(cleaned)), most)
		require.Equal(t, cleaned, problem.Clean(cleaned, most))
	})
}
