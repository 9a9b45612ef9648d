package fhir_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/cis2test"
)

// BenchmarkRolesRatio alternates A030 by this package and as a bare call over the same TLS, for the
// persona with forty organisations, and reports the one's time as a multiple of the other's: the
// median of the ratios of adjacent pairs, since other load slows both of a pair, or is rare. The
// budget is 1.10.
func BenchmarkRolesRatio(b *testing.B) {
	r := newRig(b)
	token := r.token(cis2test.Consultant)
	ours := func() {
		user, err := r.client.Roles(b.Context(), token)
		if err != nil || len(user.Permissions) != 80 {
			b.Fatal(err)
		}
	}
	bare := bareRoles(b, r.server, token)
	timed := func(call func()) time.Duration {
		start := time.Now()
		call()
		return time.Since(start)
	}
	timed(ours)
	timed(bare)
	var ratios []float64
	for i := 0; b.Loop(); i++ {
		var oursTook, bareTook time.Duration
		// The order alternates: bare, ours, ours, bare, then the reverse.
		for turn := range 4 {
			if (turn == 0 || turn == 3) == (i%2 == 0) {
				bareTook += timed(bare)
			} else {
				oursTook += timed(ours)
			}
		}
		ratios = append(ratios, float64(oursTook)/float64(bareTook))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-bare")
}

// bareRoles is the baseline: a net/http call that reads organisations and functions with
// encoding/json.
func bareRoles(b *testing.B, server *cis2test.Server, token ersclient.AccessToken) func() {
	b.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: server.RootCAs()}}
	b.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	type identified struct {
		Identifier struct {
			Value string `json:"value"`
		} `json:"identifier"`
	}
	return func() {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.FHIRURL()+"/R4/PractitionerRole", nil)
		if err != nil {
			b.Fatal(err)
		}
		request.Header = http.Header{"Authorization": {"Bearer " + token.Reveal()}, "Accept": {"application/fhir+json"}}
		response, err := client.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		if err != nil || response.Body.Close() != nil || response.StatusCode != http.StatusOK {
			b.Fatal(response.Status, err)
		}
		var bundle struct {
			Entry []struct {
				Resource struct {
					Practitioner identified `json:"practitioner"`
					Organization identified `json:"organization"`
					Code         []struct {
						Coding []struct {
							Code string `json:"code"`
						} `json:"coding"`
					} `json:"code"`
				} `json:"resource"`
			} `json:"entry"`
		}
		if err := json.Unmarshal(answer, &bundle); err != nil || len(bundle.Entry) != 40 {
			b.Fatal(err)
		}
	}
}
