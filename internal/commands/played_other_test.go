//go:build !linux

package commands

// playProgram: the tests that start this test program as e-RS Login need a private keyring, which there is on Linux only.
func playProgram(string, []string) int { return 1 }
