//go:build !windows

package main

// findLibrary finds nothing: there is an Identity Agent for Windows only.
func findLibrary() (library, error) { return nil, &notInstalled{} }
