package app

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// client makes the e-RS client. The proxy's password comes from password; notices go to notice,
// which may be nil.
func (r RealServices) client(
	settings config.Config, using credentials, password func(context.Context) (secret.Text, error), notice func(string, *problem.Problem),
) (*hscn.Client, error) {
	return hscn.New(hscn.Config{ASID: settings.ASID, SendFQDN: settings.SendFQDN, Config: transport.Config{
		BaseURL: settings.BaseURL, Certificate: using.certificate,
		RootCAs: using.roots, TrustStore: using.trustStore,
		ServerName: settings.ServerName, RSAKeyExchange: settings.TLSCiphers == config.CiphersCompatible,
		UserAgent: strings.Replace(r.Program.Name(), " ", "/", 1), Timeout: settings.RequestTimeout,
		Proxy: transport.ProxyOf(settings.Proxy), ProxyCredentials: r.ProxyCredentials(settings, password),
		Notice: notice,
	}})
}

// newCheckClient makes a client for checks alone.
func (r RealServices) newCheckClient(settings config.Config, presented tls.Certificate, ring *keyring.Client) (diagnose.ERS, error) {
	roots, trustStore, err := certificate.LoadRootCAs(settings.CABundle)
	if err != nil {
		return nil, withOrigin(settings, err)
	}
	if settings.ASID == "" {
		// It is not sent. Another row reports what is wrong with it.
		settings.ASID = "000000000000"
	}
	return wayOf(r.client(settings, credentials{presented, roots, trustStore}, withoutPrompt(ring, keyring.ProxyPassword), nil))
}

// standInClient makes a client for the stand-in of a demonstration. Its throw-away authority is the
// only root.
func standInClient(server *erstest.Server, settings config.Config) (*hscn.Client, error) {
	return hscn.New(hscn.Config{ASID: erstest.ASID, Config: transport.Config{
		BaseURL: server.URL, Certificate: server.ClientCertificate(),
		RootCAs: server.RootCAs(), TrustStore: transport.StandInTrust, Timeout: settings.RequestTimeout,
	}})
}

// ProxyCredentials returns the user name and password for a proxy: the user of the settings, and
// the password stored in the keyring for this proxy. It is nil if no user is set.
func (r RealServices) ProxyCredentials(
	settings config.Config, stored func(context.Context) (secret.Text, error),
) func(context.Context, string) (string, secret.Text, bool) {
	if settings.ProxyUser == "" {
		return nil
	}
	return func(ctx context.Context, proxy string) (string, secret.Text, bool) {
		kept, err := stored(ctx)
		var password secret.Text
		if err == nil {
			password, err = passwordFor(settings, kept, proxy)
		}
		if err != nil {
			// The user sees the proxy's own answer; the log has why there was no password.
			r.Log.WithError(err).Warn("the password for the proxy")
			return "", secret.Text{}, false
		}
		r.Log.Guard(password)
		return settings.ProxyUser, password, true
	}
}

// passwordFor returns the stored password for a proxy. It is bound to the proxy that it was stored
// for: setting an environment variable must not redirect it to another. One stored without a proxy
// is for that of a settings file or policy.
func passwordFor(settings config.Config, stored secret.Text, proxy string) (secret.Text, error) {
	host, password, bound := strings.Cut(stored.Reveal(), "\n")
	if bound {
		if host != strings.ToLower(proxy) {
			return secret.Text{}, errOtherProxy
		}
		return secret.New(password), nil
	}
	switch settings.Origin("proxy").Layer {
	case config.LayerMachine, config.LayerFile, config.LayerPolicy:
		if settings.Proxy != config.ProxyFromEnvironment {
			return stored, nil
		}
	}
	return secret.Text{}, errOtherProxy
}

var errOtherProxy = errors.New("it was stored for another proxy: store it again with ers-login proxy-password")
