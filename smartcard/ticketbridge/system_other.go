//go:build !windows

package main

import (
	"io"
	"os"
)

// begin does nothing: only Windows looks for libraries in the working folder.
func begin(io.Writer) {}

func end(status int) { os.Exit(status) }

// findLibrary finds nothing: there is an Identity Agent for Windows only.
func findLibrary() (library, error) { return nil, &notInstalled{} }
