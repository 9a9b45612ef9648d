// Package audit keeps the local audit log that LAL-001 of the e-RS conformance list asks for: one
// record for each call to e-RS, failed calls included, kept for three months at least, written to
// the disk before the user sees that the call has succeeded.
//
// [ERS] stands between the flow and the e-RS client and records the calls; [Log] keeps the records
// as JSON lines in a private folder (0700), in a file (0600) for each day in UTC,
// audit-2026-11-21-000000000042.jsonl, named by the number of its first record. The members of a
// record are a public interface and never change their meaning: see [Record], and docs/audit.md for
// administrators.
//
// Numbers grow by one. They are kept only with the records and, in case all of these are removed,
// in a file of their own: each record's number is found under a lock that all processes of the user
// share, by looking at how the newest file ends. A file that does not end in a whole record, as
// after a power cut, is left unchanged but for a line end behind it, and the next record begins
// another file: a torn line is never merged with a record, and nothing that was written is ever
// changed. Numbers that the damaged part may have had are not used again, so there can be a gap
// beside it.
//
// A record's session id is by default a digest, "sha256:" and the first 16 hex digits of the
// SHA-256 of e-RS's id. While a session lives, its id is a secret: with it and the organisation's
// certificate one can act as the user, and an audit log is copied, collected and read by many. The
// digest is the same in all records of a session, and can be computed from the id, as by e-RS. An
// organisation that wants the id itself sets [Full]; it then stands in the 0600 file and nowhere
// else, since the system log always gets the digest: any user of the computer can read the
// Application log of Windows.
//
// A record is appended and flushed while its caller waits, two seconds at most. Those that cannot be
// written are kept in memory, up to 200, and written first by the next record, or by the next try
// after half a minute. Whether users may sign in meanwhile is the organisation's choice.
package audit
