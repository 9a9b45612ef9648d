package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gofrs/flock"
	"github.com/sirupsen/logrus"
)

// folder is the folder of the log's files. It keeps no state: the next record's number and place
// are read from the files each time, under the lock, since other processes of the user write there,
// and users move and delete files.
type folder struct {
	path string
	keep time.Duration
	now  func() time.Time
	log  logrus.FieldLogger
}

const (
	lockFile   = "audit.lock"
	numberFile = "audit.number"
	probeFile  = "audit.probe"
	// lockWithin is how long another process may hold the lock, which it needs for moments: much less
	// than a record may take, so that the first to wait learns that it is not the disk. lockPause is
	// how long to wait before it is tried again.
	lockWithin = recordWithin / 2
	lockPause  = 10 * time.Millisecond
	// probeSize is the room that the next records may need, in bytes.
	probeSize = 64 << 10
)

// write appends records to the files, and numbers them. They are on the disk when it returns. After
// an error none of them is in the file, as far as it could be undone.
func (f folder) write(batch []*entry) error {
	if len(batch) == 0 {
		return nil
	}
	return f.locked(func(last *os.File) error {
		place, err := f.next(last)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		for i, entry := range batch {
			record := entry.record
			record.ID = place.number + int64(i)
			err = errors.Join(err, encode(&text, record))
		}
		if err == nil {
			err = writeAt(place.file, text.Bytes(), place.size)
		}
		if err = errors.Join(err, place.file.Close()); err != nil {
			return err
		}
		for i, entry := range batch {
			entry.record.ID = place.number + int64(i)
		}
		f.note(last, place.number+int64(len(batch))-1)
		return nil
	})
}

// probe reports whether records could be written now, by writing.
func (f folder) probe() error {
	return f.locked(func(last *os.File) error {
		place, err := f.next(last)
		if err != nil {
			return err
		}
		err = place.file.Close()
		if place.size == 0 && place.number > highest {
			// It would not be found again.
			err = errors.Join(err, os.Remove(place.file.Name()))
		}
		if err != nil {
			return err
		}
		file, err := f.open(probeFile, os.O_TRUNC)
		if err != nil {
			return err
		}
		err = writeAt(file, make([]byte, probeSize), 0)
		return errors.Join(err, file.Close(), os.Remove(file.Name()))
	})
}

// locked calls do while no other process writes to the folder, which is created if it is missing,
// with the file that has the last number.
func (f folder) locked(do func(last *os.File) error) error {
	if err := f.prepare(); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(f.path, lockFile), flock.SetFlag(os.O_RDWR|os.O_CREATE|doNotFollow))
	ctx, cancel := context.WithTimeout(context.Background(), lockWithin)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil {
		return fmt.Errorf("could not lock %s: %w", lock.Path(), err)
	}
	defer func() {
		if err := lock.Close(); err != nil {
			// It stays taken until the garbage collector closes its file.
			f.log.WithError(err).Warn("audit log: the lock could not be given back")
		}
	}()
	last, err := f.open(numberFile, 0)
	if err != nil {
		return err
	}
	defer func() { _ = last.Close() }() // there is nothing in it that must not be lost
	return do(last)
}

// open opens a file of the folder, and makes it if it is missing.
func (f folder) open(name string, flags int) (*os.File, error) {
	// #nosec G304 -- the log's own folder
	return os.OpenFile(filepath.Join(f.path, name), os.O_RDWR|os.O_CREATE|doNotFollow|flags, 0o600)
}

// prepare makes the folder, and closes it to other users.
func (f folder) prepare() error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return fmt.Errorf("could not make the folder: %w", err)
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(f.path, 0o700); err != nil { // #nosec G302 -- a folder needs the bit for entering it
		return fmt.Errorf("could not close the folder to other users: %w", err)
	}
	return nil
}

// place is where the next record goes.
type place struct {
	file *os.File
	// size is the file's length in bytes, behind which the record goes.
	size   int64
	number int64
}

