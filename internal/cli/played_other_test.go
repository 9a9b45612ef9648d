//go:build !linux

package cli

// playProgram fails: tests that start this test program as e-RS Login need a private keyring, which
// only Linux has.
func playProgram(string, []string) int { return 1 }
