package transport_test

import (
	"crypto/tls"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/erstest"
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// noticeboard records a client's notices as kind and code; a kind alone means that it ended.
type noticeboard struct {
	mu    sync.Mutex
	said  []string
	texts []string
}

func (n *noticeboard) notice(kind string, p *problem.Problem) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p == nil {
		n.said, n.texts = append(n.said, kind), append(n.texts, "")
		return
	}
	n.said, n.texts = append(n.said, kind+" "+p.Code), append(n.texts, p.Expand(p.Happened))
}

// new returns the notices since the last call.
func (n *noticeboard) new() (said, texts []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	said, texts, n.said, n.texts = n.said, n.texts, nil, nil
	return said, texts
}

// wallClock is a settable clock.
type wallClock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *wallClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *wallClock) set(ahead time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead = ahead
}

func noticing(board *noticeboard) func(*hscn.Config) {
	return func(config *hscn.Config) { config.Notice = board.notice }
}

var clocks = regexp.MustCompile(`^When this computer's clock showed (.*), it was (.*) by the clock of e-RS\.$`)

// With a wrong clock people search for faults in valid certificates, and miss the end of their
// session.
func TestERR000AWrongClockIsNoticed(t *testing.T) {
	const day = 24 * time.Hour
	cases := map[string]struct {
		// server is the difference of e-RS's clock.
		server time.Duration
		wrong  bool
	}{
		"right":                   {0, false},
		"four minutes and a half": {4*time.Minute + 30*time.Second, false},
		"behind by minutes":       {7 * time.Minute, true},
		"ahead by minutes":        {-12 * time.Minute, true},
		"summer time":             {time.Hour, true},
		"behind by hours":         {5 * time.Hour, true},
		"ahead by hours":          {-30 * time.Hour, true},
		"behind by days":          {90 * day, true},
		"ahead by days":           {-400 * day, true},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server, board := clienttest.NewServer(t), &noticeboard{}
			client := clienttest.NewClient(t, server, noticing(board))
			said, _ := board.new()
			require.Empty(t, said, "there is nothing wrong with the stand-in's certificate")
			server.SetClock(one.server)
			for range 2 {
				// Any answer counts, such as this refusal.
				clienttest.RequireCode(t, "ERS-A003-403", clienttest.DeleteOnce(t.Context(), client))
			}
			said, texts := board.new()
			if !one.wrong {
				require.Empty(t, said)
				return
			}
			require.Equal(t, []string{"clock CLOCK-WRONG"}, said, "once, not with every answer")
			shown := clocks.FindStringSubmatch(texts[0])
			require.Len(t, shown, 3, texts[0])
			ours, err := time.Parse("2 January 2006 15:04 UTC", shown[1])
			require.NoError(t, err)
			theirs, err := time.Parse("2 January 2006 15:04 UTC", shown[2])
			require.NoError(t, err)
			require.WithinDuration(t, ours.Add(one.server), theirs, time.Minute)

			server.SetClock(one.server + one.server/2)
			require.Error(t, clienttest.DeleteOnce(t.Context(), client))
			said, _ = board.new()
			require.Equal(t, []string{"clock CLOCK-WRONG"}, said, "it differs by something else now")
			server.SetClock(0)
			for range 2 {
				require.Error(t, clienttest.DeleteOnce(t.Context(), client))
			}
			said, _ = board.new()
			require.Equal(t, []string{"clock"}, said, "it is right again")
		})
	}
}

// An uncertain difference raises no notice: one that comes and goes is worse than none.
func TestERR000DatesThatTellNothing(t *testing.T) {
	old := "Date: " + time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat) + "\r\n"
	for name, header := range map[string]string{
		"none":               "",
		"rubbish":            "Date: today\r\n",
		"of a stored answer": old + "Age: 3600\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			server, board := clienttest.NewServer(t), &noticeboard{}
			raw := clienttest.ServeRaw(t, server, nil, func(conn *clienttest.RawConn, _ int) { conn.Answer("HTTP/1.1 204 No Content\r\n" + header + "\r\n") })
			client := clienttest.NewClient(t, server, noticing(board), func(config *hscn.Config) { config.BaseURL = raw.URL })
			board.new()
			require.NoError(t, clienttest.DeleteOnce(t.Context(), client))
			said, _ := board.new()
			require.Empty(t, said)
		})
	}
	t.Run("of an answer that took its time", func(t *testing.T) {
		server, board, clock := clienttest.NewServer(t), &noticeboard{}, &wallClock{}
		raw := clienttest.ServeRaw(t, server, nil, func(conn *clienttest.RawConn, _ int) {
			date := time.Now().UTC().Format(http.TimeFormat)
			clock.set(10 * time.Minute)
			conn.Answer("HTTP/1.1 204 No Content\r\nDate: " + date + "\r\n\r\n")
		})
		client := clienttest.NewClient(t, server, noticing(board), func(config *hscn.Config) { config.BaseURL = raw.URL })
		transport.SetClock(client.Client, clock.Now)
		board.new()
		require.NoError(t, clienttest.DeleteOnce(t.Context(), client))
		said, _ := board.new()
		require.Empty(t, said, "it may have been written at any time of those ten minutes")
	})
}

