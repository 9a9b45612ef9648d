package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

const (
	// maxSegment is the size in bytes at which the day's file is followed by another one.
	maxSegment = 4 << 20
	// tail is how much of a file's end is looked at, in bytes. A record has 8 KiB at most.
	tail = 64 << 10
	// shortest is less than the length of any record in bytes: it bounds the records that a damaged
	// part of a file had.
	shortest = 200
	// highest is the last number that is believed, rather than taken for damage: programs that read
	// numbers as floating point confuse those beyond 1<<53, to which it leaves room. No log gets there.
	highest = 1 << 52
	// day is how long a file is written to, at most.
	day = 24 * time.Hour
)

// segment is a file of the log: the records of a day, or of a part of it.
type segment struct {
	path string
	// day is its UTC day. All its records were written on it, and so began on it or before.
	day time.Time
	// first is the number of its first record.
	first int64
}

var segmentName = regexp.MustCompile(`^audit-([0-9]{4}-[0-9]{2}-[0-9]{2})-([0-9]{12,16})\.jsonl$`)

// newSegment is the file of a day that begins with a number.
func newSegment(folder string, today time.Time, first int64) segment {
	name := fmt.Sprintf("audit-%s-%012d.jsonl", today.Format(time.DateOnly), first)
	return segment{path: filepath.Join(folder, name), day: today, first: first}
}

// segments lists a folder's files by their numbers, which is the order of writing whatever the
// clock was. Those with numbers above highest count as the oldest, with 0. Files with other names are
// ignored.
func segments(folder string) ([]segment, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var found []segment
	for _, entry := range entries {
		name := segmentName.FindStringSubmatch(entry.Name())
		if name == nil {
			continue
		}
		date, dateErr := time.Parse(time.DateOnly, name[1])
		first, numberErr := strconv.ParseInt(name[2], 10, 64)
		if dateErr != nil || numberErr != nil || first < 1 {
			continue
		}
		if first > highest {
			first = 0
		}
		found = append(found, segment{filepath.Join(folder, entry.Name()), date, first})
	}
	slices.SortStableFunc(found, func(a, b segment) int { return cmp.Compare(a.first, b.first) })
	return found, nil
}

// end is how a segment ends.
type end struct {
	// size is the file's length in bytes.
	size int64
	// next is the lowest number that no record in the file can have. It equals the name's only for
	// an empty file, so that a new segment never takes an existing name.
	next int64
	// whole: the last line is a record, with its line end. An empty file is whole.
	whole bool
	// open: the last line has no line end.
	open bool
}

// ending looks at the end of a segment's file.
func (s segment) ending(file *os.File) (end, error) {
	info, err := file.Stat()
	if err != nil {
		return end{}, err
	}
	size := info.Size()
	if size == 0 {
		return end{next: s.first, whole: true}, nil
	}
	start := max(0, size-tail)
	text := make([]byte, size-start)
	if _, err := io.ReadFull(io.NewSectionReader(file, start, size-start), text); err != nil {
		return end{}, fmt.Errorf("could not read the end of %s: %w", s.path, err)
	}
	found := end{size: size, open: text[len(text)-1] != '\n'}
	if start > 0 {
		// The first line may have lost its beginning. It is not one that counts.
		_, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	last, spoilt := s.lastRecord(text)
	if last == 0 {
		last, spoilt = s.first-1, size
	}
	found.whole = spoilt == 0 && !found.open
	found.next = last + 1 + records(spoilt)
	return found, nil
}

// records returns how many records fit into a number of bytes.
func records(size int64) int64 { return (size + shortest - 1) / shortest }

// lastRecord returns the number of the last record in a text of the segment, 0 if there is none,
// and how many bytes of damage follow it. A line with a lower number than the segment's name, or
// with one above highest, is damage too.
func (s segment) lastRecord(text []byte) (id, spoilt int64) {
	for len(text) > 0 {
		line := text[bytes.LastIndexByte(bytes.TrimSuffix(text, []byte{'\n'}), '\n')+1:]
		var record struct {
			ID int64 `json:"id"`
		}
		if err := json.Unmarshal(line, &record); err == nil && record.ID >= s.first && record.ID <= highest {
			return record.ID, spoilt
		}
		spoilt += int64(len(line))
		text = text[:len(text)-len(line)]
	}
	return 0, spoilt
}

// expired returns the segments to remove: those without a record younger than keep. The newest one
// stays. A wrong clock must not remove three months of records: if it is ahead of the last day
// written before the newest segment, that day counts.
func expired(all []segment, now time.Time, keep time.Duration) (old []segment) {
	before := len(all) - 2
	for before >= 0 && all[before].day.Equal(all[len(all)-1].day) {
		before--
	}
	if before < 0 {
		return nil
	}
	latest := latestDays(all[:before+1], now)
	if all[before].day.Before(now) {
		now = all[before].day
	}
	for i, s := range all[:before] {
		if !latest[i].Add(day + keep).After(now) {
			old = append(old, s)
		}
	}
	return old
}

// latestDays returns for each segment the latest day that it can be of. The order of writing is
// certain, the days in the names are not: a segment is no older than those before it, and one with
// a day in the future is at most as young as the next.
func latestDays(all []segment, now time.Time) []time.Time {
	days := make([]time.Time, len(all))
	var latest time.Time
	for i, s := range all {
		if s.day.After(latest) && !s.day.After(now) {
			latest = s.day
		}
		days[i] = latest
	}
	following := now
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].day.After(now) {
			days[i] = following
		}
		following = days[i]
	}
	return days
}

// openSegment opens a segment's file for reading and writing. Not for appending: Windows then
// refuses to truncate a line that was written in part. The lock excludes other writers.
func openSegment(s segment, flags int) (*os.File, error) {
	return os.OpenFile(s.path, os.O_RDWR|doNotFollow|flags, 0o600) // #nosec G304 -- the log's own folder
}

// remove removes a segment's file. One that is gone already is as good.
func (s segment) remove() error {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
