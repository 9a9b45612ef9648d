// Package handoff is the contract by which other applications get the user's e-RS session: two
// entries in the operating system's keyring under the service [Service], written by e-RS Login and
// readable by every program of the same user.
//
// The entry [AccountSession] is one JSON object, ASCII and at most [MaxSize] bytes long, with
// everything including the session key. Prefer it: its parts belong together, unlike two entries
// read one after the other during a write. The entry [AccountSessionKey] is the session key alone,
// for shell scripts. Both exist only while the user is signed in. Readers never write or delete.
//
//	session, err := handoff.Read(ctx)
//	if errors.Is(err, handoff.ErrNotFound) {
//		// no user is signed in to e-RS
//	}
//	request.Header["HTTP_X_SESSION_KEY"] = []string{session.SessionKey.Reveal()}
//
// [Wait] returns once a user has signed in, and [Watch] yields each change. On Windows the entry
// [AccountSession] can also exist under two more names, in UTF-16, for readers that need that: see
// [WithAliases].
//
// The contract is versioned. Within version 1 members may be added, which readers ignore, and none
// changes its meaning. It is specified in docs/handoff.md and session.schema.json, and package
// readers has a program for each language.
//
// # What can go wrong
//
// The keyring may be locked, missing or dead, and each of these has an error here. Calls to it
// cannot be cancelled: when a context ends, the functions of this package return, but the goroutine
// that waits for the keyring remains until it answers, and until then nothing else in the process
// can use the keyring through this package. A program that must not have that makes these calls in
// a process of its own, as e-RS Login does.
package handoff
