// Package diagnose finds out which link of the chain is broken: the smartcard reader, the card, the
// Identity Agent, its ticket, the clock, the network with its names, proxy and certificates, e-RS
// itself, the keyring, the audit log, the settings.
//
// It is the one engine behind the Diagnostics screen and "ers-login doctor". Each link is a [Check]
// with a name, which looks and changes nothing: none asks the user for anything, and none signs in.
// [Run] runs them side by side, each with its own deadline, so that one which hangs costs its own
// row and no other; its [Finding] is a state, one sentence and, unless all is well, the Problem
// with the remedy. [Checks] makes the list for a [Target]: the window passes its running services,
// the command line starts its own, the demonstration has stand-ins.
//
// Texts are English and at the same time the keys of their translations ([Texts] lists them), as
// those of package problem are: what varies stands in Args and is named as {{.Name}}.
//
// [Bundle] makes the files of a support bundle, and [Save] writes exactly these. Requirements
// ERR-000 to ERR-012 ask for messages that lead to a remedy; here is where a service desk finds out
// which.
package diagnose

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/problem"
)

// State is how a link is.
type State int

// The states. Only Failed counts as a failure.
const (
	// OK: it is as it should be.
	OK State = iota
	// Attention: it works, or needs the user: no card, a locked keyring, a certificate that expires
	// soon.
	Attention
	// Failed: it does not work.
	Failed
	// Skipped: it could not be looked at, or there is nothing to look at. The sentence says why.
	Skipped
)

// states are the states' names in JSON, and the words for them in English.
var states = [...]struct{ name, word string }{
	OK: {"ok", "OK"}, Attention: {"attention", "Needs attention"}, Failed: {"failed", "Failed"}, Skipped: {"skipped", "Not checked"},
}

// String returns the state's name in JSON: ok, attention, failed or skipped.
func (s State) String() string { return states[s].name }

// Word returns the state for people, in English: the key of its translation.
func (s State) Word() string { return states[s].word }

// Finding is what a check has found.
type Finding struct {
	State State
	// Said is one sentence, a template with {{.Name}} for what varies.
	Said string
	// Args fills Said. Bounded, and never a secret.
	Args map[string]string
	// Phrases are the translated ones of Args.
	Phrases map[string]problem.Phrase
	// Problem has the remedy. It is nil if all is well or nothing was looked at.
	Problem *problem.Problem
}

// With returns a copy whose sentence is filled with one more value, cut and cleaned as in package problem.
func (f Finding) With(name, value string) Finding {
	return f.filled((&problem.Problem{Args: f.Args, Phrases: f.Phrases}).With(name, value))
}

// WithPhrase returns a copy whose sentence is filled with a translated value.
func (f Finding) WithPhrase(name string, value problem.Phrase) Finding {
	return f.filled((&problem.Problem{Args: f.Args, Phrases: f.Phrases}).WithPhrase(name, value))
}

func (f Finding) filled(with *problem.Problem) Finding {
	f.Args, f.Phrases = with.Args, with.Phrases
	return f
}

// Text returns the sentence in English.
func (f Finding) Text() string { return f.Expand(f.Said) }

// Expand fills a sentence of this Finding, translated or not.
func (f Finding) Expand(text string) string { return (&problem.Problem{Args: f.Args}).Expand(text) }

// Check is one link of the chain.
type Check struct {
	// ID is stable: the name of the row in JSON, as docs/diagnostics.md lists them.
	ID string
	// Name is the row's title, in English: the key of its translation.
	Name string
	// Within is the deadline; 0 means 20 s.
	Within time.Duration
	// Run looks. It obeys its context, which ends with the deadline.
	Run func(ctx context.Context) Finding
}

// Result is a check with what it has found.
type Result struct {
	ID, Name string
	Finding
}

// Incident is the last Problem that a window has shown, which its user may have come for. It is zero
// if there was none.
type Incident struct {
	Problem *problem.Problem
	At      time.Time
	// Role is the role and organisation that it is about, for people; empty if it is about none.
	Role string
	// Card: it is about the card in the reader, and still so.
	Card bool
}

// Failures returns how many checks have failed. Attention and Skipped do not count.
func Failures(results []Result) int {
	failures := 0
	for _, result := range results {
		if result.State == Failed {
			failures++
		}
	}
	return failures
}

const (
	// atOnce is how many checks run side by side. Most wait for another system, and several for the
	// same answer of e-RS.
	atOnce = 8
	// usually is the deadline of a check without its own.
	usually = 20 * time.Second
	// lastWords is the time that a check has to report its own time-out, which is more precise.
	lastWords = 500 * time.Millisecond
)

// Run runs the checks side by side, a bounded number at once, and returns their findings in the
// order of the list. progress, if not nil, is called with each finding and its index, one at a
// time; it must return soon.
//
// A check that hangs is Failed with DIAG-TIMEOUT, and one that panics is Failed with UNEXPECTED;
// the run goes on. If a check ignores its context, its goroutine is left behind. When ctx ends, Run
// returns at once, and what is not known yet is Skipped.
func Run(ctx context.Context, checks []Check, progress func(i int, found Finding)) []Result {
	if progress == nil {
		progress = func(int, Finding) {}
	}
	results := make([]Result, len(checks))
	free := make(chan struct{}, atOnce)
	var telling sync.Mutex
	var all sync.WaitGroup
	for i, check := range checks {
		all.Go(func() {
			found := cancelled
			select {
			case free <- struct{}{}:
				found = check.run(ctx)
				<-free
			case <-ctx.Done():
			}
			telling.Lock()
			defer telling.Unlock()
			results[i] = Result{check.ID, check.Name, found}
			progress(i, found)
		})
	}
	all.Wait()
	return results
}

// run runs one check within its deadline.
func (c Check) run(ctx context.Context) Finding {
	if ctx.Err() != nil {
		return cancelled
	}
	within := c.Within
	if within <= 0 {
		within = usually
	}
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	done := make(chan Finding, 1)
	go func() { done <- c.guarded(limited) }()
	select {
	case found := <-done:
		return found
	case <-ctx.Done():
		return cancelled
	case <-time.After(within + lastWords):
		return failed(saidNoAnswer, noAnswer.WithPhrase("Check", problem.Words(c.Name)))
	}
}

// guarded turns a panic into a finding: a diagnosis that crashes on what it looks for is of no use.
func (c Check) guarded(ctx context.Context) (found Finding) {
	defer func() {
		if value := recover(); value != nil {
			// The value could be anything; its type says enough.
			found = failed(saidPanic, problem.Unexpected.Because(fmt.Errorf("check %s: panic with a %T", c.ID, value)))
		}
	}()
	return c.Run(ctx)
}

func ok(said string) Finding { return Finding{State: OK, Said: said} }

func skipped(said string) Finding { return Finding{State: Skipped, Said: said} }

func failed(said string, found *problem.Problem) Finding {
	return Finding{State: Failed, Said: said, Problem: found}
}

func attention(said string, found *problem.Problem) Finding {
	return Finding{State: Attention, Said: said, Problem: found}
}

// troubled is a finding whose sentence is the Problem's own title.
func troubled(state State, err error) Finding {
	found := problem.Of(err)
	return Finding{State: state, Said: found.Title, Args: found.Args, Phrases: found.Phrases, Problem: found}
}

var cancelled = skipped(saidCancelled)
