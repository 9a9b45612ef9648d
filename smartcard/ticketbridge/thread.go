package main

import (
	"context"
	"runtime"
	"time"
)

// thread is one OS thread for all calls of the library, which is not documented as safe to call
// from several; Go moves goroutines between threads.
type thread struct{ work chan func() }

func newThread() *thread {
	t := &thread{work: make(chan func())}
	go func() {
		// Never unlocked: the thread ends with its goroutine, and with it all that the library has
		// attached to it.
		runtime.LockOSThread()
		for f := range t.work {
			f()
		}
	}()
	return t
}

// on calls f in the thread and returns its results. If f panics, so does on. When ctx ends, on
// returns and f goes on: a call of the library cannot be ended.
func on[T any](ctx context.Context, t *thread, f func() (T, error)) (T, error) {
	type outcome struct {
		result   T
		err      error
		panicked any
	}
	var none T
	over := make(chan outcome, 1)
	call := func() {
		var made outcome
		defer func() {
			made.panicked = recover()
			over <- made
		}()
		made.result, made.err = f()
	}
	select {
	case t.work <- call:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	select {
	case made := <-over:
		if made.panicked != nil {
			panic(made.panicked)
		}
		return made.result, made.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// How long the end may take: until the thread is free (unless a call hangs), and for the last call.
const (
	untilFree = 50 * time.Millisecond
	farewell  = 500 * time.Millisecond
)

// close calls f in the thread and ends it, if it is free and f returns in time.
func (t *thread) close(f func()) {
	done := make(chan struct{})
	last := func() {
		defer close(done)
		f()
	}
	select {
	case t.work <- last:
	case <-time.After(untilFree):
		return
	}
	close(t.work)
	select {
	case <-done:
	case <-time.After(farewell):
	}
}
