package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// If this fails, a ticket has garbage at its end, or lacks it.
func TestDecode(t *testing.T) {
	cases := map[string]struct {
		buffer string
		used   uint32
		want   string
	}{
		"as long as it says":           {"ticket\x00\x00", 6, "ticket"},
		"the NUL is counted":           {"ticket\x00\x00", 7, "ticket"},
		"it does not say":              {"ticket\x00\x00", 0, "ticket"},
		"rubbish behind":               {"ticketXXXX", 6, "ticket"},
		"an old text behind the NUL":   {"ticket\x00old", 0, "ticket"},
		"more than there is":           {"ticket", 4096, "ticket"},
		"the whole buffer, and no NUL": {"ticket", 6, "ticket"},
		"nothing":                      {"\x00\x00", 0, ""},
		"no buffer":                    {"", 5, ""},
		"Western European":             {"Z\xfcrich \x80 \x93x\x94", 0, "Zürich € “x”"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, decode([]byte(c.buffer), c.used))
		})
	}
}

// Whatever a library writes, it is text that can be sent on.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("ticket\x00"), uint32(7))
	f.Add([]byte{0x81, 0xff}, uint32(0))
	f.Fuzz(func(t *testing.T, buffer []byte, used uint32) {
		text := decode(buffer, used)
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || utf8.RuneCountInString(text) > len(buffer) {
			t.Errorf("%q of %q", text, buffer)
		}
	})
}

// If this fails, an Identity Agent whose installer wrote its folder with a variable is not found.
func TestExpand(t *testing.T) {
	values := map[string]string{"ProgramFiles(x86)": `C:\Program Files (x86)`, "SystemRoot": `C:\Windows`}
	for text, want := range map[string]string{
		"":                                   "",
		`C:\IA`:                              `C:\IA`,
		`%ProgramFiles(x86)%\HSCIC`:          `C:\Program Files (x86)\HSCIC`,
		`%SystemRoot%;%SystemRoot%\System32`: `C:\Windows;C:\Windows\System32`,
		`%USERPROFILE%\IA`:                   `%USERPROFILE%\IA`,
		`100%`:                               `100%`,
		`%%`:                                 `%%`,
		`%SystemRoot`:                        `%SystemRoot`,
	} {
		assert.Equal(t, want, expand(text, func(name string) string { return values[name] }))
	}
}
