package fhir_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/internal/testing/ratio"
)

// BenchmarkRolesRatio reports the time of A030, for the persona with forty organisations, as a
// multiple of that of a net/http call over the same TLS that reads organisations and functions with
// encoding/json. BenchmarkCodeToRolesRatio of package signin/fhir, of which it is a part, has the
// budget.
func BenchmarkRolesRatio(b *testing.B) {
	r := newRig(b)
	token := r.token(cis2test.Consultant)
	bare := ratio.NewClient(b, &tls.Config{RootCAs: r.server.RootCAs()})
	header := http.Header{"Authorization": {"Bearer " + token.Reveal()}, "Accept": {"application/fhir+json"}}
	type identified struct {
		Identifier struct {
			Value string `json:"value"`
		} `json:"identifier"`
	}
	ratio.Report(b, func() {
		user, err := r.client.Roles(b.Context(), token)
		if err != nil || len(user.Permissions) != 80 {
			b.Fatal(err)
		}
	}, func() {
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
		bare.Call(b.Context(), http.MethodGet, r.server.FHIRURL()+"/R4/PractitionerRole", "", header, &bundle)
		if len(bundle.Entry) != 40 {
			b.Fatal("the answer has other roles")
		}
	})
}
