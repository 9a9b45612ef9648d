package ersclient

import (
	"crypto/x509"
	"errors"
	"os"
	"sync"

	"github.com/ers-login/ers-login/internal/problem"
)

// LoadRootCAs returns the authorities that e-RS's certificate may come from, and their name for TransportConfig.TrustStore: those of a
// bundle in PEM or in DER, and no others, since the NHS root is in no system, and a proxy that looks into TLS has its root in most.
// Without a bundle the pool is nil, which stands for the system's: those of its own folders, whatever SSL_CERT_FILE and
// SSL_CERT_DIR say.
//
// The error is a *Problem: CA-MISSING, CA-UNREADABLE or CA-EMPTY. A certificate in the bundle that cannot be
// understood is passed over as long as another one can: bundles of many authorities often hold an oddity.
func LoadRootCAs(bundlePath string) (pool *x509.CertPool, trustStore string, err error) {
	if bundlePath == "" {
		withoutVariables()
		return nil, systemTrust, nil
	}
	bundle := settingFile{"CA", "ca_bundle", bundlePath}
	data, err := bundle.read()
	if err != nil {
		return nil, "", err
	}
	pool = x509.NewCertPool()
	added := 0
	refused := errors.New("no PEM block of type CERTIFICATE")
	found, damaged := certificatesIn(data)
	if damaged != nil {
		refused = damaged
	}
	for _, one := range found {
		authority, err := x509.ParseCertificate(one)
		if err != nil {
			refused = err
			continue
		}
		pool.AddCert(authority)
		added++
	}
	if added == 0 {
		return nil, "", bundle.foreign(bundleEmpty, data, refused)
	}
	return pool, bundlePath, nil
}

// withoutVariables has package x509 read the system's authorities, which it does once, without the environment's: a user must not be
// able to add one where a policy wants those of the system. Programs that are started later find the variables as they were.
var withoutVariables = sync.OnceFunc(func() {
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, set := os.LookupEnv(name); set {
			_ = os.Unsetenv(name)                         // it fails for a name that cannot be
			defer func() { _ = os.Setenv(name, value) }() // as above
		}
	}
	// Where there are none, the handshake says so.
	_, _ = x509.SystemCertPool()
})

var bundleEmpty = &problem.Problem{
	Code:     "CA-EMPTY",
	Title:    "The file of trusted certificates has none in it",
	Happened: "The setting {{.Setting}} names {{.File}}, and there is no certificate in it that can be read.",
	Steps: []string{
		"Ask your local service desk to put the NHS root certificate there, in PEM form: it begins with BEGIN CERTIFICATE.",
	},
}
