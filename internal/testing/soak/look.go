package soak

// Look is a reader's report of one look at the keyring: one JSON object on a line.
type Look struct {
	// Floor and There are the board before the look, Still is There after it. All are 0 for a
	// reader that is notified of changes: the time of its look is unknown.
	Floor, There, Still int64
	// Entry is the entry session, Key the entry session-key, as found; one of them, or neither if
	// None.
	Entry, Key string
	// None: there was no entry.
	None bool
	// Trouble is why the keyring could not be read.
	Trouble string
}

// Kind is a kind of reader.
type Kind string

// The kinds of readers. Each looks several times a second, but for Watches, which is notified of
// changes.
const (
	// Looks is handoff.Read, LooksForKey handoff.ReadKey, Watches handoff.Watch.
	Looks       Kind = "looks"
	LooksForKey Kind = "looks-for-key"
	Watches     Kind = "watches"
	// SecretTool is libsecret's program, started for each look at the entry session, and SecretToolForKey at the key alone.
	SecretTool       Kind = "secret-tool"
	SecretToolForKey Kind = "secret-tool-for-key"
	// Python is the module keyring.
	Python Kind = "python"
)
