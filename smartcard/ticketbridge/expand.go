package main

import "regexp"

var variable = regexp.MustCompile(`%[^%]*%`)

// expand puts values in the places of the variables of a text of the registry, such as %ProgramFiles%. One that has no value stays
// as it is, and with it the text is no path of a folder that is there.
func expand(text string, value func(variable string) string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		if known := value(found[1 : len(found)-1]); known != "" {
			return known
		}
		return found
	})
}
