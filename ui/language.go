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

// english is the language of the texts themselves.
const english = "en"

// systemLanguages are those that Fyne chooses from by itself: ours, and those in which its own few texts are.
var systemLanguages = []string{"en", "cy", "cs", "de", "el", "es", "fr", "ja", "pl", "pt", "pt-BR",
	"ru", "sv", "ta", "uk", "zh-Hans"}

// inUse is the language that was set last, and the one that Fyne has chosen. Fyne has one for the whole process, and so is this.
var inUse struct {
	sync.Mutex
	known            bool
	language, system string
}

// UseLanguage sets the language of all texts that are made from now on: one of [assets.Languages], or "" for that of the
// system, which is English where there is no translation to it.
//
// Fyne follows the system, and cannot be told otherwise. So the texts of the language that is wanted are put under the name of
// the one that it has chosen.
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
	texts, err := assets.Translation(wanted)
	if err != nil {
		return err
	}
	if err := lang.AddTranslationsForLocale(texts, fyne.Locale(system)); err != nil {
		return err
	}
	inUse.known, inUse.language, inUse.system = true, language, system
	return nil
}

// fynesLanguage asks Fyne which of the languages it has chosen: each gets a text that names it. Putting all texts under the name of
// every language would cost tens of megabytes.
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

// twelveHours are the countries whose readers of English expect 6:42 PM, and not 18:42.
var twelveHours = []string{"US", "CA", "AU", "NZ", "IN", "PH"}

// clockLayout returns how a time of day is written where a locale such as en-GB is used.
func clockLayout(locale string) string {
	for _, country := range twelveHours {
		if strings.HasPrefix(locale, english+"-"+country) {
			return "3:04 PM"
		}
	}
	return "15:04"
}
