package app

import (
	"context"
	"io"
	standard "log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/logging"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/testing/races"
)

// TestMain also makes this test program the keyring worker, when it starts itself again as that.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], []string{WorkerCommand}) {
		os.Exit(serveKeyring())
	}
	// Tests that need a bus start one: this computer's may have a real window on it.
	if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:"); err != nil {
		panic(err)
	}
	os.Exit(races.Watch(m).Run())
}

func serveKeyring() int {
	toml, err := os.ReadFile(fyneAppFile)
	if err != nil {
		panic(err)
	}
	metadata, err := ReadMetadata(toml)
	if err != nil {
		panic(err)
	}
	return Host{Stderr: os.Stderr}.Report(keyring.Serve(context.Background(), os.Stdin, os.Stdout, metadata.Version))
}

var fyneAppFile = filepath.Join("..", "..", "FyneApp.toml")

// testProgram returns a program with its own environment, which must not open a window.
func testProgram(t *testing.T, environ ...string) Host {
	t.Helper()
	// A run redirects the standard log to its own, which ends with it.
	writer, flags := standard.Writer(), standard.Flags()
	t.Cleanup(func() {
		standard.SetOutput(writer)
		standard.SetFlags(flags)
	})
	toml, err := os.ReadFile(fyneAppFile)
	require.NoError(t, err)
	metadata, err := ReadMetadata(toml)
	require.NoError(t, err)
	return Host{
		Metadata: metadata, Environ: environ, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
		NewApp: func(fyne.AppMetadata) fyne.App {
			require.FailNow(t, "a window was opened")
			return nil
		},
	}
}

// testLog returns a log for the test.
func testLog(t *testing.T) *logging.Log {
	t.Helper()
	log, err := logging.New(logging.Settings{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, log.Close()) })
	return log
}

// textOf returns the whole text of a Problem.
func textOf(p *problem.Problem) string {
	return p.Expand(strings.Join(slices.Concat([]string{p.Title, p.Happened}, p.WhatToDo(), p.ServiceDesk), "\n"))
}
