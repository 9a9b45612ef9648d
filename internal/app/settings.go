package app

import "github.com/ers-login/ers-login/internal/config"

// LookAtSettings reads settings without setting a broken file of the user's aside. With an error come defaults in the place of what
// cannot be used.
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

// settingsForLooks reads the settings for the looks of the window, before it opens. Nothing that is wrong with them is told here: they are
// read again for a sign-in, in a window that can tell it. A broken file is left for then, too.
func settingsForLooks(sources config.Sources) config.Config {
	settings, _ := LookAtSettings(sources)
	return settings
}
