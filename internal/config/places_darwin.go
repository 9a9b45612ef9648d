package config

// policyFile is empty: on macOS the policy is in the managed preferences.
const policyFile = ""

func machineFile() string { return "/Library/Application Support/ers-login/config.toml" }
