package app

import (
	"context"
	"errors"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/audit"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
)

// identityAgentServices are those of the HSCN platform.
func (r RealServices) identityAgentServices(ctx context.Context, settings config.Config, ring *keyring.Client) (Services, error) {
	ers, err := r.newReloadingClient(ctx, settings, ring)
	if err != nil {
		return Services{}, err
	}
	cards, err := r.openCardSide(settings)
	if err != nil {
		ers.Close()
		return Services{}, err
	}
	r.CardSide.Store(&cards)
	log := r.openAuditLog(settings, certificate.CommonName(ers.using.certificate))
	records := audit.NewERS(ers, log, settings.AuditRequired)
	ers.renamed = log.Rename
	platform := hscn.New(hscn.Settings{
		ERS: records, BaseURL: settings.BaseURL, ASID: settings.ASID, Agent: cards.agent, PollInterval: settings.AgentPollInterval,
		Changed: cards.readers.Changed(), Presence: func() hscn.Presence { return presenceOf(cards.readers.Presence()) }, Log: r.Log,
	})
	return Services{
		platform: auditedTickets{platform, records},
		grace:    settings.ClosingGrace,
		close: func() {
			r.CardSide.Store(nil)
			ers.Close()
			if err := errors.Join(cards.Close(), closeAudit(log)); err != nil {
				r.Log.WithError(err).Warn("not all ended as it should")
			}
		},
	}, nil
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
