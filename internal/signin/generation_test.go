package signin

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ers-login/ers-login/ersclient/handoff"
)

// A reader that has seen one session takes a lower generation for an older one, and one that it has
// seen for the same.
func TestGenerationsGrow(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 42, 0, 0, time.UTC)
	for name, test := range map[string]struct{ last, want int64 }{
		"none is known":              {0, now.UnixMilli()},
		"an hour ago":                {now.Add(-time.Hour).UnixMilli(), now.UnixMilli()},
		"in the same millisecond":    {now.UnixMilli(), now.UnixMilli() + 1},
		"the clock was set back":     {now.Add(time.Hour).UnixMilli(), now.Add(time.Hour).UnixMilli() + 1},
		"the last one that there is": {handoff.MaxGeneration - 1, handoff.MaxGeneration},
		"planted: the highest":       {handoff.MaxGeneration, now.UnixMilli()},
		"planted: beyond":            {math.MaxInt64, now.UnixMilli()},
		"planted: below zero":        {math.MinInt64, now.UnixMilli()},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, nextGeneration(test.last, now))
		})
	}
}

// A window in which an end has failed has to answer a sign-out whether anything is left to be
// cleared: if it does not know, it signs out no one, or begins a sign-in that no user has asked
// for.
func TestAFailureTellsWhetherTheKeyringIsClear(t *testing.T) {
	cleared := newMachine(agreed, morning)
	cleared.cleared = true
	cleared.fail(morning, locked)
	assert.False(t, cleared.state.Uncleared)

	left := newMachine(agreed, morning)
	left.handle(morning, leftoverCleared{err: noBus})
	assert.Equal(t, Failed, left.state.Phase)
	assert.True(t, left.state.Uncleared)
	left.handle(morning, TryAgain{})
	assert.False(t, left.state.Uncleared, "it is being cleared")
}
