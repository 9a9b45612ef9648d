package diagnose

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/ers-login/ers-login/ersclient/cis2"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/keyring"
)

// careIdentityChecks are those of the FHIR platform. A smartcard is one of several ways to sign in
// there, so its reader may be missing.
func (n Target) careIdentityChecks(j *journey, network, secret time.Duration) []Check {
	oauth := max(network, cis2.DefaultTimeout+usually)
	return []Check{
		{ID: IDPlatform, Name: namePlatform, Run: func(context.Context) Finding { return ok(saidPlatform) }},
		{ID: IDClient, Name: nameClient, Run: n.client, Within: secret},
		{ID: IDBrowser, Name: nameBrowser, Run: n.browser},
		{ID: IDRedirect, Name: nameRedirect, Run: n.redirect},
		{ID: IDReader, Name: nameReader, Run: n.optionalReader},
		{ID: IDClock, Name: nameClock, Run: j.clock, Within: network},
		{ID: IDDNS, Name: nameDNS, Run: j.name, Within: network},
		{ID: IDProxy, Name: nameProxy, Run: j.proxy, Within: network},
		{ID: IDTLS, Name: nameTLS, Run: j.chain, Within: network},
		{ID: IDOAuth, Name: nameOAuth, Run: n.oauth, Within: oauth},
		{ID: IDERS, Name: nameERS, Run: j.ers, Within: network},
		{ID: IDDirectory, Name: nameDirectory, Run: n.directory, Within: oauth},
		{ID: IDKeyring, Name: nameKeyring, Run: n.keyring, Within: 4*n.Settings.KeyringTimeout + usually},
		{ID: IDAudit, Name: nameAudit, Run: n.audit},
		{ID: IDSettings, Name: nameSettings, Run: n.settings},
		{ID: IDWorkstation, Name: nameWorkstation, Run: n.workstation},
	}
}

func (n Target) client(ctx context.Context) Finding {
	for _, wrong := range problemsOf(n.SettingsErr) {
		if config.IsAbout(wrong, "client_id") {
			return failed(saidNoClient, wrong)
		}
	}
	if n.ClientSecret == nil || n.Settings.ClientID == "" {
		return skipped(saidNothing)
	}
	switch err := n.ClientSecret(ctx); {
	case errors.Is(err, keyring.Locked), errors.Is(err, keyring.Dismissed):
		// The next sign-in asks for it.
		return troubled(Attention, err)
	case err != nil:
		return troubled(Failed, err)
	}
	said := saidClient
	if n.Settings.Broker() && n.Settings.ClientSecretFile == "" {
		said = saidClientPublic
	}
	return ok(said).WithPhrase("Origin", n.Settings.Origin("client_id").Phrase())
}

func (n Target) browser(context.Context) Finding {
	if n.Browser == nil {
		return skipped(saidNothing)
	}
	if err := n.Browser(); err != nil {
		// The user can copy the address.
		return troubled(Attention, err)
	}
	return ok(saidBrowser)
}

func (n Target) redirect(ctx context.Context) Finding {
	if n.Redirect == nil {
		return skipped(saidNothing)
	}
	if err := n.Redirect(ctx); err != nil {
		return troubled(Failed, err)
	}
	return ok(saidRedirect)
}

func (n Target) optionalReader(ctx context.Context) Finding {
	if n.Readers == nil {
		return skipped(saidNothing)
	}
	seen := n.Readers(ctx)
	switch {
	case seen.Err != nil:
		return troubled(Attention, seen.Err)
	case len(seen.Readers) == 0:
		return ok(saidNoReader)
	}
	return n.reader(ctx)
}

func (n Target) oauth(ctx context.Context) Finding {
	way, answer, found := examine(ctx, n.OAuth)
	if way == nil {
		return found
	}
	if answer.Status >= http.StatusInternalServerError || answer.Status == http.StatusProxyAuthRequired {
		return failed(saidOAuthBad, sickOAuth.With("Status", strconv.Itoa(answer.Status))).
			With("Host", way.Host()).With("Status", strconv.Itoa(answer.Status))
	}
	return ok(saidOAuth).With("Host", way.Host()).With("Status", strconv.Itoa(answer.Status))
}

func (n Target) directory(ctx context.Context) Finding {
	if n.Settings.DirectoryURL == config.NoDirectory {
		return skipped(saidDirectoryOff)
	}
	way, answer, found := examine(ctx, n.Directory)
	switch {
	case found.Problem != nil:
		// Names are decoration.
		return attention(saidNoDirectory, found.Problem)
	case way == nil:
		return found
	}
	return ok(saidDirectory).With("Host", way.Host()).With("Status", strconv.Itoa(answer.Status))
}

// examine connects to a server. Without a way the Finding says why.
func examine(ctx context.Context, makeWay func() (ERS, error)) (ERS, transport.Examination, Finding) {
	if makeWay == nil {
		return nil, transport.Examination{}, skipped(saidNothing)
	}
	way, err := makeWay()
	if err != nil {
		return nil, transport.Examination{}, skipped(saidNoAddress)
	}
	answer, err := way.Examine(ctx)
	if err != nil {
		return nil, transport.Examination{}, troubled(Failed, err)
	}
	return way, answer, Finding{}
}
