// Package audit keeps the local audit log that LAL-001 of the e-RS conformance list asks for, as
// docs/audit.md describes it for administrators: one record for each call to e-RS, on the disk
// before the user sees that the call has succeeded.
//
// [ERS] and [FHIR] stand between the flow and the clients of e-RS and record the calls; [Log] keeps
// the records as JSON lines. The members of a record are a public interface: see [Record].
//
// A record's number is found under a lock that all processes of the user share, by looking at how
// the newest file ends. A file that does not end in a whole record, as after a power cut, is left
// unchanged but for a line end behind it, and the next record begins another file: a torn line is
// never merged with a record. Numbers that the damaged part may have had are not used again.
//
// A record is appended and flushed while its caller waits, two seconds at most. Those that cannot be
// written are kept in memory, and written first by the next record, or by the next try.
package audit
