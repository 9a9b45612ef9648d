package main

import (
	"bytes"

	"golang.org/x/text/encoding/charmap"
)

// decode returns the text in a buffer that the library has filled. Its characters have 8 bits; which of them is which is not
// public beyond ASCII, of which tickets are made, so they are taken for those of Western European Windows. The text ends where
// the library says, which may be too far, and at a NUL. A library that does not say ends it with a NUL.
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
