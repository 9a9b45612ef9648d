// Command go prints who is signed in to e-RS on this computer, and calls e-RS with their session.
//
//	go run . [PATH CERTIFICATE KEY [CA]]
//
// Without arguments it prints who is signed in; with them it also GETs PATH, with the
// organisation's endpoint certificate (PEM files). It runs on Linux, Windows and macOS. The exit
// status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if the keyring cannot be
// read and 4 if e-RS refused the call or cannot be reached. The tests run it on Linux, and on
// Windows under Wine.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http" //nolint:depguard // The handoff has no HTTP; this is one of the programs that use it.
	"os"
	"strings"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

const (
	signedIn = iota
	signedOut
	usage
	keyring
	callFailed
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) != 0 && len(args) != 3 && len(args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: go run . [PATH CERTIFICATE KEY [CA]]")
		return usage
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	session, err := handoff.Read(ctx)
	if errors.Is(err, handoff.ErrNotFound) || err == nil && session.Expired(time.Now()) {
		fmt.Println("Nobody is signed in to e-RS.")
		return signedOut
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "The keyring cannot be read:", err)
		return keyring
	}
	fmt.Printf("%s (%s) is signed in to e-RS as %s at %s (%s), until %s\n", session.UserName, session.UserIdentifier,
		session.BusinessFunction, session.OrgName, session.OrgIdentifier, session.ExpiresAt.Format(time.RFC3339))
	if len(args) == 0 {
		return signedIn
	}
	status, err := call(ctx, session, args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e-RS cannot be reached:", err)
		return callFailed
	}
	fmt.Println("e-RS answered", status)
	if status < 200 || status >= 300 {
		return callFailed
	}
	return signedIn
}

// call GETs a path of e-RS.
func call(ctx context.Context, session handoff.Session, args []string) (int, error) {
	config, err := tlsConfig(args[1:])
	if err != nil {
		return 0, err
	}
	address := session.BaseURL + args[0]
	if !strings.HasPrefix(address, "https://") {
		return 0, errors.New("the platform's address is not one of HTTPS")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody) //nolint:gosec // Both are the user's own.
	if err != nil {
		return 0, err
	}
	// Header.Set would rewrite these names.
	request.Header["XAPI_ASID"] = []string{session.ASID}
	request.Header["HTTP_X_SESSION_KEY"] = []string{session.SessionKey.Reveal()}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	client := http.Client{
		Transport: &http.Transport{
			TLSClientConfig: config, Protocols: &protocols, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
		},
		// A redirect would get the session key.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request) //nolint:gosec // As above.
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

func tlsConfig(files []string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(files[0], files[1])
	if err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if len(files) == 3 {
		authority, err := os.ReadFile(files[2]) //nolint:gosec // The file is the user's own choice.
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(authority) {
			return nil, fmt.Errorf("%s has no certificate in it", files[2])
		}
	}
	return config, nil
}
