package ersclient

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/ers-login/ers-login/internal/problem"
)

// systemTrust names the system's trust store to a person.
const systemTrust = "the system's certificates"

// LoadRootCAs returns the authorities that e-RS's certificate may come from, and their name for Config.TrustStore: those of a PEM
// bundle, and no others, since the NHS root is in no system, and a proxy that looks into TLS has its root in most. Without a
// bundle the pool is nil, which stands for the system's.
//
// The error is a *Problem: CA-MISSING, CA-UNREADABLE or CA-EMPTY. A certificate in the bundle that cannot be
// understood is passed over as long as another one can: bundles of many authorities often hold an oddity.
func LoadRootCAs(bundlePath string) (pool *x509.CertPool, trustStore string, err error) {
	if bundlePath == "" {
		return nil, systemTrust, nil
	}
	bundle := settingFile{"CA", "ca_bundle", bundlePath}
	data, err := bundle.read()
	if err != nil {
		return nil, "", err
	}
	pool = x509.NewCertPool()
	added := 0
	refused := fmt.Errorf("no PEM block of type CERTIFICATE")
	for _, block := range pemBlocks(data) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		authority, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			refused = err
			continue
		}
		pool.AddCert(authority)
		added++
	}
	if added == 0 {
		return nil, "", bundle.problem(bundleEmpty, refused)
	}
	return pool, bundlePath, nil
}

// pemBlocks returns the PEM blocks of a file, whatever stands between them.
func pemBlocks(data []byte) []*pem.Block {
	var blocks []*pem.Block
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		blocks = append(blocks, block)
	}
	return blocks
}

var bundleEmpty = &problem.Problem{
	Code:     "CA-EMPTY",
	Title:    "The file of trusted certificates has none in it",
	Happened: "The setting {{.Setting}} names {{.File}}, and there is no certificate in PEM form in it.",
	Steps: []string{
		"Ask your local service desk to put the NHS root certificate there, in PEM form: it begins with BEGIN CERTIFICATE.",
	},
}
