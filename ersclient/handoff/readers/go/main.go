// Command go prints who is signed in to e-RS on this computer and on which platform, and calls e-RS
// with their session.
//
//	go run . [PATH [CERTIFICATE KEY [CA]]]
//
// Without arguments it prints who is signed in; with them it also GETs PATH. HSCN takes the
// organisation's endpoint certificate (PEM files), FHIR does not use it. It runs on Linux, Windows
// and macOS. The exit status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if the
// keyring cannot be read and 4 if e-RS refused the call or cannot be reached. The tests run it on
// Linux, and on Windows under Wine.
package main

import (
	"context"
	"crypto/rand"
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
	if len(args) > 4 || len(args) == 2 {
		return showUsage()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	session, err := handoff.ReadAny(ctx)
	if errors.Is(err, handoff.ErrNotFound) || err == nil && session.Expired(time.Now()) {
		fmt.Println("No user is signed in to e-RS.")
		return signedOut
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "The keyring cannot be read:", err)
		return keyring
	}
	who := session.Details()
	fmt.Printf("%s (%s) is signed in to e-RS (%s) as %s at %s (%s), until %s\n", who.UserName, who.UserIdentifier,
		strings.ToUpper(string(who.Platform)), who.BusinessFunction, who.OrgName, who.OrgIdentifier, who.ExpiresAt.Format(time.RFC3339))
	if len(args) == 0 {
		return signedIn
	}
	if len(args) == 1 && who.Platform == handoff.HSCN {
		return showUsage()
	}
	status, err := callRenewed(ctx, session, args)
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

func showUsage() int {
	fmt.Fprintln(os.Stderr, "usage: go run . [PATH [CERTIFICATE KEY [CA]]] (on HSCN, a call takes the certificate)")
	return usage
}

// callRenewed calls e-RS, and once more if it refuses a token that was renewed in this moment.
func callRenewed(ctx context.Context, session handoff.Entry, args []string) (int, error) {
	status, err := call(ctx, session, args)
	tried, isFHIR := session.(handoff.FHIRSession)
	if err != nil || status != http.StatusUnauthorized || !isFHIR {
		return status, err
	}
	again, err := handoff.ReadFHIR(ctx)
	if err != nil || again.Expired(time.Now()) || again.Generation == tried.Generation && again.Revision == tried.Revision {
		return status, nil //nolint:nilerr // The refusal is the answer.
	}
	return call(ctx, again, args)
}

// call GETs a path of e-RS.
func call(ctx context.Context, session handoff.Entry, args []string) (int, error) {
	address := session.Details().BaseURL + args[0]
	if !strings.HasPrefix(address, "https://") {
		return 0, errors.New("the platform's address is not one of HTTPS")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody) //nolint:gosec // Both are the user's own.
	if err != nil {
		return 0, err
	}
	config, err := tlsConfig(session, args[1:])
	if err != nil {
		return 0, err
	}
	switch session := session.(type) {
	case handoff.Session:
		// Header.Set would rewrite these names.
		request.Header["XAPI_ASID"] = []string{session.ASID}
		request.Header["HTTP_X_SESSION_KEY"] = []string{session.SessionKey.Reveal()}
	case handoff.FHIRSession:
		request.Header.Set("Authorization", "Bearer "+session.AccessToken.Reveal())
		request.Header.Set("NHSD-End-User-Organisation-ODS", session.OrgIdentifier)
		request.Header.Set("NHSD-eRS-Business-Function", session.BusinessFunction)
		if session.OnBehalfOf != "" { // e-RS refuses the header without a clinician to act for
			request.Header.Set("NHSD-eRS-On-Behalf-Of-User-ID", session.OnBehalfOf)
		}
		request.Header.Set("X-Correlation-ID", newUUID())
		request.Header.Set("Accept", "application/fhir+json")
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	client := http.Client{
		Transport: &http.Transport{
			TLSClientConfig: config, Protocols: &protocols, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
		},
		// A redirect would get the session key or token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request) //nolint:gosec // As above.
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// newUUID returns a random UUID, version 4.
func newUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // which never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// tlsConfig returns how to connect, with the files CERTIFICATE, KEY and CA.
func tlsConfig(session handoff.Entry, files []string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if session.Details().Platform == handoff.HSCN {
		pair, err := tls.LoadX509KeyPair(files[0], files[1])
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
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
