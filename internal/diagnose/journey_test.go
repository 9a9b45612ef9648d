package diagnose

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestDaysAreCountedInWords: "(days left: 1)" is no sentence.
func TestDaysAreCountedInWords(t *testing.T) {
	for left, want := range map[time.Duration]string{
		-time.Minute:                 "expired",
		time.Hour:                    "less than a day left",
		30 * time.Hour:               "1 day left",
		19*24*time.Hour + time.Hour:  "19 days left",
		400*24*time.Hour + time.Hour: "400 days left",
	} {
		assert.Equal(t, want, daysTo(time.Now().Add(left)).String())
	}
}
