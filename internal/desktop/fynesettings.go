package desktop

import (
	"fmt"
	"os"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"github.com/sirupsen/logrus"
)

// fyneScale is the environment variable of Fyne's scale.
const fyneScale = "FYNE_SCALE"

// The scales that Fyne can draw. With a smaller one it divides by zero; with a larger one the
// picture exceeds any graphics driver.
const smallestScale, largestScale = 0.5, 5

// SettleFyne removes environment variables with which Fyne panics or draws nothing: an invalid
// scale, and the user's fonts, which may not exist. The window is designed for its own typeface, and
// has no emoji.
func SettleFyne(log logrus.FieldLogger) error {
	dropEmoji()
	unwanted := []string{"FYNE_FONT", "FYNE_FONT_MONOSPACE", "FYNE_FONT_SYMBOL"}
	if value := os.Getenv(fyneScale); value != "auto" {
		if scale, err := strconv.ParseFloat(value, 32); err != nil || !drawable(scale) {
			unwanted = append(unwanted, fyneScale)
		}
	}
	for _, name := range unwanted {
		if os.Getenv(name) != "" {
			log.Warnf("%s is left out", name)
		}
		if err := unset(name); err != nil {
			return err
		}
	}
	return nil
}

// dropEmoji replaces Fyne's font of emoji by that of symbols: it is parsed at the start, and then
// takes 5 MB. An emoji in the name of an organisation comes from the system's fonts.
func dropEmoji() {
	if emoji, isStatic := theme.DefaultEmojiFont().(*fyne.StaticResource); isStatic && emoji != nil {
		emoji.StaticContent = theme.DefaultSymbolFont().Content()
	}
}

// SettleScale does the same for the settings shared by a user's Fyne programs.
func SettleScale(log logrus.FieldLogger, shared fyne.Settings) error {
	scale := float64(shared.Scale())
	if os.Getenv(fyneScale) != "" || scale == 0 || drawable(scale) {
		return nil
	}
	log.Warn("the scale of Fyne's settings is left out")
	if err := os.Setenv(fyneScale, "1"); err != nil {
		return fmt.Errorf("could not set %s: %w", fyneScale, err)
	}
	return nil
}

func drawable(scale float64) bool { return scale >= smallestScale && scale <= largestScale }

func unset(name string) error {
	if err := os.Unsetenv(name); err != nil {
		return fmt.Errorf("could not take %s out of the environment: %w", name, err)
	}
	return nil
}
