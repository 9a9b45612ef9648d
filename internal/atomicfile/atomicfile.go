// Package atomicfile replaces a file as a whole: after a crash, a full disk or a power cut, there is the old content or the
// new one, never half of either.
//
// That is the way of POSIX rename(2): a temporary file in the same folder is written, flushed to the
// disk and given the final name. On Windows the same call replaces a file too, unless a program has it
// open without sharing that, as one in Go does that reads it: then it is tried again for a moment. The
// file is readable by its owner alone from its first byte on.
package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write replaces the file at path, or makes it, with mode 0600. The folder must exist. After an error, which wraps that of the
// file system, the file is as it was and no temporary one is left.
func Write(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.new")
	if err != nil {
		return fmt.Errorf("could not create a temporary file: %w", err)
	}
	err = fill(file, content)
	if err == nil {
		err = rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("could not replace %s: %w", path, errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}

// fill writes the content, flushes it to the disk and closes the file, whatever fails.
func fill(file *os.File, content []byte) error {
	_, err := file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
