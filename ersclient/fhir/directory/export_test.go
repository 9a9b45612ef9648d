package directory

import "time"

// SetClock replaces the clock that the age of names is measured by.
func SetClock(d *Directory, now func() time.Time) { d.cache.now = now }

// The bounds, for tests.
const (
	MaxEntries = maxEntries
	MaxFile    = maxFile
)
