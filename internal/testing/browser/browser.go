//go:build linux

package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Browser is a desktop's browser, whether it runs or not. It is safe for concurrent use.
type Browser struct {
	profile string

	mu sync.Mutex
	// returned are the ids of the pages that [Browser.Page] has returned.
	returned []string
}

// name is that of the desktop entry.
const name = "stage-browser.desktop"

// Install makes Chromium the browser of a desktop with these folders of the user's: those of data and
// of settings. It has a profile of its own, in the folder dir. Nothing is started.
func Install(dir, data, config string) (*Browser, error) {
	b := &Browser{profile: filepath.Join(dir, "profile")}
	script := filepath.Join(dir, "chromium")
	entries := filepath.Join(data, "applications")
	var err error
	for _, folder := range []string{dir, entries, config} {
		err = errors.Join(err, os.MkdirAll(folder, 0o700))
	}
	return b, errors.Join(err,
		os.WriteFile(script, []byte("#!/bin/sh\nexec setsid chromium "+strings.Join(b.options(), " ")+` "$@"`+"\n"), 0o700), //nolint:gosec // G306: it is run
		os.WriteFile(filepath.Join(entries, name), []byte("[Desktop Entry]\nType=Application\nName=Browser\nExec="+script+" %u\n"+
			"MimeType=x-scheme-handler/http;x-scheme-handler/https;\n"), 0o600),
		os.WriteFile(filepath.Join(config, "mimeapps.list"), []byte("[Default Applications]\n"+
			"x-scheme-handler/http="+name+"\nx-scheme-handler/https="+name+"\n"), 0o600),
	)
}

// options are Chromium's: a profile of its own, a free port for the protocol, nothing but pages, and
// no use of the keyring, the network, the GPU or much shared memory, which containers do not have.
func (b *Browser) options() []string {
	options := []string{
		"--user-data-dir='" + b.profile + "'", "--remote-debugging-port=0", "--test-type", "--no-first-run",
		"--no-default-browser-check", "--disable-breakpad", "--password-store=basic", "--disable-sync", "--disable-extensions", "--disable-component-update",
		"--disable-background-networking", "--no-proxy-server", "--disable-gpu", "--disable-dev-shm-usage", "--window-position=0,0",
		"--window-size=960,700", "--lang=en-GB",
	}
	if os.Geteuid() == 0 {
		// Chromium has no sandbox for root.
		options = append(options, "--no-sandbox")
	}
	return options
}

// Page waits for a page that the browser shows, whose address begins with a text, and that was not
// returned before.
func (b *Browser) Page(ctx context.Context, address string) (*Page, error) {
	for {
		page, err := b.look(ctx, address)
		if page != nil {
			return page, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("the browser shows no page %s: %w", address, ctx.Err()), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// tab is what Chromium says of a page.
type tab struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	URL  string `json:"url"`
}

func (b *Browser) look(ctx context.Context, address string) (*Page, error) {
	host, path, err := b.devTools()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/json/list", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read from
	var tabs []tab
	if err := json.NewDecoder(response.Body).Decode(&tabs); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, found := range tabs {
		if found.Type == "page" && strings.HasPrefix(found.URL, address) && !slices.Contains(b.returned, found.ID) {
			b.returned = append(b.returned, found.ID)
			return &Page{id: found.ID, browser: "ws://" + host + path}, nil
		}
	}
	return nil, nil
}

// devTools returns where the protocol is served: Chromium writes that into its profile.
func (b *Browser) devTools() (host, path string, err error) {
	file, err := os.ReadFile(filepath.Join(b.profile, "DevToolsActivePort"))
	if err != nil {
		return "", "", err
	}
	port, path, whole := strings.Cut(strings.TrimSpace(string(file)), "\n")
	if !whole {
		return "", "", errors.New("the browser has not begun to serve")
	}
	return "127.0.0.1:" + port, path, nil
}

// endWithin bounds the wait for the browser's end.
const endWithin = 30 * time.Second

// Close ends the browser, if it runs, and waits until all of its processes have ended: each writes
// into the profile.
func (b *Browser) Close() error {
	pid, err := b.pid()
	if err != nil || pid == 0 {
		return err
	}
	if running, err := session(pid); err != nil || len(running) == 0 {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("could not end the browser: %w", err)
	}
	for deadline := time.Now().Add(endWithin); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		left, err := session(pid)
		if err != nil || len(left) == 0 {
			return err
		}
	}
	left, err := session(pid)
	for _, one := range left {
		err = errors.Join(err, syscall.Kill(one, syscall.SIGKILL))
	}
	return errors.Join(errors.New("the browser has not ended"), err)
}

// pid returns the browser's process id, or zero if it does not run. Chromium keeps it in the name of
// a lock that is no file.
func (b *Browser) pid() (int, error) {
	lock, err := os.Readlink(filepath.Join(b.profile, "SingletonLock"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(lock[strings.LastIndex(lock, "-")+1:])
}

// session returns the processes of the session that a process leads. One that has ended, and that
// none has waited for, does not count.
func session(leader int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	var found []int
	for _, path := range stats {
		stat, err := os.ReadFile(path) //nolint:gosec // G304: of the system
		if err != nil {
			continue // it has ended meanwhile
		}
		// The name before it may have blanks. State, parent, group and session follow.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 4 || fields[0] == "Z" || fields[3] != strconv.Itoa(leader) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, err
		}
		found = append(found, pid)
	}
	return found, err
}
