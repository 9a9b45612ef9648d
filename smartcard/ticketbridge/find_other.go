//go:build !windows

package main

// findLibrary finds nothing: the Identity Agent is for Windows alone.
func findLibrary() (library, error) { return nil, &notInstalled{} }
