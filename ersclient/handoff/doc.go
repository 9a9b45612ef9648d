// Package handoff is the contract by which other applications get the user's e-RS session: entries
// in the operating system's keyring under the service [Service], written by e-RS Login and readable
// by every program of the same user.
//
// e-RS has two platforms until 28 February 2027, and a user is signed in to one of them at most.
// Each has two entries, which exist only while the user is signed in there. The main one,
// [AccountSession] on HSCN and [AccountFHIRSession] on FHIR, is one JSON object, ASCII and at most
// [MaxSize] bytes long, with everything including the secret. Prefer it: its parts belong together,
// unlike two entries read one after the other during a write. [AccountSessionKey] and
// [AccountAccessToken] are the session key and the access token alone, for shell scripts. Readers
// never write or delete.
//
//	session, err := handoff.ReadAny(ctx)
//	if errors.Is(err, handoff.ErrNotFound) || err == nil && session.Expired(time.Now()) {
//		// no user is signed in to e-RS
//	}
//	switch session := session.(type) {
//	case handoff.Session:
//		request.Header["XAPI_ASID"] = []string{session.ASID}
//		request.Header["HTTP_X_SESSION_KEY"] = []string{session.SessionKey.Reveal()}
//	case handoff.FHIRSession:
//		request.Header.Set("Authorization", "Bearer "+session.AccessToken.Reveal())
//		// and three more headers, see docs/handoff.md
//	}
//
// A bearer token must never be sent as a session key, nor a session key as a token. So the platforms
// have entries, types and functions of their own: [Read], [Watch] and [Wait] are for HSCN alone, as
// they always were, and a program that knows only them finds no user signed in while a session of
// the FHIR platform exists. [ReadFHIR], [WatchFHIR] and [WaitFHIR] are for FHIR alone. [ReadAny],
// [WatchAny] and [WaitAny] return whichever session exists as an [Entry], which has no secret before
// the program has asked for its type.
//
// The functions that wait return once a user has signed in, and those that watch yield each change.
// On Windows each main entry can also exist under two more names, in UTF-16, for readers that need
// that: see [WithAliases].
//
// The contract is versioned. Within version 1 members may be added, which readers ignore, and none
// changes its meaning. It is specified in docs/handoff.md, session.schema.json and
// fhir-session.schema.json, and package readers has a program for each language.
//
// # What can go wrong
//
// The keyring may be locked, missing or dead, and each of these has an error here. Calls to it
// cannot be cancelled: when a context ends, the functions of this package return, but the goroutine
// that waits for the keyring remains until it answers, and until then nothing else in the process
// can use the keyring through this package. A program that must not have that makes these calls in
// a process of its own, as e-RS Login does.
package handoff
