//go:build windows || darwin

package instance

import "context"

// nameClaim is a name on the session bus, which these systems do not have.
type nameClaim struct{}

// usualBus: there is none.
func usualBus() (string, error) { return "", errNobody }

func claimName(context.Context, func() (string, error)) (*nameClaim, error) { return nil, nil }

func (*nameClaim) serve(func(stream)) {}
func (*nameClaim) close()             {}

func dialName(context.Context) (stream, error) { return nil, errNobody }
