// Package handoff is the contract by which other applications learn of the user's e-RS session: two entries in the operating
// system's keyring under the service [Service], written by e-RS Login and read by anybody who is logged in as the same user.
//
// The entry [AccountSession] is one JSON object, ASCII and at most [MaxSize] bytes long, with all there is to know, the session
// key among it. It is the one to read: its parts belong together, which cannot be said of two entries that are read one after
// the other while somebody writes. The entry [AccountSessionKey] is the session key alone, for shell scripts. Both are there
// while the user is signed in, and gone when they are not. Readers never write or delete.
//
//	session, err := handoff.Read(ctx)
//	if errors.Is(err, handoff.ErrNotFound) {
//		// nobody is signed in to e-RS
//	}
//	request.Header["HTTP_X_SESSION_KEY"] = []string{session.SessionKey.Reveal()}
//
// [Wait] returns as soon as somebody has signed in, and [Watch] tells each change. On Windows the entry [AccountSession] can stand
// under two more names, in UTF-16, for readers that want that: see [WithAliases].
//
// The contract is versioned. Within version 1 members may be added, which readers ignore, and none changes its meaning. It is written
// down for readers in every language in docs/handoff.md and session.schema.json, and there is a program for each in package readers.
//
// # What can go wrong
//
// The keyring may be locked, missing or dead, and each of these has an error here. The calls to it have no way to be cancelled:
// when a context ends, the functions of this package return, but the goroutine that waits for the keyring stays behind until it
// answers, and until then nothing else in the process can use the keyring through this package. A program that must not have
// that makes these calls in a process of its own, as e-RS Login does.
package handoff
