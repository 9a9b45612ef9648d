package desktop

import (
	"testing"

	"fyne.io/fyne/v2/theme"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If this fails, the window opens later and takes 5 MB more, for pictures that none of its texts
// has.
func TestNoEmojiAreParsed(t *testing.T) {
	t.Setenv("FYNE_FONT", "")
	require.NoError(t, SettleFyne(logrus.New()))
	assert.Equal(t, theme.DefaultSymbolFont().Content(), theme.DefaultEmojiFont().Content())
}
