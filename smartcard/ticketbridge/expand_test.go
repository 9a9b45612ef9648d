package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

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
