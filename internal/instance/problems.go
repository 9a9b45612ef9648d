package instance

import (
	"path/filepath"

	"github.com/ers-login/ers-login/internal/problem"
)

// The Problems for users. Each is a template; errors.Is finds them by their code.
var (
	// Running: another process of this user holds the lock.
	Running = &problem.Problem{
		Code:     "INSTANCE-RUNNING",
		Title:    "e-RS Login is already open",
		Happened: "You already have an e-RS Login window on this computer. Only one can be open.",
		Steps: []string{
			"Go to the other window and sign in there. You can close this one.",
			"To work here instead, close the other window and press **Try again**.",
		},
		Retry: true,
	}
	// Unknown: the lock could not be taken, for another reason, or its listener is not this user's.
	Unknown = &problem.Problem{
		Code:  "INSTANCE-UNKNOWN",
		Title: "e-RS Login cannot check whether it is already open",
		Happened: "e-RS Login uses a file to make sure that only one window is open. It could not " +
			"use that file.",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Make sure that the folder {{.Folder}} exists and that this user can write to it.",
		},
		Retry: true,
	}
	// Unreachable: another process holds the lock and does not answer.
	Unreachable = &problem.Problem{
		Code:     "INSTANCE-UNREACHABLE",
		Title:    "e-RS Login is already open but not responding",
		Happened: "The e-RS Login that you opened before is not responding. Only one can be open.",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, sign out of this computer, sign in again and start e-RS Login.",
			"On Windows you can also press Ctrl+Shift+Esc, choose e-RS Login in the list and " +
				"end the task.",
		},
		Retry: true,
	}
	// Leaving: the first instance is about to end, and clears up before it does. [Join] waits for it.
	Leaving = &problem.Problem{
		Code:     "INSTANCE-LEAVING",
		Title:    "e-RS Login is still closing",
		Happened: "The window that you closed is still signing you out of e-RS.",
		Steps:    []string{"Wait a few seconds and press **Try again**."},
		Retry:    true,
	}
	// Busy: too many other programs are asking the first instance.
	Busy = &problem.Problem{
		Code:     "INSTANCE-BUSY",
		Title:    "Too many programs are asking e-RS Login to sign in",
		Happened: "e-RS Login is already open, and too many other programs are waiting for it.",
		Steps: []string{
			"Go to the e-RS Login window and sign in there.",
			"Close the programs that you do not need and press **Try again**.",
		},
		Retry: true,
	}
	// Outdated: the first instance is older than the second, and does not know the action, or cannot
	// make sense of what it was sent.
	Outdated = &problem.Problem{
		Code:  "INSTANCE-OUTDATED",
		Title: "An older version of e-RS Login is still open",
		Happened: "e-RS Login was updated while its window was open. The older version must be " +
			"closed first.",
		Steps: []string{
			"Go to the e-RS Login window, sign out and close it.",
			"Press **Try again**.",
		},
		Retry: true,
	}
)

// refusals are the refusals of the server itself. Every other code is the handler's.
func refusals() []*problem.Problem { return []*problem.Problem{Busy, Outdated, Leaving} }

func unknown(path string, cause error) error {
	return Unknown.With("Folder", filepath.Dir(path)).Because(cause)
}
