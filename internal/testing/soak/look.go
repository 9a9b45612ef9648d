package soak

// Look is a reader's report of one look at the keyring: one JSON object on a line.
type Look struct {
	// Floor, There and Life are the board before the look, Still and Lives are There and Life after
	// it. All are 0 for a reader that is notified of changes: the time of its look is unknown.
	Floor, There, Still, Life, Lives int64
	// Entry is the main entry of a session, Key that of its secret alone, as found; one of them, or
	// neither if None.
	Entry, Key string
	// None: there was no entry.
	None bool
	// Trouble is why the keyring could not be read.
	Trouble string
}

// Kind is a kind of reader.
type Kind string

// The kinds of readers. Each looks several times a second, but for those that watch, which are
// notified of changes, and those that hurry, which look without a pause.
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

// The kinds of readers of the FHIR platform, and of both.
const (
	// LooksAtFHIR is handoff.ReadFHIR, LooksForToken handoff.ReadAccessToken, WatchesFHIR
	// handoff.WatchFHIR.
	LooksAtFHIR   Kind = "looks-at-fhir"
	LooksForToken Kind = "looks-for-token"
	WatchesFHIR   Kind = "watches-fhir"
	// LooksAtAny is handoff.ReadAny, HurriesAtAny the same without a pause, WatchesAny
	// handoff.WatchAny.
	LooksAtAny   Kind = "looks-at-any"
	HurriesAtAny Kind = "hurries-at-any"
	WatchesAny   Kind = "watches-any"
	// SecretToolAtFHIR, SecretToolForToken and PythonAtFHIR are libsecret's program and the module
	// keyring.
	SecretToolAtFHIR   Kind = "secret-tool-at-fhir"
	SecretToolForToken Kind = "secret-tool-for-token"
	PythonAtFHIR       Kind = "python-at-fhir"
)
