package keyring_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	bare "github.com/zalando/go-keyring"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// BenchmarkHandOver measures the cost of the worker, the checks and the read-back: the time of
// Publish as a ratio to the same writes and reads with go-keyring alone, alternating on one real
// gnome-keyring: the median of the ratios of adjacent pairs, since other load slows both of a pair,
// or is rare. The budget is 1.25.
func BenchmarkHandOver(b *testing.B) {
	session := keyringtest.ForTest(b, keyringtest.Options{})
	for _, pair := range session.Env() {
		name, value, _ := strings.Cut(pair, "=")
		b.Setenv(name, value)
	}
	client := connect(b, settings(b, session))
	encoded, err := handoff.Encode(madeUp())
	require.NoError(b, err)
	entries := [][2]string{{handoff.AccountSession, string(encoded)}, {handoff.AccountSessionKey, madeUpKey}}
	bareHandOver := func() {
		for _, entry := range entries {
			require.NoError(b, bare.Set(handoff.Service, entry[0], entry[1]))
			got, err := bare.Get(handoff.Service, entry[0])
			require.NoError(b, err)
			require.True(b, got == entry[1])
		}
	}
	require.NoError(b, client.Publish(b.Context(), madeUp()))
	bareHandOver()

	var (
		ours, theirs time.Duration
		ratios       []float64
	)
	for b.Loop() {
		start := time.Now()
		require.NoError(b, client.Publish(b.Context(), madeUp()))
		between := time.Now()
		bareHandOver()
		oursTook, theirsTook := between.Sub(start), time.Since(between)
		ours, theirs = ours+oursTook, theirs+theirsTook
		ratios = append(ratios, float64(oursTook)/float64(theirsTook))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-bare")
	b.ReportMetric(float64(ours.Microseconds())/1000/float64(b.N), "ms/publish")
	b.ReportMetric(float64(theirs.Microseconds())/1000/float64(b.N), "ms/bare")
}
