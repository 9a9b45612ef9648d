//go:build !windows

package main

import "io"

// begin does nothing: only Windows looks for libraries in the working folder.
func begin(io.Writer) {}
