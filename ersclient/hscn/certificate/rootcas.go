package certificate

import (
	"cmp"
	"crypto/x509"
	"os"
	"sync"

	"github.com/ers-login/ers-login/ersclient/transport"
)

// LoadRootCAs returns the authorities trusted for e-RS's certificate, and their name for
// transport.Config.TrustStore. A bundle (PEM or DER) replaces the system's, which lack the NHS root
// and often hold a TLS-inspecting proxy's. Without one the pool is nil: the system's folders,
// regardless of SSL_CERT_*. Certificates that cannot be parsed are skipped beside others, as large
// bundles hold oddities.
//
// The error is one of [BundleProblems].
func LoadRootCAs(bundlePath string) (pool *x509.CertPool, trustStore string, err error) {
	if bundlePath == "" {
		withoutVariables()
		return nil, transport.SystemTrust, nil
	}
	return withBundle(x509.NewCertPool(), bundlePath)
}

// LoadFurtherCAs is LoadRootCAs for servers with public certificates: a bundle's authorities count
// beside the system's. It is named for both: what it is there for is most often a proxy's.
func LoadFurtherCAs(bundlePath string) (pool *x509.CertPool, trustStore string, err error) {
	if bundlePath == "" {
		return LoadRootCAs("")
	}
	withoutVariables()
	if pool, err = x509.SystemCertPool(); err != nil {
		pool = x509.NewCertPool()
	}
	return withBundle(pool, bundlePath)
}

// withBundle adds the authorities of a file to a pool, which is named for the file.
func withBundle(pool *x509.CertPool, bundlePath string) (_ *x509.CertPool, trustStore string, err error) {
	bundle := settingFile{bundleFile, "ca_bundle", bundlePath}
	data, err := bundle.read()
	if err != nil {
		return nil, "", err
	}
	found, _, broken := certificatesIn(data)
	if len(found) == 0 {
		return nil, "", bundle.foreign(bundleEmpty, data, cmp.Or(broken, errNoCertificate))
	}
	for _, one := range found {
		pool.AddCert(one)
	}
	return pool, bundlePath, nil
}

// withoutVariables has crypto/x509 load the system's authorities, which it does once, without those
// variables: a user must not be able to add one where a policy wants the system's. Child processes
// still inherit the variables.
var withoutVariables = sync.OnceFunc(func() {
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, set := os.LookupEnv(name); set {
			_ = os.Unsetenv(name)                         // fails only for an invalid name
			defer func() { _ = os.Setenv(name, value) }() // as above
		}
	}
	// If there are none, the handshake reports it.
	_, _ = x509.SystemCertPool()
})
