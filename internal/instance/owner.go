package instance

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// maxMark bounds an owner's mark, in bytes: what the handoff's entry has room for.
const maxMark = 107

// Mark identifies this lock to other instances, in the entry that its holder publishes: the path of
// its file. It is empty if the file is not locked, or its path does not fit.
func (l *Lock) Mark() string {
	if l == nil || l.file == nil || !usableMark(l.path) {
		return ""
	}
	return l.path
}

// HeldByOther reports whether a mark is that of another live instance: the system releases a lock with
// its process. A desktop with a separate bus has the name on that, and can yet share the keyring.
func (l *Lock) HeldByOther(mark string) bool {
	if !usableMark(mark) {
		return false
	}
	if l != nil && l.file != nil && l.file.Locked() {
		ours, err := l.file.Stat()
		theirs, alike := os.Stat(mark)
		if err == nil && alike == nil && os.SameFile(ours, theirs) {
			return false
		}
	}
	file, err := lock(mark, 0)
	_ = file.Close() // a lock that cannot be given back ends with the file, when it is collected
	return errors.Is(err, errHeld)
}

func usableMark(mark string) bool {
	return len(mark) <= maxMark && filepath.IsAbs(mark) &&
		!strings.ContainsFunc(mark, func(r rune) bool { return r < ' ' || r > '~' })
}
