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
		Title:    "e-RS Login is running already",
		Happened: "Another window of e-RS Login is open for you on this computer, and only one can keep your e-RS session.",
		Steps: []string{
			"Go to the other window and sign in there. This one can be closed.",
			"To go on here instead, close the other window and press **Try again**.",
		},
		Retry: true,
	}
	// Unknown: the lock could not be taken, for another reason, or its listener is not this user's.
	Unknown = &problem.Problem{
		Code:     "INSTANCE-UNKNOWN",
		Title:    "e-RS Login cannot tell whether it is running already",
		Happened: "The program makes sure that it runs once at a time with a file of its own, and could not use that file.",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, give your local service desk the reference below. " +
				"The folder {{.Folder}} has to be there and you have to be allowed to write to it.",
		},
		Retry: true,
	}
	// Unreachable: another process holds the lock and does not answer.
	Unreachable = &problem.Problem{
		Code:     "INSTANCE-UNREACHABLE",
		Title:    "e-RS Login is running already but does not answer",
		Happened: "e-RS Login was started for you before, and that one seems to be stuck. Only one can keep your e-RS session.",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, log off from this computer, log on and start the program. What the stuck one has left is cleared then.",
			"On Windows it is quicker to press Ctrl+Shift+Esc, choose e-RS Login in the list of programs and end its task.",
		},
		Retry: true,
	}
	// Leaving: the first instance is about to end, and clears up before it does. [Join] waits for it.
	Leaving = &problem.Problem{
		Code:     "INSTANCE-LEAVING",
		Title:    "e-RS Login is still closing",
		Happened: "The window that you closed is still ending your e-RS session.",
		Steps:    []string{"Wait a few seconds and press **Try again**."},
		Retry:    true,
	}
	// Busy: too many other programs are asking the first instance.
	Busy = &problem.Problem{
		Code:     "INSTANCE-BUSY",
		Title:    "Too many programs are asking e-RS Login to sign in",
		Happened: "e-RS Login is running already, and as many other programs as it can serve at a time are waiting for it.",
		Steps: []string{
			"Go to the window of e-RS Login and sign in there.",
			"Close the programs that you do not need and press **Try again**.",
		},
		Retry: true,
	}
	// Outdated: the first instance is older than the second, and does not know the action.
	Outdated = &problem.Problem{
		Code:     "INSTANCE-OUTDATED",
		Title:    "An older version of e-RS Login is still running",
		Happened: "e-RS Login was updated while its window was open, and the older version cannot do what was asked for.",
		Steps: []string{
			"Go to the window of e-RS Login, sign out and close it.",
			"Press **Try again**.",
		},
		Retry: true,
	}
	// Malformed: the first instance could not make sense of what it was sent.
	Malformed = &problem.Problem{
		Code:     "INSTANCE-MALFORMED",
		Title:    "e-RS Login was asked for something that it does not understand",
		Happened: "Another program asked e-RS Login for something, and not in the way that it expects.",
		Steps: []string{
			"Go to the window of e-RS Login and sign in there.",
			"Tell your local service desk which program you started, with the reference below.",
		},
	}
)

// refusals are the refusals of the server itself. Every other code is the handler's.
func refusals() []*problem.Problem { return []*problem.Problem{Busy, Outdated, Malformed, Leaving} }

func unknown(path string, cause error) error {
	return Unknown.With("Folder", filepath.Dir(path)).Because(cause)
}
