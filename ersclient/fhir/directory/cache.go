package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/atomicfile"
	"github.com/ers-login/ers-login/internal/bounded"
	"github.com/ers-login/ers-login/internal/problem"
)

// Bounds on the cache.
const (
	keepName    = 30 * 24 * time.Hour
	keepUnknown = 24 * time.Hour
	maxEntries  = 5000
	// maxFile bounds the file in bytes: maxEntries with names of maxName bytes and more.
	maxFile = 2 << 20
	version = 1
)

// ErrCache is in the chain of errors about the cache's file. Names are found all the same, and are
// asked for again after a restart.
var ErrCache = errors.New("the cache of organisations' names")

var errForm = errors.New("it is not of the right form")

// entry is what is known of a code.
type entry struct {
	// Name is as the directory writes it; empty if it has none.
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// fresh reports whether an entry is still used. One from the future was written by a wrong clock.
func (e entry) fresh(now time.Time) bool {
	keep := keepName
	if e.Name == "" {
		keep = keepUnknown
	}
	age := now.Sub(e.At)
	return age >= 0 && age < keep
}

type content struct {
	Version int              `json:"version"`
	Names   map[string]entry `json:"names"`
}

// cache keeps names in memory and in a file. Of two programs with one file, the later writer wins.
type cache struct {
	path string
	now  func() time.Time

	mu      sync.Mutex
	entries map[string]entry
	changed bool
}

// openCache reads the cache. One that cannot be read begins anew, and the error says why.
func openCache(path string, now func() time.Time) (*cache, error) {
	made := &cache{path: path, now: now, entries: map[string]entry{}}
	if path == "" {
		return made, nil
	}
	names, err := readFile(path)
	if err != nil {
		return made, fmt.Errorf("%w begins anew: %w", ErrCache, err)
	}
	for code, one := range names {
		if one.fresh(now()) {
			made.entries[code] = one
		}
	}
	return made, nil
}

// readFile returns the entries of a file, none if there is no file.
func readFile(path string) (map[string]entry, error) {
	raw, err := bounded.ReadFile(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var read content
	if err := json.Unmarshal(raw, &read); err != nil || read.Version != version || len(read.Names) > maxEntries {
		return nil, errForm
	}
	for code, one := range read.Names {
		if !isCode(code) || utf8.RuneCountInString(one.Name) > maxName || problem.Clean(one.Name, maxName) != one.Name {
			return nil, errForm
		}
	}
	return read.Names, nil
}

func (c *cache) get(code string) (kept entry, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept = c.entries[code]
	return kept, kept.fresh(c.now())
}

// put keeps a name. A full cache forgets the oldest.
func (c *cache) put(code, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.entries[code]; !known && len(c.entries) >= maxEntries {
		oldest := ""
		for other, one := range c.entries {
			if oldest == "" || one.At.Before(c.entries[oldest].At) {
				oldest = other
			}
		}
		delete(c.entries, oldest)
	}
	c.entries[code] = entry{name, c.now().UTC().Truncate(time.Second)}
	c.changed = true
}

// write replaces the file if something has changed.
func (c *cache) write() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.changed || c.path == "" {
		return nil
	}
	raw, err := json.Marshal(content{version, c.entries})
	if err == nil {
		err = os.MkdirAll(filepath.Dir(c.path), 0o700)
	}
	if err == nil {
		err = atomicfile.Write(c.path, raw)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCache, err)
	}
	c.changed = false
	return nil
}
