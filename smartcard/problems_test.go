package smartcard_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
)

// everyProblem has what a user can meet: the published codes, one unpublished code of each group, and the silent agent.
func everyProblem() []*problem.Problem {
	problems := []*problem.Problem{smartcard.AgentSilent}
	for _, code := range smartcard.Codes() {
		problems = append(problems, code.Problem())
	}
	for _, code := range []smartcard.Code{0x801000FF, 0x802000FF, 0x804000FF, 0x808000FF, 0x81000005, 0x7} {
		problems = append(problems, code.Problem())
	}
	return problems
}

// If this fails, a clinician reads a code name, half a sentence, or advice to press a button that is not there.
func TestEveryProblemIsWordedProperly(t *testing.T) {
	codeName := regexp.MustCompile(`[A-Z]+_[A-Z]+|0x[0-9A-F]+`)
	for _, p := range everyProblem() {
		t.Run(p.Code, func(t *testing.T) {
			assert.Regexp(t, `^CARD-[A-Z]`+`|^CARD-0x`, p.Code)
			assert.NotEmpty(t, p.Title)
			assert.False(t, strings.HasSuffix(p.Title, "."), "a title has no full stop: %s", p.Title)
			assert.True(t, strings.HasSuffix(p.Happened, "."), "a sentence has a full stop: %s", p.Happened)
			asksToTryAgain := false
			for _, step := range p.WhatToDo() {
				assert.True(t, strings.HasSuffix(step, "."), "a sentence has a full stop: %s", step)
				asksToTryAgain = asksToTryAgain || strings.Contains(step, "**Try again**")
			}
			assert.Equal(t, p.Retry, asksToTryAgain, "the button is there exactly if a step names it")
			for _, text := range append([]string{p.Title, p.Happened}, p.WhatToDo()...) {
				assert.NotRegexp(t, codeName, text)
				assert.NotContains(t, text, "{{", "nothing fills this mark")
			}
		})
	}
}

// If this fails, a user gets the advice of a group although the code has its own.
func TestNoPublishedCodeFallsBackOnItsGroup(t *testing.T) {
	for _, code := range smartcard.Codes() {
		p := code.Problem()
		assert.Equal(t, "CARD-"+code.String(), p.Code)
		assert.ErrorIs(t, p, code)
		if code.Group() != smartcard.GroupGeneric {
			later := smartcard.Code(code.Group()) | 0xFF
			assert.NotEqual(t, later.Problem().Title, p.Title, p.Code)
		}
	}
}

func TestTheTextsThatMatterMost(t *testing.T) {
	blocked := smartcard.PINBlocked.Problem()
	assert.Equal(t, "CARD-PIN_BLOCKED", blocked.Code)
	assert.Equal(t, "Your smartcard is blocked", blocked.Title)
	assert.Equal(t, "The wrong passcode was entered too many times.", blocked.Happened)
	assert.Equal(t, "Ask your Registration Authority to unblock your smartcard.", blocked.WhatToDo()[0])
	assert.False(t, blocked.Retry, "a blocked card stays blocked however often one tries")
	assert.Equal(t, "CARD-PIN_BLOCKED: Your smartcard is blocked: identity agent: PIN_BLOCKED (0x80200004)", blocked.Error())

	assert.Equal(t, "The NHS Identity Agent is not installed", smartcard.NotInstalled.Problem().Title)
	assert.True(t, smartcard.UserAbort.Problem().Retry, "who closed the window by mistake can try again")
	assert.True(t, smartcard.TicketNotAvailable.Problem().Retry)
}
