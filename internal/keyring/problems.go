package keyring

import "github.com/ers-login/ers-login/internal/problem"

// The last step of most of these Problems.
const serviceDesk = "If it happens again, contact your local service desk and quote the reference below."

// What a service desk can do about most of them.
const (
	deskPassword = "If the password of secure storage differs from that of the computer, change it with the desktop's own program for " +
		"passwords, or set up a new keyring."
	deskCheck = "Look at secure storage with the desktop's own program for passwords, and run ers-login doctor as this user."
)

// The Problems for users. Each is a template; errors.Is finds them by their code.
var (
	// Locked: the keyring's prompt was not answered in time, or must not be shown now.
	Locked = &problem.Problem{
		Code:  "KEYRING-LOCKED",
		Title: "Secure storage on this computer is locked",
		Happened: "e-RS Login keeps your session in your computer's secure storage (keyring) so that " +
			"other applications can use it. It is locked.",
		Steps: []string{
			"Press **Try again**.",
			"When your computer asks for the password of its secure storage, type it. It is " +
				"usually the password that you use to sign in to this computer.",
			"If you are not asked, or the password is not accepted, contact your local service " +
				"desk and quote the reference below.",
		},
		Terminal: []string{
			"Unlock the keyring: sign in to the desktop with your password, or use the " +
				"desktop's own program for passwords. The command ers-login sign-in asks for the " +
				"keyring's password, too. Commands that only read never do.",
			"Run the command again.",
			"If the password is not accepted, contact your local service desk and quote the " +
				"reference below.",
		},
		Retry:       true,
		ServiceDesk: []string{deskPassword},
	}
	// ItemLocked: the keyring is unlocked, and prompts for each entry (KeePassXC). It has the code
	// of Locked.
	ItemLocked = &problem.Problem{
		Code:  Locked.Code,
		Title: "Secure storage asks you before it is used",
		Happened: "Your computer asks you before a program can use or remove the e-RS session in its " +
			"secure storage. The question was not answered.",
		Steps: []string{
			"Press **Try again**, and allow it when you are asked.",
			"To stop being asked, open KeePassXC, go to Settings, Secret Service Integration, " +
				"and switch off the two questions: before an entry is accessed, and before one is " +
				"deleted.",
			serviceDesk,
		},
		Terminal: []string{
			"Open KeePassXC, go to Settings, Secret Service Integration, and switch off the question before an entry is accessed. Commands " +
				"that only read never make it ask.",
			"Run the command again.",
			serviceDesk,
		},
		Retry:       true,
		ServiceDesk: []string{deskCheck},
	}
	// Dismissed: the user has dismissed the keyring's prompt.
	Dismissed = &problem.Problem{
		Code:  "KEYRING-DISMISSED",
		Title: "Secure storage was not unlocked",
		Happened: "Your computer asked for the password of its secure storage (keyring), and the " +
			"question was cancelled. Other applications cannot use your e-RS session without " +
			"it.",
		Steps: []string{
			"Press **Try again**.",
			"When your computer asks for the password of its secure storage, type it. It is " +
				"usually the password that you use to sign in to this computer.",
			"If you do not know the password, contact your local service desk and quote the " +
				"reference below.",
		},
		Retry:       true,
		ServiceDesk: []string{deskPassword},
	}
	// NoBus: Linux without a session bus.
	NoBus = &problem.Problem{
		Code:  "KEYRING-NO_BUS",
		Title: "Secure storage on this computer cannot be reached",
		Happened: "e-RS Login keeps your session in your computer's secure storage (keyring) so that " +
			"other applications can use it. e-RS Login was started without a desktop, so it " +
			"cannot reach it.",
		Steps: []string{
			"Sign in to the desktop of this computer and start e-RS Login from its menu.",
			"If that does not help, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"There is no D-Bus session bus.",
		},
		Terminal: []string{
			"Run the command in the desktop session of the user who signs in to e-RS: not over SSH, under sudo, from cron or in a container.",
			"If that does not help, contact your local service desk and quote the reference below.",
		},
	}
	// NoService: Linux without a Secret Service.
	NoService = &problem.Problem{
		Code:  "KEYRING-NO_SERVICE",
		Title: "This computer has no secure storage",
		Happened: "e-RS Login keeps your session in your computer's secure storage (keyring) so that " +
			"other applications can use it. This computer has none.",
		Steps: []string{
			"Contact your local service desk and quote the reference below.",
			"When they have set up secure storage, sign out of the computer, sign in again and press **Try again**.",
		},
		ServiceDesk: []string{
			"Install a keyring that offers the Secret Service, such as GNOME Keyring.",
		},
		Retry: true,
	}
	// noKDEService: the same on KDE's desktop. It has the code of NoService.
	noKDEService = &problem.Problem{
		Code:  NoService.Code,
		Title: "Secure storage is switched off on this computer",
		Happened: "e-RS Login keeps your session in your computer's secure storage (keyring) so that " +
			"other applications can use it. On this computer that is KDE Wallet, and it is " +
			"switched off.",
		Steps: []string{
			"Contact your local service desk and quote the reference below.",
			"When they have set up secure storage, sign out of the computer, sign in again and press **Try again**.",
		},
		ServiceDesk: []string{
			"In this user's session, open System Settings, go to KDE Wallet, switch on the wallet and \"Use KWallet for the Secret Service interface\".",
		},
		Retry: true,
	}
	// NoCollection: a user who has no keyring yet.
	NoCollection = &problem.Problem{
		Code:  "KEYRING-NO_COLLECTION",
		Title: "Secure storage is not set up on this computer",
		Happened: "e-RS Login keeps your session in your computer's secure storage (keyring) so that " +
			"other applications can use it. You do not have one yet.",
		Steps: []string{
			"Sign out of the computer, then sign in with your password. This usually sets it up.",
			"Press **Try again**.",
			serviceDesk,
		},
		ServiceDesk: []string{
			"Open the program Passwords and Keys, add a password " +
				"keyring, name it Login and set it as default.",
		},
		Retry: true,
	}
	// noWallet: the same with KDE's keyring. It has the code of NoCollection.
	noWallet = &problem.Problem{
		Code:  NoCollection.Code,
		Title: "Secure storage (KDE Wallet) is not set up on this computer",
		Happened: "e-RS Login keeps your session in KDE Wallet so that other applications can use " +
			"it. You do not have a wallet yet.",
		Steps: []string{
			"Open System Settings, go to KDE Wallet, and create a wallet. Give it the password " +
				"that you use to sign in to this computer.",
			"Sign out of the computer, sign in again and press **Try again**.",
			serviceDesk,
		},
		Retry:       true,
		ServiceDesk: []string{deskCheck},
	}
	// noDatabase: the same with KeePassXC. It has the code of NoCollection.
	noDatabase = &problem.Problem{
		Code:  NoCollection.Code,
		Title: "No KeePassXC database is open",
		Happened: "e-RS Login keeps your session in KeePassXC so that other applications can use it. " +
			"None of its databases is open and shared.",
		Steps: []string{
			"Open KeePassXC and unlock your database.",
			"In its menu go to Database, Database Settings, Secret Service Integration, and choose a group that other applications may use.",
			"Press **Try again**.",
			serviceDesk,
		},
		Retry:       true,
		ServiceDesk: []string{deskCheck},
	}
	// TimedOut: the keyring hangs.
	TimedOut = &problem.Problem{
		Code:     "KEYRING-TIMEOUT",
		Title:    "Secure storage on this computer does not answer",
		Happened: "The computer's secure storage (keyring) did not respond in time.",
		Steps: []string{
			"Press **Try again**.",
			"If that does not help, sign out of the computer and sign in again.",
			serviceDesk,
		},
		Retry:       true,
		ServiceDesk: []string{deskCheck},
	}
	// Crashed: the keyring or the worker has ended during use.
	Crashed = &problem.Problem{
		Code:  "KEYRING-CRASHED",
		Title: "Secure storage on this computer stopped working",
		Happened: "Your computer's secure storage (keyring), or the part of e-RS Login that uses it, " +
			"stopped unexpectedly.",
		Steps: []string{
			"Press **Try again**.",
			"If that does not help, close e-RS Login and start it again.",
			serviceDesk,
		},
		Terminal:    []string{"Run the command again.", "If that does not help, sign out of the computer and sign in again.", serviceDesk},
		Retry:       true,
		ServiceDesk: []string{deskCheck},
	}
	// ReadBack: what was read is not what was written.
	ReadBack = &problem.Problem{
		Code:  "KEYRING-READBACK",
		Title: "Secure storage on this computer did not keep your session",
		Happened: "Your computer's secure storage (keyring) returned something else than was stored. " +
			"Other applications could not have used your e-RS session.",
		Steps:       []string{"Press **Try again**.", serviceDesk},
		Retry:       true,
		ServiceDesk: []string{deskCheck},
	}
	// Leftover: an entry could not be removed.
	Leftover = &problem.Problem{
		Code:  "KEYRING-LEFTOVER",
		Title: "An old session is still stored on this computer",
		Happened: "The session is closed at e-RS, but it could not be removed from your computer's " +
			"secure storage (keyring). Other applications may still try to use it.",
		Steps: []string{
			"Press **Try again**, and confirm if your computer asks whether to remove it.",
			serviceDesk,
		},
		Retry:       true,
		ServiceDesk: []string{deskCheck},
	}
	// NoLogon: Windows error 1312.
	NoLogon = &problem.Problem{
		Code:  "KEYRING-NO_LOGON",
		Title: "Windows does not let e-RS Login store your session",
		Happened: "e-RS Login cannot use the Windows Credential Manager. This can happen if it runs " +
			"as administrator or over a remote connection, or if a group policy forbids it.",
		Steps: []string{
			"Close e-RS Login and start it in the usual way, without \"Run as administrator\".",
			"If that does not help, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Check the policy \"Do not allow storage of passwords and credentials for network " +
				"authentication\".",
		},
		Terminal: []string{
			"Run the command in the session of the user who has logged on at this computer: not over SSH, as a service or a scheduled task, " +
				"and without \"Run as administrator\".",
			"If that does not help, contact your local service desk and quote the reference below.",
		},
	}
	// Forbidden: a policy forbids it.
	Forbidden = &problem.Problem{
		Code:     "KEYRING-FORBIDDEN",
		Title:    "Your organisation does not let e-RS Login store your session",
		Happened: "A rule on this computer keeps e-RS Login from using its secure storage (keyring).",
		ServiceDesk: []string{
			"A policy forbids storing credentials. Change it for this user.",
		},
	}
	// Unreadable: there is an entry that this version cannot decode.
	Unreadable = &problem.Problem{
		Code:  "KEYRING-UNREADABLE",
		Title: "The session stored on this computer cannot be read",
		Happened: "Another program, or another version of e-RS Login, stored something that this " +
			"version does not understand.",
		Steps:       []string{"Sign in again. The new session replaces it.", serviceDesk},
		ServiceDesk: []string{deskCheck},
	}
	// Checking: another check of the keyring is under way.
	Checking = &problem.Problem{
		Code:     "KEYRING-CHECKING",
		Title:    "Another check of secure storage is running",
		Happened: "Only one check can run at a time, so this one did not start. We found no problem.",
		Steps: []string{
			"Wait until the other check has finished, in another window or on a terminal.",
			"Press **Try again**.",
			"If it happens again and no other check is running, sign out of the computer and " +
				"sign in again.",
		},
		Retry: true,
	}
	// NotFound: there is no such entry. Its meaning to the user depends on the caller.
	NotFound = &problem.Problem{
		Code:        "KEYRING-NOT_FOUND",
		Title:       "There is no session stored on this computer",
		Happened:    "Nothing has been stored yet, or it has been removed.",
		Steps:       []string{"If there should be one, contact your local service desk and quote the reference below."},
		ServiceDesk: []string{deskCheck},
	}
	// Failed: every other error.
	Failed = &problem.Problem{
		Code:  "KEYRING-FAILED",
		Title: "Secure storage on this computer could not be used",
		Happened: "e-RS Login keeps your session in your computer's secure storage (keyring) so that " +
			"other applications can use it. It refused, and did not say why.",
		Steps:       []string{"Press **Try again**.", serviceDesk},
		Retry:       true,
		ServiceDesk: []string{deskCheck},
	}
)
