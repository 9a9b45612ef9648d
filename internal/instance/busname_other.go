//go:build windows || darwin

package instance

import (
	"context"
	"net"
)

// nameClaim is a name on the session bus, which these systems do not have.
type nameClaim struct{}

const busName, busCheck = "", ""

// busOf: there is none.
func busOf([]string) busAddress { return nil }

func claimName(context.Context, string, busAddress) (*nameClaim, error) { return nil, nil }

func (*nameClaim) serve(func(net.Conn)) {}
func (*nameClaim) close()               {}

func dialName(context.Context) (net.Conn, error) { return nil, errNoListener }
