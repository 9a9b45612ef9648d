package ui

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/assets"
)

// english is the language of the keys.
const english = "en"

// systemLanguages are those that Fyne may choose: ours, and those of its own few texts.
var systemLanguages = []string{"en", "cy", "cs", "de", "el", "es", "fr", "ja", "pl", "pt", "pt-BR",
	"ru", "sv", "ta", "uk", "zh-Hans"}

// inUse has the language set last, and Fyne's choice. Both are of the whole process, as in Fyne.
var inUse struct {
	sync.Mutex
	known            bool
	language, system string
}

// UseLanguage sets the language of all texts made from now on: one of [assets.Languages], or "" for
// the system's, which is English if there is no translation. Fyne always follows the system, so the
// texts of the wanted language are registered under the name of the one that Fyne has chosen.
func UseLanguage(language string) error {
	inUse.Lock()
	defer inUse.Unlock()
	if inUse.known && inUse.language == language {
		return nil
	}
	system, err := fynesLanguage()
	if err != nil {
		return err
	}
	wanted := language
	if wanted == "" {
		wanted = english
		if slices.Contains(assets.Languages, system) {
			wanted = system
		}
	}
	// The keys are English, and Fyne falls back to them. Registering them all, a thirtieth of the
	// start, is for when other texts have their names: Fyne's own, or ours of another language.
	if inUse.known || wanted != english || system != english {
		texts, err := assets.Translation(wanted)
		if err != nil {
			return err
		}
		if err := lang.AddTranslationsForLocale(texts, fyne.Locale(system)); err != nil {
			return err
		}
	}
	inUse.known, inUse.language, inUse.system = true, language, system
	return nil
}

// fynesLanguage finds out which language Fyne has chosen: each gets a text that names it.
// Registering all texts under every language would cost tens of megabytes.
func fynesLanguage() (string, error) {
	if inUse.system != "" {
		return inUse.system, nil
	}
	const which = "ers-login: language"
	for _, language := range systemLanguages {
		text := fmt.Appendf(nil, "{%q: %q}", which, language)
		if err := lang.AddTranslationsForLocale(text, fyne.Locale(language)); err != nil {
			return "", err
		}
	}
	if chosen := lang.Localize(which); slices.Contains(systemLanguages, chosen) {
		return chosen, nil
	}
	return english, nil
}

// twelveHours are the countries whose readers of English expect 6:42 PM, not 18:42.
var twelveHours = []string{"US", "CA", "AU", "NZ", "IN", "PH"}

// clockLayout returns the layout of a time of day in a locale such as en-GB.
func clockLayout(locale string) string {
	for _, country := range twelveHours {
		if strings.HasPrefix(locale, english+"-"+country) {
			return "3:04 PM"
		}
	}
	return "15:04"
}
