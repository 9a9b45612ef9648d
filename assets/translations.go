package assets

import (
	"embed"
	"fmt"
)

//go:embed translations
var translations embed.FS

// Languages are the languages of the window, as BCP 47 tags.
var Languages = []string{"en", "cy"}

// Translation returns the texts in a language: a JSON object from each English text to its translation.
func Translation(language string) ([]byte, error) {
	texts, err := translations.ReadFile("translations/" + language + ".json")
	if err != nil {
		return nil, fmt.Errorf("there is no translation to %q: %w", language, err)
	}
	return texts, nil
}
