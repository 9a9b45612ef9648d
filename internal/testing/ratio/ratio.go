// Package ratio measures calls of the program as multiples of the bare net/http calls that they
// stand for, in one run: a time alone says more of the computer than of the program.
package ratio

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// Report alternates ours and bare, and reports the time of ours as a multiple of that of bare.
func Report(b *testing.B, ours, bare func()) {
	b.Helper()
	timed := func(call func()) time.Duration {
		start := time.Now()
		call()
		return time.Since(start)
	}
	ReportPairs(b, func(oursFirst bool) (oursTook, bareTook time.Duration) {
		if oursFirst {
			oursTook = timed(ours)
			return oursTook, timed(bare)
		}
		bareTook = timed(bare)
		return timed(ours), bareTook
	})
}

// ReportPairs is Report for a pair that times itself. What it reports, in x-bare, is the median of
// the ratios of two adjacent pairs, of which one has ours first and the other bare: other load slows
// both of them, or is rare. The first pair does not count.
func ReportPairs(b *testing.B, pair func(oursFirst bool) (ours, bare time.Duration)) {
	b.Helper()
	pair(true)
	var ratios []float64
	for i := 0; b.Loop(); i++ {
		ours, bare := pair(i%2 == 0)
		oursAgain, bareAgain := pair(i%2 != 0)
		ratios = append(ratios, float64(ours+oursAgain)/float64(bare+bareAgain))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-bare")
}

// Client makes bare calls.
type Client struct {
	b      *testing.B
	client http.Client
}

// timeLimit bounds a bare call as the program's are: no program makes one without.
const timeLimit = 15 * time.Second

// NewClient makes a Client with the TLS settings of a stand-in's.
func NewClient(b *testing.B, settings *tls.Config) *Client {
	b.Helper()
	settings.MinVersion = tls.VersionTLS12
	transport := &http.Transport{TLSClientConfig: settings, MaxIdleConnsPerHost: 2}
	b.Cleanup(transport.CloseIdleConnections)
	return &Client{b, http.Client{Transport: transport, Timeout: timeLimit}}
}

// Call makes a call and decodes the JSON of its answer, unless into is nil. It may be called from
// any goroutine.
func (c *Client) Call(ctx context.Context, method, address, body string, header http.Header, into any) {
	c.b.Helper()
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		c.b.Error(err)
		return
	}
	request.Header = header
	response, err := c.client.Do(request)
	if err != nil {
		c.b.Error(err)
		return
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.Body.Close() != nil || response.StatusCode/100 != 2 {
		c.b.Error(response.Status, err)
		return
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			c.b.Error(err)
		}
	}
}
