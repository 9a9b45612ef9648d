//go:build !windows && !darwin

package config

const policyFile = "/etc/ers-login/policy.toml"

func machineFile() string { return "/etc/ers-login/config.toml" }

// systemPolicy has nothing to add to the file.
func systemPolicy() []Policy { return nil }

// systemMachine has nothing to add to the file.
func systemMachine() []Policy { return nil }
