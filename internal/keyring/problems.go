package keyring

import "github.com/ers-login/ers-login/internal/problem"

// The last step of most of these Problems.
const serviceDesk = "If it happens again, give your local service desk the reference below."

// The Problems for users. Each is a template; errors.Is finds them by their code.
var (
	// Locked: the keyring's prompt was not answered in time, or must not be shown now.
	Locked = &problem.Problem{
		Code:  "KEYRING-LOCKED",
		Title: "Your computer's keyring is locked",
		Happened: "Your e-RS session is handed to other applications through your computer's keyring, and the keyring has not been " +
			"unlocked.",
		Steps: []string{
			"Press **Try again**.",
			"When your computer asks for the keyring password, type it. It is usually the password that you log in with.",
			"If you are not asked or the password is not accepted, give your local service desk the reference below.",
		},
		Terminal: []string{
			"Unlock the keyring: log in to the desktop with your password, or use the desktop's own program for passwords. Signing in with " +
				"ers-login sign-in asks for the keyring's password, too; commands that only read never do.",
			"Run the command again.",
			"If the password is not accepted, give your local service desk the reference below.",
		},
		Retry: true,
	}
	// ItemLocked: the keyring is unlocked, and prompts for each entry (KeePassXC). It has the code
	// of Locked.
	ItemLocked = &problem.Problem{
		Code:     Locked.Code,
		Title:    "Your computer's keyring asks before an entry is used",
		Happened: "The keyring is unlocked, but it asks you before a program may use or remove the e-RS session in it, and was not answered.",
		Steps: []string{
			"Press **Try again**, and allow it when your keyring asks.",
			"To be asked no more, open KeePassXC, go to Settings, Secret Service Integration, and switch off the two questions: before an " +
				"entry is accessed, and before one is deleted.",
			serviceDesk,
		},
		Terminal: []string{
			"Open KeePassXC, go to Settings, Secret Service Integration, and switch off the question before an entry is accessed. Commands " +
				"that only read never make it ask.",
			"Run the command again.",
			serviceDesk,
		},
		Retry: true,
	}
	// Dismissed: the user has dismissed the keyring's prompt.
	Dismissed = &problem.Problem{
		Code:  "KEYRING-DISMISSED",
		Title: "The keyring was not unlocked",
		Happened: "Your computer asked to unlock its keyring, and the question was cancelled. Without it your e-RS session cannot be " +
			"handed to other applications.",
		Steps: []string{
			"Press **Try again**.",
			"When your computer asks for the keyring password, type it and confirm. It is usually the password that you log in with.",
			"If you do not know the password, ask your local service desk.",
		},
		Retry: true,
	}
	// NoBus: Linux without a session bus.
	NoBus = &problem.Problem{
		Code:     "KEYRING-NO_BUS",
		Title:    "Your computer's keyring cannot be reached",
		Happened: "The keyring belongs to a desktop session, and this program was not started from one.",
		Steps: []string{
			"Log in to the desktop of this computer and start the program from its menu.",
			"If you have done so, give your local service desk the reference below: there is no D-Bus session bus.",
		},
		Terminal: []string{
			"Run the command in the desktop session of the user who signs in to e-RS: not over SSH, under sudo, from cron or in a container.",
			"If you have done so, give your local service desk the reference below: there is no D-Bus session bus.",
		},
	}
	// NoService: Linux without a Secret Service.
	NoService = &problem.Problem{
		Code:     "KEYRING-NO_SERVICE",
		Title:    "Your computer has no keyring program",
		Happened: "Your e-RS session is handed to other applications through a keyring, and no program that keeps one is running.",
		Steps: []string{
			"Ask your local service desk to install a keyring that offers the Secret Service, such as GNOME Keyring.",
			"Log out of the computer, log in again and press **Try again**.",
		},
		Retry: true,
	}
	// noKDEService: the same on KDE's desktop. It has the code of NoService.
	noKDEService = &problem.Problem{
		Code:     NoService.Code,
		Title:    "Your computer's keyring is switched off for this program",
		Happened: "Your e-RS session is handed to other applications through a keyring, and KDE Wallet does not offer its own for that.",
		Steps: []string{
			"Open System Settings, go to KDE Wallet, switch on the wallet and \"Use KWallet for the Secret Service interface\".",
			"Log out of the computer, log in again and press **Try again**.",
			serviceDesk,
		},
		Retry: true,
	}
	// NoCollection: a user who has no keyring yet.
	NoCollection = &problem.Problem{
		Code:     "KEYRING-NO_COLLECTION",
		Title:    "You do not have a keyring yet",
		Happened: "Your e-RS session is handed to other applications through a keyring, and none has been made for you on this computer.",
		Steps: []string{
			"Log out of the computer and log in again with your password. For most people that makes a keyring.",
			"If that does not help, open the program Passwords and Keys, add a password keyring, name it Login and set it as default.",
			"Press **Try again**.",
			serviceDesk,
		},
		Retry: true,
	}
	// noWallet: the same with KDE's keyring. It has the code of NoCollection.
	noWallet = &problem.Problem{
		Code:     NoCollection.Code,
		Title:    "You do not have a wallet yet",
		Happened: "Your e-RS session is handed to other applications through KDE Wallet, and no wallet has been made for you on this computer.",
		Steps: []string{
			"Open System Settings, go to KDE Wallet, and create a wallet. Give it the password that you log in with.",
			"Log out of the computer, log in again and press **Try again**.",
			serviceDesk,
		},
		Retry: true,
	}
	// noDatabase: the same with KeePassXC. It has the code of NoCollection.
	noDatabase = &problem.Problem{
		Code:     NoCollection.Code,
		Title:    "KeePassXC shows no database",
		Happened: "Your e-RS session is handed to other applications through KeePassXC, and none of its databases is open and shown to them.",
		Steps: []string{
			"Open KeePassXC and unlock your database.",
			"In its menu go to Database, Database Settings, Secret Service Integration, and choose a group that other applications may use.",
			"Press **Try again**.",
			serviceDesk,
		},
		Retry: true,
	}
	// TimedOut: the keyring hangs, although it is not locked.
	TimedOut = &problem.Problem{
		Code:     "KEYRING-TIMEOUT",
		Title:    "Your computer's keyring does not answer",
		Happened: "The keyring is not locked, but it did not do what it was asked to in time.",
		Steps: []string{
			"Press **Try again**.",
			"If that does not help, log out of the computer and log in again.",
			serviceDesk,
		},
		Retry: true,
	}
	// Crashed: the keyring or the worker has ended during use.
	Crashed = &problem.Problem{
		Code:     "KEYRING-CRASHED",
		Title:    "Your computer's keyring stopped working",
		Happened: "The keyring, or the part of this program that uses it, ended unexpectedly.",
		Steps: []string{
			"Press **Try again**.",
			"If that does not help, close this program and start it again.",
			serviceDesk,
		},
		Terminal: []string{"Run the command again.", "If that does not help, log out of the computer and log in again.", serviceDesk},
		Retry:    true,
	}
	// ReadBack: what was read is not what was written.
	ReadBack = &problem.Problem{
		Code:     "KEYRING-READBACK",
		Title:    "Your computer's keyring did not keep the session",
		Happened: "What the keyring returned is not what was stored in it, so other applications could not have used your e-RS session.",
		Steps:    []string{"Press **Try again**.", serviceDesk},
		Retry:    true,
	}
	// Leftover: an entry could not be removed.
	Leftover = &problem.Problem{
		Code:  "KEYRING-LEFTOVER",
		Title: "An old session is still in your computer's keyring",
		Happened: "The keyring did not remove an entry. The session in it is closed at e-RS, but other applications may still try " +
			"to use it.",
		Steps: []string{
			"Press **Try again**, and confirm if your computer asks whether to remove the entry.",
			serviceDesk,
		},
		Retry: true,
	}
	// NoLogon: Windows error 1312.
	NoLogon = &problem.Problem{
		Code:  "KEYRING-NO_LOGON",
		Title: "Windows does not store credentials in this session",
		Happened: "The Windows Credential Manager is not available to this program. This happens over network and SSH log-ons, in some " +
			"programs that run as administrator, and where a group policy forbids storing credentials.",
		Steps: []string{
			"Close this program and start it in the usual way, without \"Run as administrator\".",
			"If that does not help, give your local service desk the reference below and mention the policy \"Do not allow storage of " +
				"passwords and credentials for network authentication\".",
		},
		Terminal: []string{
			"Run the command in the session of the user who has logged on at this computer: not over SSH, as a service or a scheduled task, " +
				"and without \"Run as administrator\".",
			"If that does not help, give your local service desk the reference below and mention the policy \"Do not allow storage of " +
				"passwords and credentials for network authentication\".",
		},
	}
	// Forbidden: a policy forbids it.
	Forbidden = &problem.Problem{
		Code:     "KEYRING-FORBIDDEN",
		Title:    "Your computer forbids storing credentials",
		Happened: "A setting of your organisation keeps this program from using the computer's keyring.",
		Steps:    []string{"Give your local service desk the reference below. Only they can change that setting."},
	}
	// Unreadable: there is an entry that this version cannot decode.
	Unreadable = &problem.Problem{
		Code:     "KEYRING-UNREADABLE",
		Title:    "The session in your computer's keyring cannot be read",
		Happened: "Another program, or another version of this one, has stored something that this version does not understand.",
		Steps:    []string{"Sign in again. The new session takes its place.", serviceDesk},
	}
	// Checking: another check of the keyring is under way.
	Checking = &problem.Problem{
		Code:     "KEYRING-CHECKING",
		Title:    "Another check of the keyring is running",
		Happened: "Two checks at once would disturb one another, so that this one did not begin. Nothing is known to be wrong.",
		Steps: []string{
			"Wait until the other check has ended: ers-login doctor on a terminal, or Check this computer in the window.",
			"Press **Try again**.",
			"If it happens again although there is no other one, log out of the computer and log in again.",
		},
		Retry: true,
	}
	// NotFound: there is no such entry. Its meaning to the user depends on the caller.
	NotFound = &problem.Problem{
		Code:     "KEYRING-NOT_FOUND",
		Title:    "There is no such entry in your computer's keyring",
		Happened: "Nothing has been stored yet, or it has been removed.",
		Steps:    []string{"Give your local service desk the reference below if there should be one."},
	}
	// Failed: every other error.
	Failed = &problem.Problem{
		Code:     "KEYRING-FAILED",
		Title:    "Your computer's keyring could not be used",
		Happened: "The keyring refused, for a reason that this program does not know.",
		Steps:    []string{"Press **Try again**.", serviceDesk},
		Retry:    true,
	}
)
