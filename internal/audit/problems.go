package audit

import "github.com/ers-login/ers-login/internal/problem"

const serviceDesk = "If that does not help, contact your local service desk and quote the reference below."

// The Problems for users. Each is a template; errors.Is finds them by their code.
var (
	// Unwritable: the folder or a file in it cannot be written, or the disk, or another process with the
	// lock, does not answer in time.
	Unwritable = &problem.Problem{
		Code:  "AUDIT-UNWRITABLE",
		Title: "The audit log cannot be written",
		Happened: "e-RS Login cannot write to the folder {{.Folder}}. It keeps the records while it " +
			"is open, and writes them when it can.",
		Steps: []string{
			"Contact your local service desk and quote the reference below.",
			"Keep e-RS Login open until then, so that no records are lost.",
		},
		ServiceDesk: []string{
			"Make sure that the folder exists, belongs to this user, and that this user can " +
				"write to it.",
			"Make sure that no other program keeps audit.lock there locked.",
		},
	}
	// DiskFull: there is no room, on the disk or in the user's share of it.
	DiskFull = &problem.Problem{
		Code:  "AUDIT-FULL",
		Title: "There is no space for the audit log",
		Happened: "The disk of the folder {{.Folder}} is full. e-RS Login keeps the records while it " +
			"is open, and writes them when it can.",
		Steps: []string{
			"Free up disk space, for example by emptying the recycle bin. Do not delete the " +
				"audit log.",
			serviceDesk,
		},
	}
	// Required: the organisation allows no sign-in without a record of it.
	Required = &problem.Problem{
		Code:  "AUDIT-REQUIRED",
		Title: "You cannot sign in because the audit log cannot be written",
		Happened: "Your organisation records each sign-in to e-RS in the folder {{.Folder}}, and " +
			"e-RS Login cannot write there.",
		Steps: []string{
			"If your disk is full, free up space, for example by emptying the recycle bin.",
			"Press **Try again**.",
			"If it happens again, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Make sure that the folder exists, belongs to this user, and that this user can " +
				"write to it.",
		},
		Retry: true,
	}
	// SystemLogFailed: the records are in the file, and not in the system's log.
	SystemLogFailed = &problem.Problem{
		Code:  "AUDIT-SYSTEM_LOG",
		Title: "The computer's system log did not accept audit records",
		Happened: "Your organisation also records calls to e-RS in the computer's system log, which " +
			"did not accept one. The audit log of e-RS Login is complete.",
		Steps: []string{
			"You can keep working. Contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"syslog (on Windows, the Windows Event Log) did not answer.",
		},
	}
)

// problemOf returns why the log could not be written.
func problemOf(folder string, err error) *problem.Problem {
	template := Unwritable
	if isFull(err) {
		template = DiskFull
	}
	return template.With("Folder", folder).Because(err)
}
