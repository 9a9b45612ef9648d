package directory

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
)

// FuzzAnswer feeds the directory's answer, which is shown on a card.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"Organisation":{"Name":"NORTHMOOR GP SURGERY","OrgId":{"extension":"A12345"},"Status":"Active"}}`))
	f.Add([]byte(`{"errorCode":404,"errorText":"Not found"}`))
	f.Add([]byte(`{"Organisation":{"Name":"A\u001b\u202eB"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		name, err := decodeName(body, "A12345")
		if err != nil {
			require.Empty(t, name)
			return
		}
		require.NotEmpty(t, name)
		require.LessOrEqual(t, utf8.RuneCountInString(name), maxName)
		require.Equal(t, problem.Clean(name, maxName), name, "it moves no cursor")
		require.NotEmpty(t, DisplayName(name))
	})
}
