package app

import (
	"context"
	"errors"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
)

// audited records each e-RS call in the audit log (LAL-001).
type audited struct {
	ers *audit.ERS
	log *audit.Log
}

// openAudit opens the audit log, which records under the certificate's name. The window reports a
// log that cannot be written; the settings decide whether sign-in is possible nevertheless.
func (r RealServices) openAudit(settings config.Config, client audit.Caller, fqdn string) audited {
	log := r.openAuditLog(settings, fqdn)
	return audited{audit.NewERS(client, log, settings.AuditRequired), log}
}

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

// ownerReportingKeyring tells the audit log whose session each key is that it reads: the A003 of an
// earlier run's session has only the key, and its record must name the user.
type ownerReportingKeyring struct {
	signin.Keyring
	ers *audit.ERS
}

// Read returns the session and reports its owner to the audit log.
func (k ownerReportingKeyring) Read(ctx context.Context) (handoff.Entry, error) {
	return k.record(k.Keyring.Read(ctx))
}

// ReadUnlocking is Read for a keyring that may be locked.
func (k ownerReportingKeyring) ReadUnlocking(ctx context.Context) (handoff.Entry, error) {
	return k.record(k.Keyring.ReadUnlocking(ctx))
}

func (k ownerReportingKeyring) record(read handoff.Entry, err error) (handoff.Entry, error) {
	if session, ofHSCN := read.(handoff.Session); ofHSCN {
		k.ers.SetOwner(session.SessionKey, session.UserIdentifier, ersclient.Permission{
			BusinessFunction: ersclient.BusinessFunction(session.BusinessFunction),
			OrgIdentifier:    session.OrgIdentifier, OrgName: session.OrgName,
		})
	}
	return read, err
}

// close ends the log. It reports records that could not be written until now, which are lost.
func (a audited) close() error { return closeAudit(a.log) }

func closeAudit(log *audit.Log) error {
	if err := log.Close(); err != nil {
		return errors.Join(errors.New("audit log"), err)
	}
	return nil
}
