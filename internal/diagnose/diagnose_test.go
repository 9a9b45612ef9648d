package diagnose_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/internal/problem"
)

var well = diagnose.Finding{State: diagnose.OK, Said: "All is well."}

func check(id string, run func(context.Context) diagnose.Finding) diagnose.Check {
	return diagnose.Check{ID: id, Name: "The check " + id, Run: run}
}

// One link that hangs or crashes must not keep a service desk from seeing the others.
func TestOneCheckCostsItsOwnRowOnly(t *testing.T) {
	end := make(chan struct{})
	hung := make(chan struct{})
	hangs := check("hangs", func(context.Context) diagnose.Finding {
		defer close(hung)
		<-end
		return well
	})
	hangs.Within = time.Millisecond
	obeys := check("obeys", func(ctx context.Context) diagnose.Finding {
		<-ctx.Done()
		return diagnose.Finding{State: diagnose.Failed, Said: "In its own words.", Problem: problem.Unexpected}
	})
	obeys.Within = time.Millisecond
	checks := []diagnose.Check{
		hangs, obeys,
		check("panics", func(context.Context) diagnose.Finding { panic("AQIC5wM2LY4Sfcyw62EbAOsRpdfb") }),
		check("well", func(context.Context) diagnose.Finding { return well }),
	}
	progress := make([]diagnose.Finding, len(checks))
	results := diagnose.Run(t.Context(), checks, func(i int, found diagnose.Finding) { progress[i] = found })
	close(end)
	<-hung

	require.Len(t, results, 4)
	for i, result := range results {
		assert.Equal(t, checks[i].ID, result.ID, "in the order of the list")
		assert.Equal(t, checks[i].Name, result.Name)
		assert.Equal(t, result.Finding, progress[i])
	}
	assert.Equal(t, diagnose.Failed, results[0].State)
	assert.Equal(t, "DIAG-TIMEOUT", results[0].Problem.Code)
	assert.Contains(t, results[0].Problem.Expand(results[0].Problem.Happened), "The check hangs")
	assert.Equal(t, "In its own words.", results[1].Text(), "a finding's own reason is used")
	assert.Equal(t, "UNEXPECTED", results[2].Problem.Code)
	assert.NotContains(t, results[2].Problem.Error(), "AQIC", "what a panic holds could be anything")
	assert.Equal(t, diagnose.OK, results[3].State)
	assert.Equal(t, 3, diagnose.Failures(results))
}

// A closed screen does not wait for the results.
func TestACancelledRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	checks := make([]diagnose.Check, 50)
	for i := range checks {
		checks[i] = check("waits", func(ctx context.Context) diagnose.Finding {
			cancel()
			<-ctx.Done()
			return well
		})
	}
	for _, result := range diagnose.Run(ctx, checks, nil) {
		assert.Contains(t, []diagnose.State{diagnose.OK, diagnose.Skipped}, result.State)
		assert.NotEmpty(t, result.Said)
	}
}

// Starting fifty helpers at once would be a fault in itself.
func TestARunIsBounded(t *testing.T) {
	var now, most atomic.Int32
	checks := make([]diagnose.Check, 50)
	for i := range checks {
		checks[i] = check("counts", func(context.Context) diagnose.Finding {
			defer now.Add(-1)
			for count, seen := now.Add(1), most.Load(); count > seen && !most.CompareAndSwap(seen, count); seen = most.Load() {
				continue
			}
			return well
		})
	}
	require.Len(t, diagnose.Run(t.Context(), checks, nil), 50)
	assert.LessOrEqual(t, most.Load(), int32(8))
	assert.Empty(t, diagnose.Run(t.Context(), nil, nil))
}

// A translation that is looked up under a text with a value of today in it is never found.
func TestTextsAreTemplates(t *testing.T) {
	for _, text := range diagnose.Texts() {
		assert.NotEmpty(t, text)
		for part := range strings.SplitSeq(text, "{{") {
			if before, _, open := strings.Cut(part, "}}"); open {
				assert.Regexp(t, `^\.[A-Z][A-Za-z]*$`, before, text)
			}
		}
	}
	found := diagnose.Finding{Said: "{{.A}} and {{.B}}"}.With("A", "one").With("B", "two\n")
	assert.Equal(t, "one and two", found.Text())
	assert.Equal(t, "un, two", found.Expand("un, {{.B}}"))
}

