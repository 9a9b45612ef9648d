package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/ers-login/ers-login/internal/problem"
)

// maxBackups bounds how many broken files are kept beside a settings file.
const maxBackups = 10

// aside renames a broken file of the user's; the Problem has the new name. If that fails, the file
// stays, and is read and reported again with the next start.
func (f settingsFile) aside(content []byte, reason error) *problem.Problem {
	backup, err := setAside(f.path, content)
	if err != nil {
		return f.skipped(reason).Because(errors.Join(reason, fmt.Errorf("could not set the file aside: %w", err)))
	}
	return f.fill(asideFile, reason).With("Backup", backup)
}

// setAside renames a file to its first free backup name, and returns that name. A backup is never
// replaced by another content: with the last name taken, the file stays. content is nil for a file
// too large to compare.
func setAside(path string, content []byte) (string, error) {
	for number := range maxBackups {
		backup := backupName(path, number)
		reserved, err := reserve(backup, content)
		if err != nil {
			return "", err
		}
		if !reserved {
			continue
		}
		if err := os.Rename(path, backup); err != nil {
			return "", errors.Join(err, removeEmpty(backup))
		}
		return backup, nil
	}
	return "", fmt.Errorf("there are %d files beside it that were set aside before", maxBackups)
}

// backupName returns config.toml.bak, config.toml.bak.1 and so on.
func backupName(path string, number int) string {
	if number == 0 {
		return path + ".bak"
	}
	return path + ".bak." + strconv.Itoa(number)
}

// reserve creates an empty file exclusively. If the name is taken, it reports whether that file
// holds the same content.
func reserve(name string, content []byte) (bool, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- beside the settings file
	if err == nil {
		return true, file.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	kept, err := readBounded(name, maxFile)
	return err == nil && content != nil && bytes.Equal(kept, content), nil
}

// removeEmpty takes a reserved name back.
func removeEmpty(name string) error {
	info, err := os.Lstat(name)
	if err != nil || info.Size() > 0 {
		return err
	}
	return os.Remove(name)
}

// lastBackup returns the name of a backup whose file is still missing, or "".
func lastBackup(path string) string {
	if _, err := os.Lstat(path); path == "" || err == nil {
		return ""
	}
	last := ""
	for number := range maxBackups {
		if _, err := os.Lstat(backupName(path, number)); err == nil {
			last = backupName(path, number)
		}
	}
	return last
}
