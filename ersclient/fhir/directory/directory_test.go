package directory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/fhir/directory"
	"github.com/ers-login/ers-login/ersclient/testserver"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newServer(t *testing.T) *cis2test.Server {
	t.Helper()
	server := cis2test.NewUnstartedServer(cis2test.WithPersona(cis2test.Persona{
		ID: "gp", Identifier: "555020964101", Level: 3,
		Organisations: []cis2test.Organisation{{Code: "A12345", Name: "Northmoor GP Surgery"}},
	}))
	require.NoError(t, server.Start())
	t.Cleanup(server.Close)
	return server
}

func configOf(server *cis2test.Server, file string) directory.Config {
	return directory.Config{File: file, Config: transport.Config{
		BaseURL: server.DirectoryURL(), RootCAs: server.RootCAs(), Pace: transport.Unpaced(), Timeout: 10 * time.Second,
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
	}}
}

func open(t *testing.T, config directory.Config) *directory.Directory {
	t.Helper()
	d, err := directory.New(config)
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// names collects what Find finds, in order.
type names []string

func (n *names) add(code, name string) { *n = append(*n, code+"="+name) }

func find(t *testing.T, d *directory.Directory, codes ...string) []string {
	t.Helper()
	var found names
	require.NoError(t, d.Find(t.Context(), codes, found.add))
	return found
}

func cacheFile(t *testing.T) string { return filepath.Join(t.TempDir(), "state", "organisations.json") }

// Cards with codes alone are hard to tell apart.
func TestNamesComeFromTheDirectoryAndThenFromTheDisk(t *testing.T) {
	server, file := newServer(t), cacheFile(t)
	d := open(t, configOf(server, file))
	_, known := d.Known("A12345")
	require.False(t, known)
	want := []string{"A12345=Northmoor GP Surgery", "RX002=Made-Up Hospital 2"}
	require.Equal(t, want, find(t, d, "A12345", "RX999", "RX002", "A12345"))
	require.Len(t, server.Requests(), 3, "one for each organisation")
	name, known := d.Known("A12345")
	require.True(t, known)
	require.Equal(t, "Northmoor GP Surgery", name)
	require.Equal(t, want, find(t, d, "A12345", "RX999", "RX002"))

	again := open(t, configOf(server, file))
	require.Equal(t, []string{"RX002=Made-Up Hospital 2", "A12345=Northmoor GP Surgery"}, find(t, again, "RX002", "RX999", "A12345"))
	require.Len(t, server.Requests(), 3, "after a restart they come from the disk, and so does that there is none")
	info, err := os.Stat(file)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*"))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestNamesAreKeptFor30Days(t *testing.T) {
	const day = 24 * time.Hour
	cases := map[string]struct {
		after time.Duration
		asked []string // besides the first time
	}{
		"23 hours":             {23 * time.Hour, nil},
		"a day":                {day, []string{"RX999"}},
		"29 days":              {29 * day, []string{"RX999"}},
		"30 days":              {30 * day, []string{"A12345", "RX999"}},
		"a clock that is back": {-day, []string{"A12345", "RX999"}},
	}
	for name, one := range cases {
		for _, restarted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restarted: %t", name, restarted), func(t *testing.T) {
				server, file := newServer(t), cacheFile(t)
				d := open(t, configOf(server, file))
				directory.SetClock(d, func() time.Time { return time.Now().Add(-one.after - time.Second) })
				find(t, d, "A12345", "RX999")
				if restarted {
					d = open(t, configOf(server, file))
				}
				directory.SetClock(d, time.Now)
				require.Equal(t, []string{"A12345=Northmoor GP Surgery"}, find(t, d, "A12345", "RX999"))
				require.Len(t, server.Requests(), 2+len(one.asked))
			})
		}
	}
}

