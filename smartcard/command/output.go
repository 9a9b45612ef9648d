package command

import (
	"bytes"
	"errors"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/smartcard"
)

// maxTicket is the length of the longest ticket, in bytes. Existing clients of the Ticket API use
// 4096.
const maxTicket = 8 << 10

// The faults of an output. None quotes it: it may be most of a ticket.
var (
	errTooMuch   = errors.New("the output is longer than 64 KiB")
	errLines     = errors.New("the output has more than one line")
	errTooLong   = errors.New("the line is longer than 8 KiB")
	errCharacter = errors.New("the line has a space or another character that is not printable ASCII")
)

// parseTicket reads the output of a program that has exited with 0: a ticket in a single line, or
// the zero ticket for white space alone. Inner spaces are refused, so that a printed message is not
// taken for a ticket.
func parseTicket(output []byte) (ersclient.Ticket, error) {
	line := bytes.Trim(output, " \t\r\n")
	switch {
	case bytes.ContainsAny(line, "\r\n"):
		return ersclient.Ticket{}, errLines
	case len(line) > maxTicket:
		return ersclient.Ticket{}, errTooLong
	case bytes.ContainsFunc(line, func(r rune) bool { return r <= ' ' || r > '~' }):
		return ersclient.Ticket{}, errCharacter
	}
	return ersclient.NewTicket(string(line)), nil
}

// parseFailure reads the output of a program that has failed, and returns the code that its first
// line names, if any.
func parseFailure(output []byte) (smartcard.Code, bool) {
	line, _, _ := bytes.Cut(output, []byte("\n"))
	name, ok := bytes.CutPrefix(line, []byte("error "))
	if !ok {
		return smartcard.Success, false
	}
	return smartcard.Parse(string(bytes.TrimRight(name, " \t\r")))
}
