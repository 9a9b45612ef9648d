package cis2test

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/ers-login/ers-login/ersclient/testserver"
)

var pageTemplate = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated NHS Care Identity</title>
<style>
body { margin: 0; background: #f0f4f5; color: #212b32; font: 1.1875rem/1.5 "Noto Sans", Arial, sans-serif }
header { background: #425563; color: #fff; padding: 1rem 2rem; font-weight: 700 }
main { max-width: 44rem; margin: 2rem auto; padding: 1rem 2rem 2rem; background: #fff }
button { display: block; width: 100%; margin: .5rem 0; padding: .75rem 1rem; border: 2px solid #005eb8; background: #fff;
 color: #005eb8; font: inherit; text-align: left; cursor: pointer }
button:hover { background: #d9e5f2 }
button:focus { outline: 4px solid #ffeb3b; color: #212b32; border-color: #212b32 }
.cancel { border-color: #425563; color: #425563 }
</style>
</head>
<body>
<header>Simulated NHS Care Identity</header>
<main>
<h1>Who signs in?</h1>
<p>This page stands in for the sign-in page of the NHS. All people on it are invented.</p>
<form method="post">
{{range .}}<button name="persona" value="{{.ID}}">{{.Name}}{{with .About}}: {{.}}{{end}}</button>
{{end}}<button name="persona" value="cancel" class="cancel">Cancel</button>
</form>
</main>
</body>
</html>
`))

// page shows the personas to pick. The form is sent to the address that the page has.
func (s *Server) page() testserver.Reply {
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, s.personas); err != nil {
		// A buffer takes everything, and the template is a constant.
		panic(err)
	}
	return testserver.Reply{Status: http.StatusOK, Header: map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
	}, Body: page.Bytes()}
}

// Page is where a sign-in ended in the browser.
type Page struct {
	// URL is the page's, without its query.
	URL    string
	Status int
	Header http.Header
	Body   string
}

// SignIn does what a user does in the browser: it opens an address of Authorize, chooses a persona
// or Cancel, and follows to where that leads.
func (s *Server) SignIn(ctx context.Context, address, persona string) (Page, error) {
	return SignIn(ctx, s.Client(), address, persona)
}

// SignIn is Server.SignIn for a stand-in in another process.
func SignIn(ctx context.Context, client *http.Client, address, persona string) (Page, error) {
	form := url.Values{"persona": {persona}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return Page{}, err
	}
	request.Header.Set("Content-Type", formType)
	response, err := client.Do(request)
	if err != nil {
		return Page{}, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return Page{}, err
	}
	at := *response.Request.URL
	at.RawQuery = ""
	return Page{at.String(), response.StatusCode, response.Header, string(body)}, nil
}