// A cache that cannot be used costs requests, and no sign-in.
func TestABrokenCacheBeginsAnew(t *testing.T) {
	entries := func(count int) string {
		var list []string
		for i := range count {
			list = append(list, fmt.Sprintf(`"X%d":{"name":"N","at":"2026-01-01T00:00:00Z"}`, i))
		}
		return `{"version":1,"names":{` + strings.Join(list, ",") + `}}`
	}
	one := func(code, name string) string {
		raw, err := json.Marshal(map[string]any{"version": 1, "names": map[string]any{code: map[string]any{"name": name, "at": time.Now()}}})
		require.NoError(t, err)
		return string(raw)
	}
	cases := map[string]struct{ content, says string }{
		"empty":                 {"", "right form"},
		"half":                  {`{"version":1,"names":{"A12345":{"na`, "right form"},
		"of another form":       {`{"version":1,"names":["A12345"]}`, "right form"},
		"of another version":    {`{"version":2,"names":{}}`, "right form"},
		"too large":             {strings.Repeat(" ", directory.MaxFile+1), "too large"},
		"of too many names":     {entries(directory.MaxEntries + 1), "right form"},
		"a code that is none":   {one("../A", "Name"), "right form"},
		"a name in two lines":   {one("A12345", "North\x1b[31mmoor\nSurgery"), "right form"},
		"a name without end":    {one("A12345", strings.Repeat("N", 201)), "right form"},
		"a time that is not":    {`{"version":1,"names":{"A12345":{"name":"N","at":"today"}}}`, "right form"},
		"a name that is a list": {`{"version":1,"names":{"A12345":{"name":["N"],"at":"2026-01-01T00:00:00Z"}}}`, "right form"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server, file := newServer(t), filepath.Join(t.TempDir(), "organisations.json")
			require.NoError(t, os.WriteFile(file, []byte(one.content), 0o600))
			d, err := directory.New(configOf(server, file))
			require.ErrorIs(t, err, directory.ErrCache)
			require.ErrorContains(t, err, one.says)
			t.Cleanup(d.Close)
			require.Equal(t, []string{"A12345=Northmoor GP Surgery"}, find(t, d, "A12345"))
			find(t, open(t, configOf(server, file)), "A12345")
			require.Len(t, server.Requests(), 1, "the new cache is used")
		})
	}
}

func TestACacheThatCannotBeWritten(t *testing.T) {
	server, folder := newServer(t), t.TempDir()
	file := filepath.Join(folder, "a-file", "organisations.json")
	d := open(t, configOf(server, file))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a-file"), nil, 0o600))
	var found names
	err := d.Find(t.Context(), []string{"A12345"}, found.add)
	require.ErrorIs(t, err, directory.ErrCache)
	require.Equal(t, names{"A12345=Northmoor GP Surgery"}, found)
	require.Equal(t, []string{"A12345=Northmoor GP Surgery"}, find(t, d, "A12345"))
	require.Len(t, server.Requests(), 1, "it is kept in memory")
}

func TestTheCacheIsBounded(t *testing.T) {
	server, file := newServer(t), cacheFile(t)
	now := time.Now().Truncate(time.Second)
	kept := map[string]any{}
	for i := range directory.MaxEntries {
		kept[fmt.Sprintf("Z%d", i)] = map[string]any{"name": "KEPT", "at": now.Add(-time.Duration(directory.MaxEntries-i) * time.Second)}
	}
	raw, err := json.Marshal(map[string]any{"version": 1, "names": kept})
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, raw, 0o600))
	d := open(t, configOf(server, file))
	find(t, d, "A12345")
	_, known := d.Known("Z0")
	require.False(t, known, "the oldest made room")
	_, known = d.Known("Z1")
	require.True(t, known)
	open(t, configOf(server, file)) // Not broken.
}

// Switched off, nothing is asked, and what is known is shown.
func TestWithoutAnAddress(t *testing.T) {
	server, file := newServer(t), cacheFile(t)
	find(t, open(t, configOf(server, file)), "A12345")
	config := configOf(server, file)
	config.BaseURL = ""
	d := open(t, config)
	require.Equal(t, []string{"A12345=Northmoor GP Surgery"}, find(t, d, "A12345", "RX002"))
	require.Len(t, server.Requests(), 1)
	config.File = ""
	require.Empty(t, find(t, open(t, config), "A12345"))
}

