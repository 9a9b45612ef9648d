package config

import (
	"errors"
	"os"
)

// Trust tells why an open file, which speaks for everybody on the computer, might have been written by an ordinary user. Nil means
// that it cannot. Whoever can write such a file decides which server gets other people's tickets.
type Trust func(file *os.File) error

// errUntrusted is the reason of a file that ordinary users can write.
var errUntrusted = errors.New("others than the administrators can change it")
