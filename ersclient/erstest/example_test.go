package erstest_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net/http"

	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/testserver"
)

// A server runs until it is closed. Its clients need only its authority and its certificate.
func ExampleNewServer() {
	server := erstest.NewServer(erstest.WithUser("a ticket", erstest.GP()))
	defer server.Close()

	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion:   tls.VersionTLS12,
		RootCAs:      server.RootCAs(),
		Certificates: []tls.Certificate{server.ClientCertificate()},
	}}}
	defer client.CloseIdleConnections()
	target := server.URL + "/v1/ProfessionalSession/none"
	request, err := http.NewRequestWithContext(context.Background(), http.MethodDelete, target, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header = http.Header{"XAPI_ASID": {erstest.ASID}, "HTTP_X_SESSION_KEY": {"none"}}
	response, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status, response.Body.Close())
	// Output: 403 Forbidden <nil>
}

// The next A002 is carried out, and its answer is lost.
func ExampleServer_Fail() {
	server := erstest.NewServer()
	defer server.Close()
	fmt.Println(server.Fail(erstest.A002, testserver.Fault{Kind: testserver.CutAfter}))
	fmt.Println(server.Fail(erstest.A002, testserver.Fault{Kind: "fire"}))
	// Output:
	// <nil>
	// there is no fault "fire"
}
