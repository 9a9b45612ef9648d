package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// If this fails, a helper that is started by hand, or by an older program, does something else than was asked.
func TestArguments(t *testing.T) {
	cases := map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"without cards":       {[]string{"-no-card-events"}, statusDone, ""},
		"an unknown option":   {[]string{"-card-events"}, statusUsage, "flag provided but not defined"},
		"not an option":       {[]string{"getTicket"}, statusUsage, "takes no arguments but options"},
		"options and another": {[]string{"-no-card-events", "x"}, statusUsage, "takes no arguments but options"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, c.status, run(c.args, strings.NewReader(""), &stdout, &stderr))
			assert.Contains(t, stderr.String(), c.stderr)
			if c.status == statusDone {
				assert.Equal(t, `{"hello":"ticketbridge","protocol":1,"version":"unversioned"}`+"\n", stdout.String())
			}
		})
	}
}

// If this fails, a failure to write to the parent goes unnoticed.
func TestAParentThatDoesNotListen(t *testing.T) {
	var stderr bytes.Buffer
	stdin, keep := io.Pipe()
	defer func() { _ = keep.Close() }()
	assert.Equal(t, statusFailed, run([]string{"-no-card-events"}, stdin, deaf{}, &stderr))
	assert.Contains(t, stderr.String(), "write to the parent")
	_ = stdin.Close()
}

type deaf struct{}

func (deaf) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
