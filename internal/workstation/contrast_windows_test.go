package workstation

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// If Windows refuses the call, no contrast theme is followed.
func TestHighContrastCanBeAsked(t *testing.T) {
	_, err := highContrast()
	require.NoError(t, err)
}

// A change is reported with the next poll, and a failed poll changes nothing.
func TestHighContrastIsFollowed(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	answers := []struct {
		high bool
		err  error
	}{{false, nil}, {true, nil}, {false, errors.New("not now")}, {false, nil}}
	rest := len(answers) - 1
	ticks, ended := make(chan time.Time), make(chan struct{})
	var reports []bool
	go func() {
		defer close(ended)
		askContrast(ctx, ticks, func() (bool, error) {
			next := answers[0]
			answers = answers[1:]
			return next.high, next.err
		}, func(high bool) { reports = append(reports, high) })
	}()
	for range rest {
		ticks <- time.Time{}
	}
	end()
	<-ended
	require.Equal(t, []bool{false, true, false}, reports)
}
