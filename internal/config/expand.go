package config

import "strings"

// expand replaces each %NAME% of a text, never from the environment: the user, who can change it,
// would choose where a prescribed path leads. A single % stays.
func expand(text string, folder func(name string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "%")
		name, after, closed := strings.Cut(rest, "%")
		if !found || !closed || name == "" {
			b.WriteString(text)
			return b.String(), nil
		}
		path, err := folder(name)
		if err != nil {
			return "", err
		}
		b.WriteString(before)
		b.WriteString(path)
		text = after
	}
}
