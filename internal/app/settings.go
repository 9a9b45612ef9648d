package app

import "github.com/ers-login/ers-login/internal/config"

// LookAtSettings reads settings without setting a broken file of the user's aside. On an error, the
// Config has defaults in place of unusable values.
func LookAtSettings(sources config.Sources) (config.Config, error) {
	sources.KeepBroken = true
	return config.Load(sources)
}

// LookAtRealSettings is LookAtSettings with the error of what a real sign-in needs besides.
func LookAtRealSettings(sources config.Sources) (config.Config, error) {
	sources.KeepBroken = true
	return config.LoadReal(sources)
}

// DemoSettings are the defaults, which a demonstration has.
func DemoSettings() (config.Config, error) { return config.Load(config.Sources{}) }

// settingsForLooks reads the settings for the window's looks, before it opens. It reports no
// errors: the sign-in reads the settings again, with a window to report them in. A broken file is
// left for then, too.
func settingsForLooks(sources config.Sources) config.Config {
	settings, _ := LookAtSettings(sources)
	return settings
}
