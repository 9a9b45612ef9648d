package app

import (
	"errors"
	"fmt"
	"sync"

	"github.com/sirupsen/logrus"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/desktop"
	"github.com/ers-login/ers-login/ui"
)

// preferences are what a user can change in the window: settings of the window, and starting at
// log-in. Values are read once, and changes saved at once.
type preferences struct {
	settings  config.Config
	autostart desktop.Autostart

	mu     sync.Mutex
	values map[ui.Preference]string
	// forced: the program starts at log-in for all users.
	forced bool
}

// settingOf maps preferences to settings.
var settingOf = map[ui.Preference]string{
	ui.PreferLanguage:   "language",
	ui.PreferAppearance: "theme",
	ui.PreferTextSize:   "text_size",
	ui.PreferMinimise:   "minimise_on_sign_in",
}

// newPreferences returns the preferences of settings. Without an autostart, starting at log-in is
// not offered.
func newPreferences(settings config.Config, starting desktop.Autostart, log logrus.FieldLogger) *preferences {
	p := &preferences{settings: settings, autostart: starting, values: map[ui.Preference]string{}}
	for preference, key := range settingOf {
		p.values[preference] = shownAs(preference, settings.Value(key))
	}
	if starting != nil {
		on, err := starting.On()
		if err != nil {
			// It can still be set, which reports the error.
			log.WithError(err).Warn("autostart")
		}
		p.values[ui.PreferAutostart] = fmt.Sprint(on)
		if p.forced, err = starting.ForAllUsers(); err != nil {
			log.WithError(err).Warn("autostart")
		}
	}
	return p
}

// shownAs returns the window's word for a setting's value.
func shownAs(p ui.Preference, value string) string {
	if p == ui.PreferLanguage && value == config.LanguageAuto {
		return ""
	}
	return value
}

func writtenAs(p ui.Preference, value string) string {
	if p == ui.PreferLanguage && value == "" {
		return config.LanguageAuto
	}
	return value
}

// Value returns the value of a preference.
func (p *preferences) Value(name ui.Preference) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	value, offered := p.values[name]
	return value, offered
}

// Locked reports whether the organisation's policy has set it, or its installation the start at
// log-in.
func (p *preferences) Locked(name ui.Preference) bool {
	if name == ui.PreferAutostart {
		return p.forced
	}
	key, isSetting := settingOf[name]
	return isSetting && p.settings.Locked(key)
}

// Set saves a value.
func (p *preferences) Set(name ui.Preference, value string) error {
	err := p.save(name, value)
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.values[name] = value
	}
	return err
}

func (p *preferences) save(name ui.Preference, value string) error {
	if name == ui.PreferAutostart {
		if p.autostart == nil {
			return errors.New("this computer does not offer an automatic start")
		}
		if p.forced {
			return errors.New("the automatic start is set for all users of this computer")
		}
		return p.autostart.Set(value == "true")
	}
	key, isSetting := settingOf[name]
	if !isSetting {
		return fmt.Errorf("there is no preference %q", name)
	}
	return p.settings.Save(key, writtenAs(name, value))
}

// Autostart returns the start of this program at log-in, nil if its own file cannot be found.
func (h Host) Autostart(log logrus.FieldLogger) desktop.Autostart {
	own, err := desktop.OwnAutostart(h.Metadata.ID)
	if err != nil {
		log.WithError(err).Warn("autostart")
		return nil
	}
	return own
}
