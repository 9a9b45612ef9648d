package instance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

const (
	// version of the protocol.
	version = 1
	// maxLine bounds a line, in bytes and with its newline.
	maxLine = 8 * 1024
	// maxFor bounds the name of the program that asks, in characters: it is shown on one line.
	maxFor = 80
	// maxCode and maxTitle bound a Problem that was shown, in characters.
	maxCode, maxTitle = 60, 200
	// maxWanted is a SHA-256 in hexadecimal digits.
	maxWanted = 64
	// maxToken bounds an activation token, in bytes. Desktops' tokens have less than a hundred.
	maxToken = 256
)

// The actions that a second start can ask for.
const (
	// Raise brings the window to the front.
	Raise = "raise"
	// SignIn raises the window and starts a sign-in, if no user is signed in.
	SignIn = "sign-in"
	// SignOut ends the session, if there is one.
	SignOut = "sign-out"
	// LastProblem asks for the last Problem that the window has shown, and changes nothing.
	LastProblem = "last-problem"
)

// Request is what a second start asks the first for.
type Request struct {
	// Action is [Raise], [SignIn], [SignOut] or [LastProblem]. A first instance refuses an unknown one as
	// [Outdated].
	Action string `json:"action"`
	// For names the program that asks, in its own words, which must be shown as such. Empty if the
	// user asks. At most 80 printable characters are passed on.
	For string `json:"for,omitempty"`
	// Wait: the answer reports the outcome, however long that takes, rather than the start.
	Wait bool `json:"wait,omitempty"`
	// ActivationToken lets the first instance raise its window where a desktop reserves that for
	// the program in use: see [ActivationToken]. One that is too long or not printable ASCII is
	// dropped.
	ActivationToken string `json:"activationToken,omitempty"`
	// Wanted is the caller's digest of its command line and settings. An instance with another
	// window reports that. At most 64 letters and digits are passed on.
	Wanted string `json:"wanted,omitempty"`
}

// waitsForSignIn reports whether the answer can take as long as a user does.
func (r Request) waitsForSignIn() bool { return r.Action == SignIn && r.Wait }

// Answer is what the first instance says to it.
type Answer struct {
	// OK: it was done or, unless the request has Wait, begun.
	OK bool `json:"ok"`
	// PID is the first instance's process id. A handler leaves it out.
	PID int `json:"pid,omitempty"`
	// Code is that of a Problem, if it is not OK.
	Code string `json:"code,omitempty"`
	// Display names the displays that a raised window is on, separated by spaces; empty where there is but one.
	Display string `json:"display,omitempty"`
	// Shown is the answer to [LastProblem]; nil if there was none.
	Shown *Shown `json:"shown,omitempty"`
	// AwaitsBrowser is part of it: a sign-in waits for the browser, on its port.
	AwaitsBrowser bool `json:"awaitsBrowser,omitempty"`
	// Ended is what a [SignOut] with Wait has ended, [EndedSession] or [EndedSignIn]; empty if there
	// was nothing to end.
	Ended string `json:"ended,omitempty"`
}

// What a sign-out has ended.
const (
	EndedSession = "session"
	EndedSignIn  = "sign-in"
)

// Shown is a Problem that a window has shown: its reference, its title in English, and when.
type Shown struct {
	Code  string    `json:"code"`
	Title string    `json:"title"`
	At    time.Time `json:"at"`
}

// clean returns what is safe to print, as [Request.clean] does.
func (s Shown) clean() *Shown {
	return &Shown{Code: problem.Clean(s.Code, maxCode), Title: problem.Clean(s.Title, maxTitle), At: s.At}
}

// ActivationToken returns the desktop's token for this start, from its environment (see
// [os.Environ]), or "": a window manager then raises the next window. The variables are those of
// Wayland's XDG activation and X11's startup notification protocols.
func ActivationToken(environ []string) string {
	for _, name := range []string{"XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"} {
		for _, entry := range environ {
			value, found := strings.CutPrefix(entry, name+"=")
			if token := usableToken(value); found && token != "" {
				return token
			}
		}
	}
	return ""
}

// clean returns a request that is safe to show and use. Both sides call it: the sender to keep
// within a line, the receiver because the sender is not trusted.
func (r Request) clean() Request {
	r.For = problem.Clean(r.For, maxFor)
	r.ActivationToken = usableToken(r.ActivationToken)
	if len(r.Wanted) > maxWanted || strings.ContainsFunc(r.Wanted, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z')
	}) {
		r.Wanted = ""
	}
	return r
}

func usableToken(token string) string {
	if len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return ""
	}
	return token
}

// question is a request on its way.
type question struct {
	Version   int             `json:"version"`
	Arguments json.RawMessage `json:"arguments"`
}

// reply is an answer on its way, or the word that it will take time.
type reply struct {
	Version int  `json:"version"`
	Waiting bool `json:"waiting,omitempty"`
	Answer
}

func writeQuestion(to io.Writer, request Request) error {
	arguments, err := json.Marshal(request.clean())
	if err != nil {
		return err
	}
	return writeLine(to, question{version, arguments})
}

// readQuestion returns a request, or the code with which it is refused. err means that the
// connection failed, and with it the client.
func readQuestion(from *bufio.Reader) (request Request, refusal string, err error) {
	line, err := from.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return Request{}, "", err
	}
	var asked question
	understood := err == nil && json.Unmarshal(line, &asked) == nil && asked.Version >= 1 && asked.Version <= version &&
		json.Unmarshal(asked.Arguments, &request) == nil &&
		slices.Contains([]string{Raise, SignIn, SignOut, LastProblem}, request.Action)
	if !understood {
		return Request{}, Outdated.Code, nil
	}
	return request.clean(), "", nil
}

func writeReply(to io.Writer, answer Answer, waiting bool) error {
	answer.PID = os.Getpid()
	return writeLine(to, reply{version, waiting, answer})
}

func readReply(from *bufio.Reader) (reply, error) {
	line, err := from.ReadSlice('\n')
	if err != nil {
		return reply{}, err
	}
	var read reply
	if err := json.Unmarshal(line, &read); err != nil {
		return reply{}, fmt.Errorf("what answers does not speak the protocol: %w", err)
	}
	if read.Shown != nil {
		read.Shown = read.Shown.clean()
	}
	return read, nil
}

// writeLine writes a line in one call: a reader finds all of it or nothing.
func writeLine(to io.Writer, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = to.Write(append(line, '\n'))
	return err
}
