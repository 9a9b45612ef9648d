package diagnose

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/config"
)

func (n Target) client(ctx context.Context) Finding {
	if n.Settings.ClientID == "" {
		// The row of the settings reports it.
		return skipped(saidNoClient)
	}
	if err := n.ClientSecret(ctx); err != nil {
		return ringTroubled(err)
	}
	said := saidClient
	if n.Settings.Broker() && n.Settings.ClientSecretFile == "" {
		said = saidClientPublic
	}
	return ok(said).WithPhrase("Origin", n.Settings.Origin("client_id").Phrase())
}

func (n Target) browser(context.Context) Finding {
	if err := n.Browser(); err != nil {
		// The user can copy the address.
		return troubled(Attention, err)
	}
	return ok(saidBrowser)
}

func (n Target) redirect(ctx context.Context) Finding {
	if n.Settings.ClientID == "" {
		return skipped(saidNoClient)
	}
	switch err := n.Redirect(ctx); {
	case errors.Is(err, ErrInUse):
		return skipped(saidRedirectInUse)
	case err != nil:
		return troubled(Failed, err)
	}
	return ok(saidRedirect)
}

func (n Target) oauth(ctx context.Context) Finding {
	way, answer, found := n.examine(ctx, n.OAuth)
	if way == nil {
		return found
	}
	if answer.Status >= http.StatusInternalServerError || answer.Status == http.StatusProxyAuthRequired {
		return failed(saidOAuthBad, sickOAuth.With("Status", strconv.Itoa(answer.Status))).
			With("Host", way.Host()).With("Status", strconv.Itoa(answer.Status))
	}
	said := saidOAuth
	if answer.Plain() {
		said = saidOAuthHere
	}
	return ok(said).With("Host", way.Host()).With("Status", strconv.Itoa(answer.Status))
}

func (n Target) directory(ctx context.Context) Finding {
	if n.Settings.DirectoryURL == config.NoDirectory {
		return skipped(saidDirectoryOff)
	}
	way, answer, found := n.examine(ctx, n.Directory)
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
func (n Target) examine(ctx context.Context, makeWay func() (ERS, error)) (ERS, transport.Examination, Finding) {
	if n.refused("proxy") {
		return nil, transport.Examination{}, unmade(errProxySetting)
	}
	way, err := makeWay()
	if err != nil {
		return nil, transport.Examination{}, unmade(err)
	}
	answer, err := way.Examine(ctx)
	if err != nil {
		return nil, transport.Examination{}, troubled(Failed, err)
	}
	return way, answer, Finding{}
}
