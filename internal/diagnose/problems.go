package diagnose

import (
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/workstation"
)

const stepDeskAgain = "If it happens again, contact your local service desk and quote the reference below."

var (
	noCard = &problem.Problem{
		Code:     "CARD-NONE",
		Title:    "There is no smartcard in the reader",
		Happened: "The smartcard reader is connected, but there is no card in it.",
		Steps:    []string{"Insert your smartcard.", "If it is in the reader, remove it and insert it again, with the chip first."},
	}
	noName = &problem.Problem{
		Code:     "DIAG-DNS",
		Title:    "A name could not be found on the network",
		Happened: "This computer could not look up the name {{.Host}}, which it must connect to.",
		Steps: []string{
			"Check that this computer is connected to your organisation's network, by cable, Wi-Fi or VPN.",
			"Press **Try again**.",
			stepDeskAgain,
		},
		ServiceDesk: []string{
			"If the name is wrong, correct the setting that has it: base_url or proxy, and with NHS Care Identity fhir_base_url, oauth_url or directory_url.",
		},
		Retry: true,
	}
	sick = &problem.Problem{
		Code:     "DIAG-ERS_STATUS",
		Title:    "e-RS is having problems",
		Happened: "The connection works, but e-RS, or a gateway in front of it, responded with an error ({{.Status}}).",
		Steps: []string{
			"Wait a minute, then press **Try again**.",
			stepDeskAgain,
		},
		Retry: true,
	}
	elsewhere = &problem.Problem{
		Code:  "DIAG-ERS_ADDRESS",
		Title: "This may not be the address of e-RS",
		Happened: "A trusted server responds at this address, but it does not seem to be e-RS ({{.Status}}). " +
			"If you can sign in, you do not need to do anything.",
		ServiceDesk: []string{
			"Check the setting base_url, and whether a proxy reads what is sent to e-RS.",
		},
	}
	unseen = &problem.Problem{
		Code:  workstation.Unseen.Code,
		Title: "Your session may stay open when the screen is locked",
		Happened: "e-RS Login cannot see all of these on this computer: locking the screen, switching users, sleep and signing out. " +
			"What is missing: {{.What}}.",
		Steps: []string{
			"You can keep working. Sign out of e-RS when you leave the computer.",
			"If your session must end when the screen is locked, contact your local service desk and quote the reference below.",
		},
	}
)

var noAnswer = &problem.Problem{
	Code:     "DIAG-TIMEOUT",
	Title:    "A part of this computer does not answer",
	Happened: "The check \"{{.Check}}\" got no answer in time.",
	Steps: []string{
		"Press **Try again**.",
		stepDeskAgain,
	},
	Retry: true,
}

var sickOAuth = &problem.Problem{
	Code:     "DIAG-OAUTH_STATUS",
	Title:    "The sign-in service is having problems",
	Happened: "The connection to the sign-in service of NHS Care Identity works, and it answers with an error ({{.Status}}).",
	Steps: []string{
		"Wait a minute, then press **Try again**.",
		"If it happens again, contact your local service desk and quote this reference.",
	},
	Retry: true,
}

var unreadable = &problem.Problem{
	Code:     "DIAG-READER",
	Title:    "One kind of program cannot read the session",
	Happened: "Programs that read the session like \"{{.Reader}}\" cannot find it on this computer.",
	Steps: []string{
		"If all your e-RS applications work, you do not need to do anything.",
		"If one of them does not work, contact your local service desk and quote the " +
			"reference below.",
	},
	ServiceDesk: []string{
		"See docs/handoff.md for the ways to read it. The command ers-login session reads " +
			"it for every program.",
	},
}

var ambiguous = &problem.Problem{
	Code:  "DIAG-READER_SEVERAL",
	Title: "The session is stored more than once",
	Happened: "Another program has stored something under the name of e-RS Login. Programs that " +
		"read like \"{{.Reader}}\" find no session then, and others may find the wrong one.",
	Steps: []string{
		"Sign out of e-RS and sign in again.",
		"If it happens again, contact your local service desk, quote the reference below " +
			"and say which applications use e-RS.",
	},
	ServiceDesk: []string{
		"Open the desktop's own program for passwords and remove the entries with the " +
			"service ers-login.",
	},
}

var notSaved = &problem.Problem{
	Code:     "DIAG-BUNDLE",
	Title:    "The support file was not saved",
	Happened: "The file {{.File}} could not be written. An earlier file with this name was not changed.",
	Steps: []string{
		"Choose a folder that you can write to, and make sure that the disk is not full.",
		"Contact your local service desk and quote the reference below.",
	},
}
