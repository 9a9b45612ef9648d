package diagnose

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/problem"
)

// journey is the way to e-RS. Several rows look at different parts of it, and it is gone once.
type journey struct {
	n           Target
	certificate func(context.Context) (tls.Certificate, error)
	way         func(context.Context) (ERS, error)
	answer      func(context.Context) (transport.Examination, error)
}

func newJourney(n Target) *journey {
	j := &journey{n: n}
	j.certificate = once(func(ctx context.Context) (tls.Certificate, error) {
		if n.Certificate == nil {
			return tls.Certificate{}, nil
		}
		return n.Certificate(ctx)
	})
	j.way = once(func(ctx context.Context) (ERS, error) {
		if n.refused("proxy") {
			return nil, errProxySetting
		}
		// The server can be looked at without the certificate, whose absence is another row's
		// finding.
		certificate, err := j.certificate(ctx)
		if err != nil {
			certificate = tls.Certificate{}
		}
		return n.ERS(certificate)
	})
	j.answer = once(func(ctx context.Context) (transport.Examination, error) {
		way, err := j.way(ctx)
		if err != nil {
			return transport.Examination{}, err
		}
		return way.Examine(ctx)
	})
	return j
}

// errProxySetting: without the proxy that was meant, other faults would be found.
var errProxySetting = errors.New("the setting proxy cannot be used")

// unmade is the finding of rows whose route the settings do not allow to be made, for another reason
// than their own.
func unmade(err error) Finding {
	if errors.Is(err, errProxySetting) {
		return skipped(saidNoProxySetting)
	}
	if certificate.BundleProblems.Has(err) {
		return skipped(saidNoBundle)
	}
	return skipped(saidNoAddress)
}

func (j *journey) clock(ctx context.Context) Finding {
	answer, err := j.answer(ctx)
	switch {
	case err != nil:
		return skipped(saidNoClock)
	case answer.Date.IsZero():
		return skipped(saidNoDate)
	case answer.Clock != nil:
		return attention(saidClockWrong, answer.Clock).With("Minutes", fmt.Sprintf("%.0f", math.Abs(answer.Ahead.Minutes())))
	}
	if seconds := math.Round(math.Abs(answer.Ahead.Seconds())); seconds > 1 {
		return ok(saidClockNear).With("Seconds", fmt.Sprintf("%.0f", seconds))
	}
	return ok(saidClock)
}

func (j *journey) name(ctx context.Context) Finding {
	way, err := j.way(ctx)
	if err != nil {
		return unmade(err)
	}
	host, found := way.Host(), saidName
	if proxy := way.ProxyAddress(); proxy != "" {
		host, found = hostOf(proxy), saidProxyName
	}
	if net.ParseIP(host) != nil {
		return ok(saidAddress).With("Host", host)
	}
	if _, err := j.n.LookUp(ctx, host); err != nil {
		return failed(saidNoName, noName.With("Host", host).Because(err)).With("Host", host)
	}
	return ok(found).With("Host", host)
}

func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

func (j *journey) proxy(ctx context.Context) Finding {
	if _, err := j.way(ctx); err != nil {
		return unmade(err)
	}
	answer, err := j.answer(ctx)
	switch {
	case transport.ProxyProblems.Has(err):
		return troubled(Failed, err)
	case answer.Proxy == "":
		return ok(saidNoProxy)
	case err != nil && len(answer.Presented) == 0:
		return skipped(saidProxyUnseen).With("Proxy", answer.Proxy)
	}
	return ok(saidProxy).With("Proxy", answer.Proxy)
}

