// Package helper runs what can hang or crash in a separate process, and talks to it.
//
// The Identity Agent's Ticket API blocks without a way to cancel and is 32-bit, PC/SC links a
// library that may be missing, and a keyring call can block for ever or panic. None of that may
// take the window with it. So there is one small supervisor: [Supervisor] starts a helper when it
// is first needed, checks that it is the right one, gives every call a deadline, ends the process
// to cancel a call, and starts it again. [Serve] is the other side, the helper's.
//
// # Protocol, version 1
//
// Both sides write JSON objects, one on a line, in UTF-8; the parent to the helper's stdin, the
// helper to its stdout. A line has at most [MaxLine] bytes with its newline; a longer one, or one
// that is not a JSON object of a kind below, is a protocol error. Unknown members are ignored. The
// helper's stderr is free text for the log, and no secret may stand there.
//
// The helper identifies itself first, so that a program taken for a helper by mistake is found out:
//
//	{"hello":"keyring","protocol":1,"version":"1.0.0"}
//
// Then the parent asks, and the helper answers each request with one reply that has its id, a
// growing number from 1 on:
//
//	{"id":1,"call":"read","params":{}}
//	{"id":1,"result":{}}
//	{"id":2,"call":"raed"}
//	{"id":2,"error":{"code":"unknown-call","message":"there is no such call"}}
//
// A reply with the id 0 answers a line that could not be read as a request. Between replies the
// helper may send events, which have no id:
//
//	{"event":"card-removed","data":{}}
//
// Requests are handled one at a time in the order in which they came. There is no request to cancel
// another: the parent ends the process. The helper ends when its stdin is closed, which happens at
// the latest when the parent dies.
//
// The codes of the protocol itself are [CodeUnknownCall], [CodeMalformed], [CodePanic], [CodeTooLong]
// and [CodeFailed]; every other code belongs to the helper that sends it.
package helper

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// Protocol is the version of the protocol that this package speaks.
const Protocol = 1

// MaxLine bounds a line of the protocol, in bytes and with its newline.
const MaxLine = 64 * 1024

// The error codes of the protocol itself.
const (
	// CodeUnknownCall: the helper has no call of that name.
	CodeUnknownCall = "unknown-call"
	// CodeMalformed: the line is not a request, or the parameters do not fit the call.
	CodeMalformed = "malformed"
	// CodePanic: the call panicked. The helper lives, but its state may be broken: better end it.
	CodePanic = "panic"
	// CodeTooLong: the result does not fit into a line.
	CodeTooLong = "too-long"
	// CodeFailed: the call failed, and the helper has no code for it.
	CodeFailed = "failed"
)

// Event is something that the helper reports unasked.
type Event struct {
	Name string          `json:"event"`
	Data json.RawMessage `json:"data,omitempty"`
}

type hello struct {
	Hello    string `json:"hello"`
	Protocol int    `json:"protocol"`
	Version  string `json:"version"`
}

type request struct {
	ID     uint64          `json:"id"`
	Call   string          `json:"call"`
	Params json.RawMessage `json:"params,omitempty"`
}

type reply struct {
	ID     uint64          `json:"id"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *CallError      `json:"error,omitempty"`
}

// incoming is a line of the helper after its hello: a reply if it has an id, an event if it has a
// name.
type incoming struct {
	ID     *uint64         `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *CallError      `json:"error"`
	Event  string          `json:"event"`
	Data   json.RawMessage `json:"data"`
}

// errTooLong is a line beyond MaxLine. The rest of it was skipped, so reading can go on.
var errTooLong = errors.New("a line is longer than the protocol allows")

// lineReader reads the lines of the protocol.
type lineReader struct{ from *bufio.Reader }

func newLineReader(from io.Reader) lineReader {
	return lineReader{bufio.NewReaderSize(from, MaxLine)}
}

// next returns the next line with its newline, valid until the following call. Bytes after the last
// newline are no line: the writer died over it.
func (r lineReader) next() ([]byte, error) {
	line, err := r.from.ReadSlice('\n')
	if err == nil {
		return line, nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.from.ReadSlice('\n')
	}
	if err != nil {
		return nil, err
	}
	return nil, errTooLong
}
