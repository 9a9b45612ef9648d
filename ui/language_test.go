package ui

import (
	"os"
	"testing"
	"time"

	"fyne.io/fyne/v2/lang"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/internal/signin/hscn"
)

// TestUseLanguage: a user who works in Welsh gets Welsh, whatever the system's language, and vice
// versa.
func TestUseLanguage(t *testing.T) {
	defer func() {
		require.NoError(t, os.Setenv("LC_ALL", "C"))
		inUse.known, inUse.system = false, ""
		require.NoError(t, UseLanguage("en"))
		require.NoError(t, UseLanguage(""))
	}()
	for _, c := range []struct{ system, language, want string }{
		{"C", "", "Sign in"},
		{"en_GB.UTF-8", "", "Sign in"},
		{"cy_GB.UTF-8", "", "Mewngofnodi"},
		{"de_DE.UTF-8", "", "Sign in"},
		{"nl_NL.UTF-8", "", "Sign in"},
		{"C", "cy", "Mewngofnodi"},
		{"en_GB.UTF-8", "cy", "Mewngofnodi"},
		{"de_DE.UTF-8", "cy", "Mewngofnodi"},
		{"pt_BR.UTF-8", "cy", "Mewngofnodi"},
		{"nl_NL.UTF-8", "cy", "Mewngofnodi"},
		{"zh_CN.UTF-8", "cy", "Mewngofnodi"},
		{"cy_GB.UTF-8", "en", "Sign in"},
		{"cy_GB.UTF-8", "cy", "Mewngofnodi"},
	} {
		t.Run(c.system+" "+c.language, func(t *testing.T) {
			t.Setenv("LC_ALL", c.system)
			inUse.known, inUse.system = false, "" // the system has changed
			require.NoError(t, UseLanguage(c.language))
			require.Equal(t, c.want, lang.L("Sign in"))
		})
	}
	require.Error(t, UseLanguage("tlh"))
}

// TestWelsh: numbers, names and times are in the right places in the other language too.
func TestWelsh(t *testing.T) {
	w := newWorld(t, Settings{Language: "cy"})
	defer func() { require.NoError(t, UseLanguage("")) }()
	w.now = morning.Add(2 * time.Minute)
	w.Show(signedInState())
	require.Contains(t, w.texts(), "18:42, ymhen 10 awr, neu pan fyddwch yn tynnu eich cerdyn clyfar allan")
	require.Contains(t, w.texts(), "Clinigydd darparwr gwasanaeth")
	w.Show(noticed(waitingState(hscn.MissingCard, signin.NotEnded), true))
	require.Contains(t, w.texts(), "Rhybudd: Nid oes lle i'r log archwilio a 1 arall")
	unknown := &problem.Problem{Code: "TEST", Title: "An unused title", Happened: "It happened to {{.Name}}.", Args: map[string]string{"Name": "Ann"}}
	w.Show(failedState(unknown))
	require.Contains(t, w.texts(), "It happened to Ann.", "a text without a translation is said in English")
	w.Show(failedState(notAccepted))
	require.Contains(t, w.texts(), "Cyfeirnod ERS-A001-403  ·  20 Tachwedd 2026 am 08:43")
	w.Show(choosingState(fiveRoles(), nil))
	w.typed("brysbennu")
	w.press("Escape")
	w.typed("diffiniwr")
	require.Contains(t, w.texts(), "Diffiniwr gwasanaethau, Cynnal y cyfeiriadur gwasanaethau, Enter")
}

func TestClockLayout(t *testing.T) {
	for locale, want := range map[string]string{
		"en": "08:42", "en-GB": "08:42", "cy-GB": "08:42", "en-US": "8:42 AM", "en-US-Latn": "8:42 AM", "de-DE": "08:42",
	} {
		require.Equal(t, want, morning.Format(clockLayout(locale)), locale)
	}
}
