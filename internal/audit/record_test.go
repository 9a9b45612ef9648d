package audit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/audit"
)

// digestOf is what an auditor computes from an id of e-RS.
func digestOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:])[:16]
}

// The lines are a public interface: programs that evaluate them lose records if a member goes or
// changes its meaning.
func TestLAL001TheLinesOfTheThreeCalls(t *testing.T) {
	first := event()
	selected := surgery
	selected.OnBehalfOf = "555032000101"
	second := audit.Event{
		Call: audit.A002, Began: noon.Add(time.Second), Took: 40 * time.Millisecond, User: "555032000100",
		Key: ersclient.NewSessionKey(newKey), Former: ersclient.NewSessionKey(key), Selected: selected,
		Outcome: "403", Reference: "ERS-A002-403",
	}
	third := audit.Event{Call: audit.A003, Began: noon.Add(time.Hour), Key: ersclient.NewSessionKey(newKey), Outcome: "204"}
	s := settings(t)
	log := open(t, s)
	for _, e := range []audit.Event{first, second, third} {
		require.NoError(t, log.Append(t.Context(), e))
	}
	written := files(t, s.Dir)
	require.Len(t, written, 1)
	text, err := os.ReadFile(written[0])
	require.NoError(t, err)
	assert.Equal(t, strings.Join([]string{
		`{"id":1,"eventType":"POST","auditType":"API Establish Session","resourceType":"","eventDateTime":"2026-11-21 11:00:00.123",` +
			`"userUUID":"555032000100","onBehalfOfUUID":"","ubrn":"","nhsNumber":"","sessionID":"` + digestOf(key) + `",` +
			`"organisationName":"","businessFunction":"","asid":"200000000022","fqdn":"ers.example.nhs.uk","odsCode":"",` +
			`"outcome":"201","durationMS":1234,"version":"1.2.3"}`,
		`{"id":2,"eventType":"PUT","auditType":"API Professional login attempt","resourceType":"",` +
			`"eventDateTime":"2026-11-21 11:00:01.123","userUUID":"555032000100","onBehalfOfUUID":"555032000101","ubrn":"",` +
			`"nhsNumber":"","sessionID":"` + digestOf(newKey) + `","organisationName":"Smith & Partners <Surgery>",` +
			`"businessFunction":"REFERRING_CLINICIAN","asid":"200000000022","fqdn":"ers.example.nhs.uk","odsCode":"D82106",` +
			`"formerSessionID":"` + digestOf(key) + `","outcome":"403","reference":"ERS-A002-403","durationMS":40,"version":"1.2.3"}`,
		`{"id":3,"eventType":"DELETE","auditType":"API Close Session","resourceType":"","eventDateTime":"2026-11-21 12:00:00.123",` +
			`"userUUID":"","onBehalfOfUUID":"","ubrn":"","nhsNumber":"","sessionID":"` + digestOf(newKey) + `","organisationName":"",` +
			`"businessFunction":"","asid":"200000000022","fqdn":"ers.example.nhs.uk","odsCode":"","outcome":"204","durationMS":0,` +
			`"version":"1.2.3"}`,
		"",
	}, "\n"), string(text))

	found, _ := records(t, s.Dir)
	assert.True(t, begun(t, found[0]).Equal(noon.Truncate(time.Millisecond)), "what was written can be read")
}

// A session's id is a secret while the session lives: only an organisation that asks for it has it in the file.
func TestHowASessionIsNamed(t *testing.T) {
	for form, want := range map[audit.SessionID]string{
		"": digestOf(key), audit.Digest: digestOf(key), "FULL": digestOf(key), audit.Full: key,
	} {
		t.Run(string(form), func(t *testing.T) {
			s := settings(t)
			s.SessionID = form
			log := open(t, s)
			appendTo(t, log, 1)
			found, _ := records(t, s.Dir)
			// require.True keeps the id out of the output.
			require.True(t, len(found) == 1 && found[0].SessionID == want)
			require.Equal(t, form == audit.Full, strings.Contains(inAllFiles(t, s.Dir), key))
		})
	}
}

// Without it, a name from another machine makes a line that is two, or one that no look at the end of a file finds again.
func TestARecordIsOneShortLine(t *testing.T) {
	long := strings.Repeat("é\"\\\u2028<", 100_000)
	e := audit.Event{
		Call: audit.A002, Began: noon, User: long, Key: ersclient.NewSessionKey(long),
		Former:   ersclient.NewSessionKey("x" + long),
		Selected: ersclient.Permission{BusinessFunction: "A\nB\x00\xffC", OrgIdentifier: long, OrgName: "\n{\"id\":99}\n" + long, OnBehalfOf: long},
		Outcome:  long, Reference: long, Took: -time.Second,
	}
	s := settings(t)
	s.SessionID, s.FQDN, s.ASID, s.Version = audit.Full, long, long, long
	log := open(t, s)
	require.NoError(t, log.Append(t.Context(), e))
	require.NoError(t, log.Append(t.Context(), e))
	assert.Equal(t, upTo(2), numbers(t, s.Dir))
	info, err := os.Stat(files(t, s.Dir)[0])
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(audit.Tail/2), "two records")
	found, _ := records(t, s.Dir)
	assert.Zero(t, found[0].DurationMS, "a clock that was set back makes no negative duration")
}

// The numbers that a damaged part of a file may have had are reckoned from it.
func TestTheShortestRecordIsNotShorterThanReckoned(t *testing.T) {
	text, err := json.Marshal(audit.Record{})
	require.NoError(t, err)
	assert.Greater(t, len(text), audit.Shortest)
}
