// Reader is another application on the workstation, for the end-to-end test: it prints the session
// key that e-RS Login has handed over, as any Go program would read it, and exits with 1 if no user
// is signed in. With -call it calls the FHIR API instead, with the session of that platform, and
// prints how that went. With -poll it reads the sessions of both platforms repeatedly until its input
// ends, and prints a line for each change. The test's sessions are invented.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

func main() {
	poll := flag.Duration("poll", 0, "look this often, until the input ends")
	path := flag.String("call", "", "call this path of the FHIR API with the session")
	flag.Parse()
	if *path != "" {
		if err := call(*path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	if *poll > 0 {
		if err := follow(*poll); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	session, err := read(handoff.Read)
	switch {
	case errors.Is(err, handoff.ErrNotFound):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	default:
		fmt.Print(session.SessionKey.Reveal())
	}
}

func read[S handoff.Entry](from func(context.Context) (S, error)) (S, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return from(ctx)
}

// call calls e-RS as the signed-in user.
func call(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	session, err := handoff.ReadFHIR(ctx)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, session.BaseURL+path, nil)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + session.AccessToken.Reveal(), "Accept": "application/fhir+json",
		"NHSD-End-User-Organisation-ODS": session.OrgIdentifier, "NHSD-eRS-Business-Function": session.BusinessFunction,
		"NHSD-eRS-On-Behalf-Of-User-ID": session.OnBehalfOf,
	} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(struct {
		Status   int    `json:"status"`
		Token    string `json:"token"`
		Revision int64  `json:"revision"`
	}{response.StatusCode, session.AccessToken.Reveal(), session.Revision})
}

// sight is a line of follow, with the session key or the access token; without a session its members
// are empty.
type sight struct {
	Key              string `json:"key"`
	OrgIdentifier    string `json:"org"`
	BusinessFunction string `json:"function"`
}

func follow(every time.Duration) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is the sign
	}()
	last, first := sight{}, true
	lines := json.NewEncoder(os.Stdout)
	for {
		session, err := read(handoff.ReadAny)
		if err != nil && !errors.Is(err, handoff.ErrNotFound) {
			return err
		}
		var seen sight
		switch session := session.(type) {
		case handoff.Session:
			seen = sight{session.SessionKey.Reveal(), session.OrgIdentifier, session.BusinessFunction}
		case handoff.FHIRSession:
			seen = sight{session.AccessToken.Reveal(), session.OrgIdentifier, session.BusinessFunction}
		}
		if first || seen != last {
			if err := lines.Encode(seen); err != nil {
				return err
			}
		}
		last, first = seen, false
		select {
		case <-ended:
			return nil
		case <-time.After(every):
		}
	}
}
