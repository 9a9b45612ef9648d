// Package soak has many processes read the keyring while one writes it, and judges what they have
// seen: a session that is over, half of one, parts of two, or none where there was one.
//
// The readers are separate programs, of several kinds: package handoff, looking and watching;
// secret-tool, which is libsecret; and Python's keyring, which speaks D-Bus in its own way. They
// judge nothing. Each reports what it has found, with what the writer had done by then, according
// to the [Board], a file that all of them have mapped. A [Record] knows every session that was ever
// published, byte for byte, so that any other text is a fault.
//
//	record, err := soak.NewRecord(folder)
//	readers, err := record.StartReaders(ctx, program, environ, soak.Looks, soak.Looks, soak.Python)
//	record.Publishing(session); err = client.Publish(ctx, session); record.Published()
//	err = readers.End()
//
// It is for tests, and exists on Linux only.
package soak
