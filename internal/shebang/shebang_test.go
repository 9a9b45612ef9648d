package shebang_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/shebang"
)

// What is not read as the kernel reads it lets another program run than the one that was judged.
func TestRead(t *testing.T) {
	for name, test := range map[string]struct {
		content  string
		want     shebang.Line
		lookedUp string
		ok       bool
	}{
		"a shell":           {"#!/bin/sh\necho\n", shebang.Line{Interpreter: "/bin/sh"}, "", true},
		"blanks":            {"#! \t/bin/sh  -e -u \n", shebang.Line{Interpreter: "/bin/sh", Argument: "-e -u"}, "", true},
		"no end of line":    {"#!/bin/sh", shebang.Line{Interpreter: "/bin/sh"}, "", true},
		"carriage return":   {"#!/bin/sh\r\n", shebang.Line{Interpreter: "/bin/sh\r"}, "", true},
		"env":               {"#!/usr/bin/env python3\n", shebang.Line{Interpreter: "/usr/bin/env", Argument: "python3"}, "python3", true},
		"env, CR":           {"#!/usr/bin/env sh\r\n", shebang.Line{Interpreter: "/usr/bin/env", Argument: "sh\r"}, "sh\r", true},
		"env, one argument": {"#!/usr/bin/env sh -e\n", shebang.Line{Interpreter: "/usr/bin/env", Argument: "sh -e"}, "sh -e", true},
		"env -S":            {"#!/usr/bin/env -S A=1 sh -e\n", shebang.Line{Interpreter: "/usr/bin/env", Argument: "-S A=1 sh -e"}, "sh", true},
		"env -Ssh":          {"#!/usr/bin/env -Ssh -e\n", shebang.Line{Interpreter: "/usr/bin/env", Argument: "-Ssh -e"}, "sh", true},
		"env, long":         {"#!/usr/bin/env --split-string=sh -e\n", shebang.Line{Interpreter: "/usr/bin/env", Argument: "--split-string=sh -e"}, "sh", true},
		"nothing":           {"", shebang.Line{}, "", false},
		"a program":         {"\x7fELF", shebang.Line{}, "", false},
		"a byte order mark": {"\ufeff#!/bin/sh\n", shebang.Line{}, "", false},
		"no interpreter":    {"#!\n", shebang.Line{}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "script")
			require.NoError(t, os.WriteFile(path, []byte(test.content), 0o600))
			line, ok, err := shebang.Read(path)
			require.NoError(t, err)
			assert.Equal(t, test.ok, ok)
			assert.Equal(t, test.want, line)
			assert.Equal(t, test.lookedUp, line.LookedUp())
		})
	}
	_, _, err := shebang.Read(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
