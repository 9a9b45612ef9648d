package secret_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/davecgh/go-spew/spew"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/secret"
)

// planted stands for a ticket. If any test below fails, a clinician's ticket would stand in a log file.
const planted = "AQIC5wM2LY4Sfcyw62EbAOsRpdfbGYUOyvkfZ4M6U7W52lM=@AAJTSQACMDE=#"

// holder has the secret where careless code would have it: exported, unexported, behind a pointer, in a map and a slice.
type holder struct {
	Exported   secret.Text
	unexported secret.Text
	pointer    *secret.Text
	list       []secret.Text
	named      map[string]secret.Text
}

func newHolder() holder {
	text := secret.New(planted)
	return holder{text, text, &text, []secret.Text{text}, map[string]secret.Text{"ticket": text}}
}

func leaks(output string) bool {
	return strings.Contains(output, planted) || strings.Contains(output, fmt.Sprintf("%x", planted)) ||
		strings.Contains(output, fmt.Sprintf("%d", []byte(planted)))
}

func TestNoVerbShowsTheText(t *testing.T) {
	values := map[string]any{
		"text": secret.New(planted), "holder": newHolder(), "error": fmt.Errorf("sign-in: %v", secret.New(planted)),
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%p", "%T", "%o", "%b", "%c", "%U"} {
			output := fmt.Sprintf(verb, value)
			assert.False(t, leaks(output), "%s shows the text of %s", verb, name)
		}
	}
}

func TestNoEncoderShowsTheText(t *testing.T) {
	encoded, err := json.Marshal(newHolder())
	require.NoError(t, err)
	assert.False(t, leaks(string(encoded)), "encoding/json")

	type element struct{ Text secret.Text }
	encoded, err = xml.Marshal(element{secret.New(planted)})
	require.NoError(t, err)
	assert.False(t, leaks(string(encoded)), "encoding/xml")

	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("signed in", "ticket", secret.New(planted), "holder", newHolder())
	slog.New(slog.NewTextHandler(&log, nil)).Info("signed in", "ticket", secret.New(planted), "holder", newHolder())
	assert.False(t, leaks(log.String()), "log/slog")
}

// The diff of a failed assertion is made by spew, which ignores String methods and follows pointers.
func TestAFailedAssertionDoesNotShowTheText(t *testing.T) {
	settings := spew.ConfigState{DisableMethods: true, Indent: " ", DisablePointerAddresses: true}
	assert.False(t, leaks(settings.Sdump(newHolder())))
}

func TestTheTextItself(t *testing.T) {
	text := secret.New(planted)
	assert.Equal(t, secret.Mask, text.String())
	assert.True(t, text.Reveal() == planted, "Reveal returns the text")
	assert.True(t, text.Equal(secret.New(planted)))
	assert.False(t, text.Equal(secret.New("another")))
	assert.False(t, text.IsZero())
	assert.True(t, secret.Text{}.IsZero())
	assert.True(t, secret.New("").IsZero())
	assert.Empty(t, secret.Text{}.String())
	assert.Empty(t, secret.Text{}.Reveal())
}
