package hscn

import (
	"context"
	"maps"
	"net/http"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/secret"
)

// The three calls. A003 has no answer that could be missing.
var (
	callA001 = transport.Call{Name: "A001", Method: http.MethodPost, Success: http.StatusCreated}
	callA002 = transport.Call{Name: "A002", Method: http.MethodPut, Success: http.StatusOK, Once: true}
	callA003 = transport.Call{Name: "A003", Method: http.MethodDelete, Ends: true}
)

// request holds the parameters of one call.
type request struct {
	call transport.Call
	// key names the session, for A002 and A003.
	key ersclient.SessionKey
	// body is JSON, nil for A003.
	body []byte
	// ticket and permission are what the body was made of: the one to be kept out of errors, the other
	// to explain them.
	ticket     ersclient.Ticket
	permission ersclient.Permission
}

// send makes a call, and returns the body of its success.
func (c *Client) send(ctx context.Context, r request) ([]byte, error) {
	header := c.header
	if !r.key.IsZero() {
		header = maps.Clone(header)
		header["HTTP_X_SESSION_KEY"] = []string{r.key.Reveal()}
	}
	return c.Send(ctx, transport.Request{
		Call: r.call, Step: r.key.Reveal(), Header: header, Body: r.body, Secrets: []secret.Text{r.key.Text, r.ticket.Text},
		Refused: func(cause *transport.StatusError) error { return statusProblem(r, cause) },
	})
}
