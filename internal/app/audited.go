package app

import (
	"errors"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
)

// openAuditLog opens the audit log (LAL-001), which records under the certificate's name. The window
// reports a log that cannot be written; the settings decide whether sign-in is possible nevertheless.
func (r RealServices) openAuditLog(settings config.Config, fqdn string) *audit.Log {
	log, err := audit.Open(audit.Settings{
		Dir: settings.AuditDir, Keep: settings.AuditKeep,
		SessionID: audit.SessionID(settings.AuditSessionID), SystemLog: settings.AuditSystemLog,
		Version: r.Program.Metadata.Version, ASID: settings.ASID, FQDN: fqdn,
		Trouble: func(found *problem.Problem) { r.Board.Set("audit", found) }, Log: r.Log,
	})
	if err != nil {
		r.Log.WithError(err).Warn("audit log")
	}
	return log
}

func closeAudit(log *audit.Log) error {
	if err := log.Close(); err != nil {
		return errors.Join(errors.New("audit log"), err)
	}
	return nil
}

// auditedTickets is the HSCN platform whose calls are recorded. It tells the audit log whose session
// an earlier run has left: its A003 has only the key, and the record must name the user.
type auditedTickets struct {
	*hscn.Platform
	records *audit.ERS
}

var _ signin.Platform = auditedTickets{}

// Leftover returns the session of an entry, and records its owner.
func (p auditedTickets) Leftover(left handoff.Entry) signin.Grant {
	if session, ofHSCN := left.(handoff.Session); ofHSCN {
		setOwner(p.records, session)
	}
	return p.Platform.Leftover(left)
}

func setOwner(records *audit.ERS, session handoff.Session) {
	records.SetOwner(session.SessionKey, session.UserIdentifier, ersclient.Permission{
		BusinessFunction: ersclient.BusinessFunction(session.BusinessFunction),
		OrgIdentifier:    session.OrgIdentifier, OrgName: session.OrgName,
	})
}
