package config

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// policyFile is empty: on Windows the policy is in the registry.
const policyFile = ""

// machineFile asks Windows for the folder. The variable %ProgramData% is the user's to change.
func machineFile() string {
	folder, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		folder = `C:\ProgramData`
	}
	return filepath.Join(folder, "ers-login", "config.toml")
}