// An organisation that learns of it on the day cannot sign in for a fortnight.
func TestSEC001ACertificateThatExpiresSoonIsNoticed(t *testing.T) {
	const day = 24 * time.Hour
	server := clienttest.NewServer(t)
	withLife := func(until time.Duration) tls.Certificate {
		made := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -40*day, until, nil)
		// Without Leaf, which some constructors leave for others to parse.
		return tls.Certificate{Certificate: [][]byte{made.Certificate.Raw}, PrivateKey: made.Key}
	}
	for name, one := range map[string]struct {
		certificate tls.Certificate
		said        []string
	}{
		"none":             {tls.Certificate{}, nil},
		"fifteen days":     {withLife(15 * day), nil},
		"less than 14":     {withLife(14*day - time.Minute), []string{"certificate CERT-EXPIRES_SOON"}},
		"it has run out":   {withLife(-day), []string{"certificate CERT-EXPIRED"}},
		"not a file of it": {tls.Certificate{Certificate: [][]byte{[]byte("rubbish")}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			board := &noticeboard{}
			clienttest.NewClient(t, server, noticing(board), func(config *hscn.Config) { config.Certificate = one.certificate })
			said, _ := board.new()
			require.Equal(t, one.said, said)
		})
	}

	t.Run("as the days go by", func(t *testing.T) {
		board, clock := &noticeboard{}, &wallClock{}
		client := clienttest.NewClient(t, server, noticing(board), func(config *hscn.Config) { config.Certificate = withLife(20 * day) })
		transport.SetClock(client.Client, clock.Now)
		for _, one := range []struct {
			after time.Duration
			said  []string
		}{
			{5 * day, nil}, {7 * day, []string{"certificate CERT-EXPIRES_SOON"}}, {8 * day, nil}, {12 * day, nil},
			{21 * day, []string{"certificate CERT-EXPIRED"}}, {22 * day, nil},
			// The clock was set right, which was the fault.
			{0, []string{"certificate"}},
		} {
			clock.set(one.after)
			// Reach is enough. An unused workstation makes no calls.
			require.NoError(t, client.Reach(t.Context()))
			said, texts := board.new()
			require.Equal(t, one.said, said, "after %v", one.after)
			if len(texts) > 0 && texts[0] != "" {
				require.Contains(t, texts[0], "gp.surgery.example")
			}
		}
	})
}

// Without a Notice function the client works as well.
func TestNoticesAreNotNeeded(t *testing.T) {
	server := clienttest.NewServer(t)
	server.SetClock(time.Hour)
	_, err := clienttest.NewClient(t, server).CreateSession(t.Context(), ersclient.NewTicket(erstest.TicketGP))
	require.NoError(t, err)
}

// Every notice is readable, with a step to take.
func TestNoticesAreReadable(t *testing.T) {
	server := clienttest.NewServer(t)
	server.SetClock(-time.Hour)
	seen := 0
	reading := func(config *hscn.Config) {
		config.Notice = func(_ string, p *problem.Problem) {
			clienttest.RequireReadable(t, p)
			require.False(t, p.Retry)
			seen++
		}
	}
	require.Error(t, clienttest.DeleteOnce(t.Context(), clienttest.NewClient(t, server, reading)))
	clienttest.NewClient(t, server, reading, func(config *hscn.Config) {
		made := clienttest.NewPair(t, "gp.surgery.example", clienttest.NewKey(t), -time.Hour, 24*time.Hour, nil)
		config.Certificate = tls.Certificate{Certificate: [][]byte{made.Certificate.Raw}, PrivateKey: made.Key}
	})
	require.Equal(t, 2, seen)
}
