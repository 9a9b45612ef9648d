package app

import (
	"context"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/smartcard/simulator"
)

// A window that dies must not leave an invisible session behind.
func TestAWindowThatBreaks(t *testing.T) {
	atDesktop(t)
	card := simulator.New(0)
	defer card.Close()
	found, closed := make(chan struct{}), false
	p := testProgram(t, "DISPLAY=:99")
	message := fakeDialogue(t)
	p.NewApp = func(fyne.AppMetadata) fyne.App {
		return &brokenApp{App: test.NewTempApp(t), starts: true, panics: found}
	}
	err := p.openWindow(t.Context(), testLog(t), signin.NewBoard(), windowOptions{find: func(context.Context) (Services, error) {
		defer close(found)
		return Services{platform: cardOnly(card, nil), keyring: emptyKeyring{}, close: func() { closed = true }}, nil
	}})
	require.ErrorIs(t, err, broke)
	assert.True(t, closed, "the services are left open")
	assert.Contains(t, message(), broke.Title, "it was there, and is gone without a word")
	lock, err := instance.Take(instance.DefaultFile())
	require.NoError(t, err, "the lock is left")
	require.NoError(t, lock.Release())
}
