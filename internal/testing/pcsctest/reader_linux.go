package pcsctest

import (
	"context"
	_ "embed" // for the driver
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// pcscd is the daemon's path on Debian, Fedora and their relatives; it is in no PATH.
const pcscd = "/usr/sbin/pcscd"

// drivers matches the paths of the virtual reader's driver.
const drivers = "/usr/lib*/pcsc/drivers/serial/libifdvpcd.so"

// friendlyName is the reader's name, to which pcscd adds the numbers of reader and slot.
const friendlyName = "Virtual PCD"

//go:embed driver/reader.c
var readerSource []byte

// findDriver returns the path of the virtual reader's driver, or an error that names the missing
// packages.
func findDriver() (string, error) {
	var missing []error
	if _, err := os.Stat(pcscd); err != nil {
		missing = append(missing, fmt.Errorf("install the package pcscd: %w", err))
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		missing = append(missing, fmt.Errorf("install the package gcc: %w", err))
	}
	found, err := filepath.Glob(drivers)
	if err != nil || len(found) == 0 {
		missing = append(missing, fmt.Errorf("install the package vsmartcard-vpcd: no file is at %s", drivers))
		return "", errors.Join(missing...)
	}
	return found[0], errors.Join(missing...)
}

// configure writes the daemon's configuration of its reader.
func (d *Daemon) configure() error {
	if err := os.MkdirAll(d.configuration(), 0o700); err != nil {
		return fmt.Errorf("could not make a folder for the reader's configuration: %w", err)
	}
	file, text := filepath.Join(d.configuration(), "virtual"), "# There is no reader.\n"
	if !d.setup.bare {
		driver := d.driver
		if !d.setup.polled {
			var err error
			if driver, err = d.promptDriver(); err != nil {
				return err
			}
		}
		text = fmt.Sprintf("FRIENDLYNAME %q\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n",
			friendlyName, d.base, driver, d.base)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("could not write the reader's configuration: %w", err)
	}
	return nil
}

func (d *Daemon) configuration() string { return filepath.Join(d.dir, "reader.conf.d") }

// promptDriver returns the path of the driver that wraps the virtual reader's, and compiles it the
// first time.
func (d *Daemon) promptDriver() (string, error) {
	folder := filepath.Join(d.dir, "driver")
	library := filepath.Join(folder, "reader.so")
	if _, err := os.Stat(library); err == nil {
		return library, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("could not make a folder for the driver: %w", err)
	}
	source := filepath.Join(folder, "reader.c")
	if err := os.WriteFile(source, readerSource, 0o600); err != nil {
		return "", fmt.Errorf("could not write the driver's source: %w", err)
	}
	// The library's own name differs from its file's, so the loader would not find it.
	if err := os.Symlink(d.driver, filepath.Join(folder, "libifdvpcd.so.0")); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("could not link to the virtual reader's driver: %w", err)
	}
	//nolint:gosec // the paths are this package's own
	compile := exec.CommandContext(d.ctx, "gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source,
		"-Wl,--no-as-needed", d.driver, "-Wl,-rpath,"+folder)
	if output, err := compile.CombinedOutput(); err != nil {
		return "", fmt.Errorf("could not compile the driver: %w: %s", err, output)
	}
	return library, nil
}

// freePorts returns the first of two free ports in a row.
func freePorts(ctx context.Context) (int, error) {
	var last error
	for range 20 {
		port, err := freePair(ctx)
		if err == nil {
			return port, nil
		}
		last = err
	}
	return 0, fmt.Errorf("could not find two free ports: %w", last)
}

func freePair(ctx context.Context) (port int, err error) {
	var config net.ListenConfig
	first, err := config.Listen(ctx, "tcp4", ":0") // the driver takes them on every address, too
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, first.Close()) }()
	address, ok := first.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("the address is a %T", first.Addr())
	}
	second, err := config.Listen(ctx, "tcp4", fmt.Sprintf(":%d", address.Port+1))
	if err != nil {
		return 0, err
	}
	return address.Port, second.Close()
}
