package ersclient

import "context"

type givenUpKey struct{}

// WithGivenUp returns a context for a call whose caller may give up by closing the channel: the
// attempt under way goes on, and no other follows. A sign-in given up must still be awaited: only
// its answer has the key to delete the session it may have created.
func WithGivenUp(ctx context.Context, givenUp <-chan struct{}) context.Context {
	return context.WithValue(ctx, givenUpKey{}, givenUp)
}

// GivenUp returns the channel that WithGivenUp was given, or nil.
func GivenUp(ctx context.Context) <-chan struct{} {
	givenUp, _ := ctx.Value(givenUpKey{}).(<-chan struct{})
	return givenUp
}