func TestAnAddressThatCannotBeUsed(t *testing.T) {
	for _, address := range []string{
		"http://directory.example/organisations", "https://", "https://user:secret@directory.example/", "https://directory.example/?organisation=",
	} {
		d, err := directory.New(directory.Config{Config: transport.Config{BaseURL: address}})
		require.Nil(t, d)
		require.ErrorContains(t, err, "the address of the directory cannot be used: ")
		require.NotContains(t, err.Error(), "secret")
		require.NotErrorIs(t, err, directory.ErrCache)
	}
	d, err := directory.New(directory.Config{Config: transport.Config{BaseURL: "https://directory.example/ORD"}})
	require.NoError(t, err)
	d.Close()
}

// What a directory may answer. An organisation without a usable answer has no name, and the others
// have theirs; a directory that fails is left alone until the next sign-in.
func TestFaults(t *testing.T) {
	body := func(body string) testserver.Fault {
		return testserver.Fault{Kind: testserver.Body, Status: 200, Body: body}
	}
	status := func(status int) testserver.Fault {
		return testserver.Fault{Kind: testserver.Status, Status: status, RetryAfter: "60"}
	}
	cases := map[string]struct {
		fault     testserver.Fault
		impatient bool
		want      string // A12345's name
		says      string // if the rest is left
	}{
		"none":                        {fault: testserver.Fault{Kind: testserver.Slow}, want: "Northmoor GP Surgery"},
		"slow":                        {fault: testserver.Fault{Kind: testserver.Slow, Delay: 50 * time.Millisecond}, want: "Northmoor GP Surgery"},
		"dripping":                    {fault: testserver.Fault{Kind: testserver.Drip, Delay: time.Microsecond}, want: "Northmoor GP Surgery"},
		"unknown":                     {fault: status(404)},
		"gone":                        {fault: status(410)},
		"truncated":                   {fault: testserver.Fault{Kind: testserver.TruncatedJSON}},
		"huge":                        {fault: testserver.Fault{Kind: testserver.HugeBody}, says: "longer than 1048576 bytes"},
		"no name":                     {fault: body(`{"Organisation":{"Status":"Active"}}`)},
		"a name that is a number":     {fault: body(`{"Organisation":{"Name":5}}`)},
		"a name of blanks":            {fault: body(`{"Organisation":{"Name":" \t "}}`)},
		"no organisation":             {fault: body(`{}`)},
		"a list":                      {fault: body(`[]`)},
		"another organisation":        {fault: body(`{"Organisation":{"Name":"OTHER","OrgId":{"extension":"RX002"}}}`)},
		"the code in another case":    {fault: body(`{"Organisation":{"Name":"THE SAME","OrgId":{"extension":"a12345"}}}`), want: "The Same"},
		"a name in two lines":         {fault: body(`{"Organisation":{"Name":"NORTH\u001b[31mMOOR\r\n\u202eSURGERY"}}`), want: "NORTH [31mMOOR SURGERY"},
		"a name without end":          {fault: body(`{"Organisation":{"Name":"` + strings.Repeat("Northmoor ", 1000) + `"}}`), want: strings.Repeat("Northmoor ", 19) + "Northmoor…"},
		"another type":                {fault: testserver.Fault{Kind: testserver.Body, Status: 200, Body: "{}", ContentType: "text/plain"}, says: "instead of JSON"},
		"a page":                      {fault: testserver.Fault{Kind: testserver.HTML}, says: "HTML page"},
		"not available":               {fault: status(503), says: "answered 503"},
		"too many requests":           {fault: status(429), says: "answered 429"},
		"an internal error":           {fault: status(500), says: "answered 500"},
		"forbidden":                   {fault: status(403), says: "answered 403"},
		"redirected":                  {fault: testserver.Fault{Kind: testserver.Redirect}, says: "answered 302 Found"},
		"cut before":                  {fault: testserver.Fault{Kind: testserver.CutBefore}, says: "EOF"},
		"cut after":                   {fault: testserver.Fault{Kind: testserver.CutAfter}, says: "EOF"},
		"cut during":                  {fault: testserver.Fault{Kind: testserver.CutDuring}, says: "EOF"},
		"hanging":                     {fault: testserver.Fault{Kind: testserver.Hang}, impatient: true, says: "deadline exceeded"},
		"dripping forever":            {fault: testserver.Fault{Kind: testserver.Drip, Delay: time.Second}, impatient: true, says: "deadline exceeded"},
		"slower than we want to wait": {fault: testserver.Fault{Kind: testserver.Slow, Delay: time.Minute}, impatient: true, says: "deadline exceeded"},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // Some wait for a time-out.
			server := newServer(t)
			config := configOf(server, cacheFile(t))
			if one.impatient {
				config.Timeout = 2 * time.Second
			}
			d := open(t, config)
			require.NoError(t, server.Fail(cis2test.Directory, one.fault))
			var found names
			err := d.Find(t.Context(), []string{"A12345", "RX002"}, found.add)
			if one.says != "" {
				require.ErrorContains(t, err, "directory GET: ")
				require.ErrorContains(t, err, one.says)
				require.NotContains(t, err.Error(), "e-RS")
				var shown *problem.Problem
				require.NotErrorAs(t, err, &shown)
				require.Empty(t, found)
				require.LessOrEqual(t, len(server.Requests()), 1, "the rest is left")
				require.Equal(t, []string{"A12345=Northmoor GP Surgery", "RX002=Made-Up Hospital 2"}, find(t, d, "A12345", "RX002"))
				return
			}
			require.NoError(t, err)
			var want names
			if one.want != "" {
				want.add("A12345", one.want)
			}
			want.add("RX002", "Made-Up Hospital 2")
			require.Equal(t, want, found)
		})
	}
}

