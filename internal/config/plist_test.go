//go:build unix

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func trustAll(*os.File) error { return nil }

// On a Mac the policy comes through another program: what that one does wrong must not become a policy that is not there.
func TestPropertyLists(t *testing.T) {
	defer goleak.VerifyNone(t)
	const shell = "/bin/sh"
	for name, test := range map[string]struct {
		content string // what stands in the file; the stand-in for plutil repeats it
		convert []string
		trust   Trust
		want    map[string]any
		says    string // of the error
	}{
		"every type": {`{"asid": "123456789012", "send_fqdn": true, "text_size": 150, "agent_command": ["/a", "-b"], "closing_grace": 1.5}`,
			nil, trustAll, map[string]any{"asid": "123456789012", "send_fqdn": true, "text_size": int64(150), "agent_command": []any{"/a", "-b"}}, ""},
		"the profile's own keys": {`{"PayloadUUID": "x", "PayloadVersion": 1, "asid": "1"}`, nil, trustAll, map[string]any{"asid": "1"}, ""},
		"an empty one":           {`{}`, nil, trustAll, map[string]any{}, ""},
		"not a dictionary":       {`["hunter2"]`, nil, trustAll, nil, "not a dictionary"},
		"nothing":                {``, nil, trustAll, nil, "not a dictionary"},
		"cannot be converted":    {`{}`, []string{shell, "-c", "cat >/dev/null; exit 1"}, trustAll, nil, "could not convert"},
		"no plutil":              {`{}`, []string{"/nonexistent/plutil"}, trustAll, nil, "could not convert"},
		"an endless answer":      {`{}`, []string{shell, "-c", "cat >/dev/null; yes"}, trustAll, nil, "could not convert"},
		"users can write it":     {`{}`, nil, func(*os.File) error { return errUntrusted }, nil, "people other than administrators"},
		"too large":              {"{}" + strings.Repeat(" ", maxFile), nil, trustAll, nil, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "policy.plist")
			require.NoError(t, os.WriteFile(path, []byte(test.content), 0o600))
			if test.convert == nil {
				test.convert = []string{shell, "-c", "cat"}
			}
			policy, there := plistReader{convert: test.convert, trust: test.trust}.read(path)
			require.True(t, there)
			assert.Equal(t, path, policy.Where)
			if test.says != "" {
				require.ErrorContains(t, policy.Err, test.says)
				assert.NotContains(t, policy.Err.Error(), "hunter2")
				assert.Empty(t, policy.Values)
				return
			}
			require.NoError(t, policy.Err)
			if fraction, ok := policy.Values["closing_grace"]; ok {
				_, err := readDuration(fraction, place{text: true}, 0, time.Hour)
				assert.Error(t, err, "a fraction is no value of any setting")
				delete(policy.Values, "closing_grace")
			}
			assert.Equal(t, test.want, policy.Values)
		})
	}
	_, there := plistReader{trust: trustAll}.read(filepath.Join(t.TempDir(), "none.plist"))
	assert.False(t, there, "an unmanaged Mac")
}
