package certificate_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn/certificate"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// The certificate and the authorities come from files set up by a service desk.
func ExampleLoad() {
	server := erstest.NewServer()
	defer server.Close()
	folder, err := os.MkdirTemp("", "example-*")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	files, err := server.WriteFiles(folder)
	if err != nil {
		log.Fatal(err)
	}

	loaded, err := certificate.Load(certificate.Files{
		PKCS12: files.PKCS12, Passphrase: secret.New(erstest.Passphrase),
	})
	fmt.Println(certificate.CommonName(loaded), err)

	_, err = certificate.Load(certificate.Files{PKCS12: files.PKCS12, Passphrase: secret.New("a guess")})
	var problem *problem.Problem
	fmt.Println(errors.As(err, &problem), problem.Code)
	// Output:
	// ers-login.r01.erstest.example <nil>
	// true CERT-PASSPHRASE
}

// Without a bundle the system's authorities are used, which lack the NHS root.
func ExampleLoadRootCAs() {
	roots, name, err := certificate.LoadRootCAs("")
	fmt.Println(roots == nil, name, err)

	_, _, err = certificate.LoadRootCAs("no-such-file.pem")
	var problem *problem.Problem
	if errors.As(err, &problem) {
		fmt.Println(problem.Expand(problem.Happened))
	}
	// Output:
	// true the system's certificates <nil>
	// The setting ca_bundle names no-such-file.pem, and there is no such file.
}
