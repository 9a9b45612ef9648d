package ersclient

import "context"

type givenUpKey struct{}

// WithGivenUp returns a context for a call whose caller may give up, which closes the channel: the try under way goes on, so
// that its answer is not lost, and no other follows. A sign-in that was given up has to be waited for, since only its answer
// has the key by which the session that it may have created can be deleted.
func WithGivenUp(ctx context.Context, givenUp <-chan struct{}) context.Context {
	return context.WithValue(ctx, givenUpKey{}, givenUp)
}

// GivenUp returns the channel that WithGivenUp was given, or nil.
func GivenUp(ctx context.Context) <-chan struct{} {
	givenUp, _ := ctx.Value(givenUpKey{}).(<-chan struct{})
	return givenUp
}
