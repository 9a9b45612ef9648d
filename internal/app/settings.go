package app

import "github.com/ers-login/ers-login/internal/config"

// DemoSettings are the defaults, which a demonstration has.
func DemoSettings() (config.Config, error) { return config.Load(config.Sources{}) }

// settingsForLooks reads the settings for the window's looks, before it opens. It reports no
// errors: the sign-in reads the settings again, with a window to report them in.
func settingsForLooks(sources config.Sources) config.Config {
	settings, _ := config.Load(sources)
	return settings
}