func (j *journey) chain(ctx context.Context) Finding {
	way, err := j.way(ctx)
	switch {
	case certificate.BundleProblems.Has(err):
		return troubled(Failed, err)
	case err != nil:
		return unmade(err)
	}
	answer, err := j.answer(ctx)
	if answer.Root == nil {
		switch {
		case answer.Plain():
			return skipped(saidNoTLS).With("Host", way.Host())
		case !transport.ServerProblems.Has(err):
			return skipped(saidNoChain)
		case len(answer.Presented) == 0:
			return troubled(Failed, err)
		}
		return failed(saidRefused, problem.Of(err)).With("Host", way.Host())
	}
	leaf := answer.Presented[0]
	found := ok(saidChain)
	if old := transport.KeyExchange(answer.CipherSuite); old != nil {
		found = attention(saidChain, old)
	}
	return found.
		With("Host", way.Host()).
		With("Issuer", leaf.Issuer.String()).
		With("Root", answer.Root.Subject.String()).
		WithPhrase("TrustStore", answer.Trust()).
		WithPhrase("Until", problem.Date(leaf.NotAfter)).
		WithPhrase("Left", daysTo(leaf.NotAfter))
}

// daysTo counts the whole days that are left.
func daysTo(t time.Time) problem.Phrase {
	left := time.Until(t)
	switch days := int(left.Hours() / 24); {
	case left < 0:
		return problem.Words("expired")
	case days == 0:
		return problem.Words("less than a day left")
	case days == 1:
		return problem.Words("1 day left")
	default:
		return problem.Words("{{.Days}} days left").With("Days", strconv.Itoa(days))
	}
}

func (j *journey) ownCertificate(ctx context.Context) Finding {
	certificate, err := j.certificate(ctx)
	if err != nil {
		return ringTroubled(err) // its passphrase may be behind the lock
	}
	leaf := certificate.Leaf
	if leaf == nil && len(certificate.Certificate) > 0 {
		leaf, err = x509.ParseCertificate(certificate.Certificate[0])
	}
	if leaf == nil {
		return failed(saidPanic, problem.Unexpected.Because(errors.Join(errors.New("no certificate was loaded"), err)))
	}
	found := ok(saidCertificate)
	if aging := transport.ExpiryProblem(certificate); aging != nil {
		found = attention(saidCertificate, aging)
		if time.Now().After(leaf.NotAfter) {
			found.State = Failed
		}
	}
	return found.
		With("Name", leaf.Subject.CommonName).
		WithPhrase("Until", problem.Date(leaf.NotAfter)).
		WithPhrase("Left", daysTo(leaf.NotAfter))
}

func (j *journey) ers(ctx context.Context) Finding {
	answer, err := j.answer(ctx)
	status := strconv.Itoa(answer.Status)
	switch {
	case err != nil && j.n.SettingsErr != nil && (j.n.Settings.Host() == "" || j.n.refused("proxy")):
		// The row of the settings reports it.
		return unmade(err)
	case errors.Is(err, transport.CertificateMissing):
		if _, missing := j.certificate(ctx); missing != nil {
			return skipped(saidNoOwn) // its own row reports it
		}
		return troubled(Failed, err)
	case err != nil:
		return troubled(Failed, err)
	case answer.Status >= http.StatusInternalServerError:
		return failed(saidAnswersBad, sick.With("Status", status)).With("Status", status)
	case answer.Status == http.StatusNotFound && j.n.platform() == config.PlatformHSCN, answer.Status == http.StatusProxyAuthRequired, answer.Status/100 == 3:
		return attention(saidAnswersOdd, elsewhere.With("Status", status)).With("Status", status)
	case answer.Plain():
		return ok(saidAnswersHere).With("Status", status)
	}
	return ok(saidAnswers).With("Status", status)
}

// once returns a function that asks once, within the time of the first of several checks, and
// returns the same answer to all.
func once[T any](ask func(context.Context) (T, error)) func(context.Context) (T, error) {
	var asked sync.Once
	var value T
	err := error(problem.Unexpected) // unless ask returns
	return func(ctx context.Context) (T, error) {
		asked.Do(func() { value, err = ask(ctx) })
		return value, err
	}
}