func TestStates(t *testing.T) {
	for state, want := range map[diagnose.State][2]string{
		diagnose.OK: {"ok", "OK"}, diagnose.Attention: {"attention", "Needs attention"}, diagnose.Failed: {"failed", "Failed"},
		diagnose.Skipped: {"skipped", "Not checked"},
	} {
		assert.Equal(t, want, [2]string{state.String(), state.Word()})
	}
}

// TestERR000AReportLeadsToTheRemedy: a table without the steps sends the user to the telephone for what they could have read.
func TestERR000AReportLeadsToTheRemedy(t *testing.T) {
	trouble := problem.Unexpected.Because(errors.New("token AQIC5wM2LY4Sfcyw62EbAOsRpdfb"))
	report := diagnose.Report{Version: "1.2.3", Mask: mask(diagnose.Names{}), Results: []diagnose.Result{
		{ID: "a", Name: "One", Finding: well},
		{ID: "b", Name: "Another", Finding: diagnose.Finding{State: diagnose.Failed, Said: trouble.Title, Problem: trouble}},
		{ID: "c", Name: "A third", Finding: diagnose.Finding{State: diagnose.Skipped, Said: "There is no <x> & \"y\"."}},
	}}
	assert.Equal(t, `OK           One      All is well.
Failed       Another  Something went wrong.
                      e-RS Login has an unexpected problem. (UNEXPECTED)
                      Technical cause: token [secret]
                      1. Press Check again.
                      2. If it happens again, contact your local service desk and quote the reference UNEXPECTED.
Not checked  A third  There is no <x> & "y".
`, report.Text())
	report.Terminal = true
	assert.Contains(t, report.Text(), `
                      1. Run the command again.
                      2. If it happens again, contact your local service desk and quote the reference UNEXPECTED.
`, "there is no button on a terminal")
	encoded, err := report.JSON()
	require.NoError(t, err)
	assert.JSONEq(t, `{"version": "1.2.3", "failed": 1, "checks": [
		{"id": "a", "name": "One", "state": "ok", "said": "All is well."},
		{"id": "b", "name": "Another", "state": "failed", "said": "Something went wrong.", "problem": {
			"code": "UNEXPECTED", "title": "Something went wrong", "happened": "e-RS Login has an unexpected problem.",
			"steps": ["Press Try again.", "If it happens again, contact your local service desk and quote the reference below."],
			"cause": "token [secret]"}},
		{"id": "c", "name": "A third", "state": "skipped", "said": "There is no <x> & \"y\"."}]}`, string(encoded))
	assert.Contains(t, string(encoded), "<x> &", "readable without unescaping")

	refused := (&problem.Problem{Code: "ERS-A001-403", Title: "{{.Who}} was not accepted"}).With("Who", "AQIC5wM2LY4Sfcyw62EbAOsRpdfb")
	last := diagnose.Report{Mask: mask(diagnose.Names{}), Last: diagnose.Incident{Problem: refused, At: time.Date(2026, 7, 1, 20, 22, 5, 9, time.FixedZone("", 3600))}}
	assert.Equal(t, "Last problem: [secret] was not accepted, ERS-A001-403, 1 July 2026 19:22:05 UTC\n\n", last.Text())
	named := last
	named.Last.Problem = (&problem.Problem{Code: "X", Title: "No", Quoted: "Message: {{.M}}", Technical: "403"}).With("M", "not you")
	named.Last.Role = "Referring clinician at NHST_X3 (R01)"
	assert.Equal(t, "Last problem: No, X, 1 July 2026 19:22:05 UTC\n  Message: not you\n  403\n  Role: Referring clinician at NHST_X3 (R01)\n\n", named.Text())
	encoded, err = named.JSON()
	require.NoError(t, err)
	assert.Contains(t, string(encoded), `"role": "Referring clinician at NHST_X3 (R01)"`)
	encoded, err = last.JSON()
	require.NoError(t, err)
	assert.JSONEq(t, `{"version": "", "failed": 0, "checks": [],
		"lastProblem": {"code": "ERS-A001-403", "title": "[secret] was not accepted", "time": "2026-07-01T19:22:05Z"}}`, string(encoded))
}
