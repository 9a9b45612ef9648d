package commands

import (
	"context"
	"errors"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/login"
	"github.com/ers-login/ers-login/internal/problem"
)

// audited is e-RS with a record of each call in the audit log (LAL-001).
type audited struct {
	ers *audit.ERS
	log *audit.Log
}

// openAudit opens the audit log, which records under the name of the certificate. One that cannot be written is told by the window,
// and it depends on the settings whether anybody can sign in nevertheless.
func (r realServices) openAudit(settings config.Config, client audit.Caller, fqdn string) audited {
	log, err := audit.Open(audit.Settings{
		Dir: settings.AuditDir, Keep: settings.AuditKeep,
		SessionID: audit.SessionID(settings.AuditSessionID), SystemLog: settings.AuditSystemLog,
		Version: r.program.metadata.Version, ASID: settings.ASID, FQDN: fqdn,
		Trouble: func(found *problem.Problem) { r.board.Set("audit", found) }, Log: r.log,
	})
	if err != nil {
		r.log.WithError(err).Warn("audit log")
	}
	return audited{audit.NewERS(client, log, settings.AuditRequired), log}
}

// auditedKeyring is a keyring that tells the audit log whose session it reads: the A003 of an earlier run has nothing but its key.
type auditedKeyring struct {
	login.Keyring
	ers *audit.ERS
}

// Read returns what is there, and has told of it.
func (k auditedKeyring) Read(ctx context.Context) (handoff.Session, error) {
	return k.told(k.Keyring.Read(ctx))
}

// ReadUnlocking is Read for a keyring that may be locked.
func (k auditedKeyring) ReadUnlocking(ctx context.Context) (handoff.Session, error) {
	return k.told(k.Keyring.ReadUnlocking(ctx))
}

func (k auditedKeyring) told(session handoff.Session, err error) (handoff.Session, error) {
	if err == nil {
		k.ers.Know(session.SessionKey, session.UserIdentifier, ersclient.Permission{
			BusinessFunction: ersclient.BusinessFunction(session.BusinessFunction),
			OrgIdentifier:    session.OrgIdentifier, OrgName: session.OrgName,
		})
	}
	return session, err
}

// close ends the log. Records that could not be written in all this time are told of, and lost.
func (a audited) close() error {
	if err := a.log.Close(); err != nil {
		return errors.Join(errors.New("audit log"), err)
	}
	return nil
}
