package workstation

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Windows has to understand the question, or nobody's contrast theme is followed.
func TestHighContrastCanBeAsked(t *testing.T) {
	_, err := highContrast()
	require.NoError(t, err)
}

// What the user changes is told with the next question, and a question that fails changes nothing.
func TestHighContrastIsFollowed(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	answers := []struct {
		high bool
		err  error
	}{{false, nil}, {true, nil}, {false, errors.New("not now")}, {false, nil}}
	rest := len(answers) - 1
	ticks, ended := make(chan time.Time), make(chan struct{})
	var told []bool
	go func() {
		defer close(ended)
		askContrast(ctx, ticks, func() (bool, error) {
			next := answers[0]
			answers = answers[1:]
			return next.high, next.err
		}, func(high bool) { told = append(told, high) })
	}()
	for range rest {
		ticks <- time.Time{}
	}
	end()
	<-ended
	require.Equal(t, []bool{false, true, false}, told)
}
