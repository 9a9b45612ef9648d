package audit

import (
	"errors"

	"github.com/ers-login/ers-login/internal/problem"
)

const serviceDesk = "If that does not help, give your local service desk the reference below."

// The Problems for users. Each is a template; errors.Is finds them by their code.
var (
	// Unwritable: the folder or a file in it cannot be written, or the disk does not answer in time.
	Unwritable = &problem.Problem{
		Code:  "AUDIT-UNWRITABLE",
		Title: "The audit log cannot be written",
		Happened: "Each call to e-RS is to be recorded in the folder {{.Folder}}, and the program cannot write there. It keeps the " +
			"records as long as it runs, and writes them when it can.",
		Steps: []string{
			"Tell your local service desk, with the reference below. " +
				"The folder has to be there, belong to you and be one that you can write to.",
			"Leave this program open until then, so that the records are not lost.",
		},
	}
	// DiskFull: there is no room, on the disk or in the user's share of it.
	DiskFull = &problem.Problem{
		Code:  "AUDIT-FULL",
		Title: "There is no room for the audit log",
		Happened: "Each call to e-RS is to be recorded in the folder {{.Folder}}, and the disk, or your share of it, is full. The " +
			"program keeps the records as long as it runs, and writes them when it can.",
		Steps: []string{
			"Delete files that you do not need, and empty the recycle bin. Leave the audit log as it is.",
			serviceDesk,
		},
	}
	// Locked: another process holds the lock of the folder and does not give it back.
	Locked = &problem.Problem{
		Code:  "AUDIT-LOCKED",
		Title: "Another program keeps the audit log locked",
		Happened: "Each call to e-RS is to be recorded in the folder {{.Folder}}, and another program has kept it locked for too long. " +
			"This program keeps the records as long as it runs, and writes them when it can.",
		Steps: []string{
			"Close other windows of e-RS Login.",
			serviceDesk,
		},
	}
	// Required: the organisation allows no sign-in without a record of it.
	Required = &problem.Problem{
		Code:  "AUDIT-REQUIRED",
		Title: "You cannot sign in while the audit log cannot be written",
		Happened: "Your organisation wants each sign-in to e-RS recorded in the folder {{.Folder}}, and the program cannot write " +
			"there.",
		Steps: []string{
			"If your disk is full, delete files that you do not need, and empty the recycle bin.",
			"Press **Try again**.",
			"If it happens again, give your local service desk the reference below. " +
				"The folder has to be there, belong to you and be one that you can write to.",
		},
		Retry: true,
	}
	// SystemLogFailed: the records are in the file, and not in the system's log.
	SystemLogFailed = &problem.Problem{
		Code:  "AUDIT-SYSTEM_LOG",
		Title: "The computer's system log takes no audit records",
		Happened: "Your organisation wants each call to e-RS in the computer's system log too, and the system log did not take it. " +
			"The program's own audit log is not affected.",
		Steps: []string{
			"You can go on working. Tell your local service desk, with the reference below: " +
				"syslog (the Windows Event Log on Windows) did not answer.",
		},
	}
)

// problemOf returns why the log could not be written.
func problemOf(folder string, err error) *problem.Problem {
	template := Unwritable
	switch {
	case isFull(err):
		template = DiskFull
	case errors.Is(err, errHeld):
		template = Locked
	}
	return template.With("Folder", folder).Because(err)
}
