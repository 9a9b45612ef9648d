package instance

import (
	"context"
	"io"
)

// ErrNoListener makes Join go on.
var ErrNoListener = errNoListener

// MaxClients is how many may wait for a sign-in at a time.
const MaxClients = maxWaiters

// NotTaken makes the error of Take.
func NotTaken(path string, err error) error { return notTaken(path, err) }

// Try takes a lock with a function that reports whether it is free.
func Try(lock func() (bool, error)) error { return try(lock) }

// Dial connects to the holder of a lock, as Ask does, and sends nothing.
func Dial(ctx context.Context, path string) (io.ReadWriteCloser, error) { return dial(ctx, path) }

// Pretend listens in the place of a lock's holder, and calls act for each client.
func Pretend(path string, act func(io.ReadWriteCloser)) (stop func() error, err error) {
	where, err := listen(path)
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			client, err := where.Accept()
			if err != nil {
				return
			}
			act(client)
		}
	}()
	return func() error {
		err := where.Close()
		<-done
		return err
	}, nil
}