// next returns the place of the next record: behind the newest one of today, or in a new segment.
func (f folder) next(last io.ReaderAt) (place, error) {
	all, err := segments(f.path)
	if err != nil {
		return place{}, err
	}
	today := f.now().UTC().Truncate(day)
	number := f.noted(last) + 1
	var found place
	if n := len(all); n > 0 && all[n-1].first > 0 {
		if found, err = f.after(all[n-1], today); err != nil {
			return place{}, err
		}
		number = max(number, found.number)
	}
	if found.file != nil {
		found.number = number
		return found, nil
	}
	return f.begin(all, newSegment(f.path, today, number))
}

// after finds the place behind the records of a segment. It has no file if a new segment is needed.
func (f folder) after(newest segment, today time.Time) (place, error) {
	info, err := os.Lstat(newest.path)
	if err != nil {
		return place{}, err
	}
	if !info.Mode().IsRegular() {
		f.log.WithField("file", newest.path).Warn("audit log: this is no file, and is left as it is")
		return place{number: newest.first + 1}, nil
	}
	file, err := openSegment(newest, 0)
	if errors.Is(err, os.ErrPermission) {
		// Root may have written it with the user's settings. It has at most so many records.
		f.log.WithField("file", newest.path).Warn("audit log: this file cannot be opened, and is left as it is")
		return place{number: newest.first + max(1, records(info.Size()))}, nil
	}
	if err != nil {
		return place{}, err
	}
	found, err := newest.ending(file)
	if err != nil {
		return place{}, errors.Join(err, file.Close())
	}
	here := place{file, found.size, found.next}
	if found.whole && newest.day.Equal(today) && found.size < maxSegment {
		return here, nil
	}
	here.file = nil
	switch {
	case found.size == 0:
		// Its name has the number that the next one will have.
		return here, errors.Join(file.Close(), newest.remove())
	case found.open:
		// Without a line end, a reader of all files as one would find the next record behind half a
		// line.
		err = writeAt(file, []byte{'\n'}, found.size)
	}
	if !found.whole {
		f.log.WithField("file", newest.path).Warn("audit log: this file has a damaged end, and is left as it is")
	}
	return here, errors.Join(err, file.Close())
}

// begin makes a segment. With a new day may come the end of old ones.
func (f folder) begin(all []segment, made segment) (place, error) {
	file, err := openSegment(made, os.O_CREATE|os.O_EXCL)
	for errors.Is(err, os.ErrExist) {
		// Its number was not believed.
		made = newSegment(f.path, made.day, made.first+1)
		file, err = openSegment(made, os.O_CREATE|os.O_EXCL)
	}
	if err != nil {
		return place{}, err
	}
	if err := syncFolder(f.path); err != nil {
		return place{}, errors.Join(err, file.Close(), made.remove())
	}
	for _, old := range expired(append(all, made), f.now(), f.keep) {
		entry := f.log.WithField("file", old.path)
		if err := old.remove(); err != nil {
			entry.WithError(err).Warn("audit log: an old file could not be removed")
			continue
		}
		entry.Info("audit log: an old file was removed")
	}
	return place{file, 0, made.first}, nil
}

// notedDigits is the length of the number in its file.
const notedDigits = 16

// noted returns the number of the last record as the number's file has it, 0 if it has none that is
// believed.
func (f folder) noted(last io.ReaderAt) int64 {
	text := make([]byte, notedDigits)
	if _, err := last.ReadAt(text, 0); err != nil {
		return 0
	}
	number, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || number < 0 || number > highest {
		return 0
	}
	return number
}

// note writes the number of the last record to the number's file, in case the segments are removed.
// The record itself is safe by then, so a failure is ignored.
func (f folder) note(last io.WriterAt, number int64) {
	if _, err := last.WriteAt(fmt.Appendf(nil, "%0*d\n", notedDigits, number), 0); err != nil {
		f.log.WithError(err).Debug("audit log: the last number could not be noted")
	}
}

// writeAt writes a text behind the first size bytes of a file, to the disk. If that fails, it
// truncates the file again if possible: half a line that stays is found by the next look.
func writeAt(file *os.File, text []byte, size int64) error {
	_, err := file.WriteAt(text, size)
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		return errors.Join(err, file.Truncate(size))
	}
	return nil
}