// Nothing but an ODS code is asked for, whatever e-RS calls an organisation.
func TestOnlyCodesAreAskedFor(t *testing.T) {
	server := newServer(t)
	d := open(t, configOf(server, ""))
	require.Empty(t, find(t, d, "", "../../x", "A 1", "A?b", "é", strings.Repeat("A", 65), "A\n"))
	require.Empty(t, server.Requests())
}

// The directory wants fewer than five requests a second.
func TestThePace(t *testing.T) {
	server := newServer(t)
	config := configOf(server, "")
	config.Pace = nil
	d := open(t, config)
	began := time.Now()
	find(t, d, "RX001", "RX002", "RX003", "RX004", "RX005", "RX006")
	require.GreaterOrEqual(t, time.Since(began), 1200*time.Millisecond, "five pauses of a quarter of a second")
	require.Len(t, server.Requests(), 6)
}

func TestFindEndsWithItsContext(t *testing.T) {
	server := newServer(t)
	d := open(t, configOf(server, ""))
	require.NoError(t, server.Fail(cis2test.Directory, testserver.Fault{Kind: testserver.Hang}))
	first, cancelFirst := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = d.Find(first, []string{"RX001"}, func(string, string) {}) })
	require.Eventually(t, func() bool { return len(server.Requests()) == 1 }, 30*time.Second, time.Millisecond)
	second, cancelSecond := context.WithCancel(t.Context())
	cancelSecond()
	require.ErrorIs(t, d.Find(second, []string{"RX002"}, func(string, string) {}), context.Canceled, "it does not wait for the first")
	cancelFirst()
	running.Wait()
	require.Len(t, server.Requests(), 1)
}

func TestFindIsSafeToUseAtOnce(t *testing.T) {
	server := newServer(t)
	d := open(t, configOf(server, cacheFile(t)))
	var running sync.WaitGroup
	results := make([]names, 4)
	errs := make([]error, 4)
	for i := range results {
		running.Go(func() {
			errs[i] = d.Find(t.Context(), []string{"RX001", "RX002", "RX003"}, results[i].add)
			d.Known("RX001")
		})
	}
	running.Wait()
	require.NoError(t, errors.Join(errs...))
	for _, found := range results {
		require.Len(t, found, 3)
	}
	require.Len(t, server.Requests(), 3, "each is asked for once")
}

func Example() {
	server := cis2test.NewServer()
	defer server.Close()
	d, err := directory.New(directory.Config{Config: transport.Config{BaseURL: server.DirectoryURL(), RootCAs: server.RootCAs()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	err = d.Find(context.Background(), []string{"RX001", "RX999"}, func(code, name string) { fmt.Println(code, name) })
	fmt.Println(err)
	// Output:
	// RX001 Made-Up Hospital 1
	// <nil>
}
