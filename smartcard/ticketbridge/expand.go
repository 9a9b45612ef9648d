package main

import "regexp"

var variable = regexp.MustCompile(`%[^%]*%`)

// expand replaces the variables of a registry string, such as %ProgramFiles%. An unknown one stays,
// which leaves a path that does not exist.
func expand(text string, value func(variable string) string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		if known := value(found[1 : len(found)-1]); known != "" {
			return known
		}
		return found
	})
}
