package brokertest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/ers-login/ers-login/ersclient/cis2test"
)

// SignIn does what a user does in the browser: it opens an address, signs a persona in or gives up
// (cis2test.Cancel), and follows to the callback.
func (b *Broker) SignIn(ctx context.Context, address, persona string) error {
	callback, err := b.Choose(ctx, address, persona)
	if err != nil {
		return err
	}
	return Open(ctx, callback)
}

// Choose is SignIn up to the callback, whose address it returns.
func (b *Broker) Choose(ctx context.Context, address, persona string) (callback string, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	client := b.client()
	client.Jar = jar
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), b.URL+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	page, err := get(ctx, client, address)
	if err != nil {
		return "", err
	}
	form := url.Values{"sub": {identifierOf(persona)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, page.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	callback = answer.Header.Get("Location")
	if callback == "" {
		err = fmt.Errorf("the broker does not lead back: %s", answer.Status)
	}
	return callback, errors.Join(err, answer.Body.Close())
}

// Open opens the address of a callback.
func Open(ctx context.Context, callback string) error {
	_, err := get(ctx, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, callback)
	return err
}

// PersonaOf returns the ID of the persona that an access token stands for, or "" if the broker does
// not accept it: what cis2test.WithBroker asks.
func (b *Broker) PersonaOf(ctx context.Context, token string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+"/"+Endpoints.UserInfo, nil)
	if err != nil {
		return ""
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := b.client().Do(request)
	if err != nil {
		return ""
	}
	var user struct{ Sub string }
	if err := json.NewDecoder(answer.Body).Decode(&user); errors.Join(err, answer.Body.Close()) != nil {
		return ""
	}
	for _, persona := range cis2test.DefaultPersonas() {
		if answer.StatusCode == http.StatusOK && persona.Identifier == user.Sub {
			return persona.ID
		}
	}
	return ""
}

func (b *Broker) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: b.Roots},
	}}
}

// get reads a page to its end, and returns where it is.
func get(ctx context.Context, client *http.Client, address string) (*url.URL, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the page is %s", answer.Status)
	}
	return answer.Request.URL, errors.Join(err, answer.Body.Close())
}

// identifierOf returns the national id of a persona, or "" for cis2test.Cancel.
func identifierOf(persona string) string {
	for _, one := range cis2test.DefaultPersonas() {
		if one.ID == persona {
			return one.Identifier
		}
	}
	return ""
}
