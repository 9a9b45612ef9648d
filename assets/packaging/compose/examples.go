package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ers-login/ers-login/internal/config"
)

const configHead = `# What applies to all users of this computer. A user's own file comes after this one, and overrides it.
# Upgrades keep this file as you leave it. "ers-login config show --origin" prints what counts, and where it comes from.
#
`

const policyHead = `# Policy of your organisation. What is set here is locked: no file, no variable, no flag and no user can change it.
# As long as nothing is set, there is no policy. A mistake in this file keeps every user from signing in, so look before you leave:
# "ers-login config show --origin". Upgrades keep this file as you leave it.
#
`

// writeExamples writes the settings' two files for the whole computer, with nothing set in them.
func writeExamples(folder string) error {
	var example bytes.Buffer
	if err := config.WriteExample(&example); err != nil {
		return fmt.Errorf("could not make the example: %w", err)
	}
	if set := bytes.Index(example.Bytes(), []byte("\n#base_url = ")); set < 0 {
		return errors.New("the example does not show the settings commented out, as a package needs it")
	}
	for name, head := range map[string]string{"config.toml": configHead, "policy.toml": policyHead} {
		if err := write(filepath.Join(folder, name), append([]byte(head), example.Bytes()...)); err != nil {
			return err
		}
	}
	return nil
}

// write writes a file readable by all users, and its folder.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // G301: it is for a package
		return fmt.Errorf("could not make a folder: %w", err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // G306: it is for a package
		return fmt.Errorf("could not write a part of the package: %w", err)
	}
	return nil
}
