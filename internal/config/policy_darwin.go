package config

import (
	"fmt"
	"os/user"
	"path/filepath"
)

// systemPolicy reads the managed preferences of a device management system: the computer's, and
// over them the user's.
func systemPolicy() []Policy {
	const folder, file = "/Library/Managed Preferences", "io.github.ers-login.ErsLogin.plist"
	me, err := user.Current()
	if err != nil {
		return []Policy{{Where: folder, Err: fmt.Errorf("the user's name is not known: %w", err)}}
	}
	reader := plistReader{convert: []string{"/usr/bin/plutil", "-convert", "json", "-o", "-", "-"}, trust: TrustOwner}
	var policies []Policy
	for _, path := range []string{filepath.Join(folder, file), filepath.Join(folder, filepath.Base(me.Username), file)} {
		if policy, there := reader.read(path); there {
			policies = append(policies, policy)
		}
	}
	return policies
}

// policyFile is empty: on macOS the policy is in the managed preferences.
const policyFile = ""

func machineFile() string { return "/Library/Application Support/ers-login/config.toml" }

// systemMachine has nothing to add to the computer's file.
func systemMachine() []Policy { return nil }
