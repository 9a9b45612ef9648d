package main

import (
	"bytes"
	"regexp"

	"golang.org/x/text/encoding/charmap"
)

// decode returns the string in a buffer that the library has filled. Its 8-bit encoding is not
// public beyond ASCII, which tickets use, so it is taken for Windows-1252. The string ends at a NUL
// or after used bytes, which may be too many; used 0 means unknown.
func decode(buffer []byte, used uint32) string {
	if used > 0 && uint64(used) < uint64(len(buffer)) {
		buffer = buffer[:used]
	}
	if end := bytes.IndexByte(buffer, 0); end >= 0 {
		buffer = buffer[:end]
	}
	text := make([]rune, len(buffer))
	for i, b := range buffer {
		text[i] = charmap.Windows1252.DecodeByte(b)
	}
	decoded := string(text)
	clear(text)
	return decoded
}

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
