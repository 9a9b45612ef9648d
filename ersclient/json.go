package ersclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// jsonReader goes through a JSON text (RFC 8259) once and picks out what is asked for. Package encoding/json goes through it
// twice, the second time by reflection, and that is a tenth of the time of a whole sign-in. It is as strict as that package:
// all of the text is checked, what is passed over included, and a fuzz test compares the two.
//
// A null is taken for an empty string, object or list.
type jsonReader struct {
	text  []byte
	at    int
	depth int
}

// maxJSONDepth is encoding/json's.
const maxJSONDepth = 10000

var (
	errNotObject = errors.New("not an object")
	errNotList   = errors.New("not a list")
	errNotString = errors.New("not a string")
	errTooDeep   = errors.New("nested too deeply")
)

// readJSON has the only value of a text read, which is passed over otherwise.
func readJSON(text []byte, read func(*jsonReader) error) error {
	r := &jsonReader{text: text}
	if err := r.value(func() error { return read(r) }); err != nil {
		return err
	}
	if r.next(); r.at < len(text) {
		return r.invalid()
	}
	return nil
}

// object goes through an object and hands out the names of its members. Each may read the value, which is passed over
// otherwise. The name is only good during the call.
func (r *jsonReader) object(each func(name []byte) error) error {
	return r.all('{', '}', errNotObject, func() error {
		if r.next() != '"' {
			return r.invalid()
		}
		name, err := r.bytes()
		if err != nil {
			return err
		}
		if r.next() != ':' {
			return r.invalid()
		}
		r.at++
		return r.value(func() error { return each(name) })
	})
}

// list goes through a list. Each may read the element, which is passed over otherwise.
func (r *jsonReader) list(each func() error) error {
	return r.all('[', ']', errNotList, func() error { return r.value(each) })
}

// string reads a string.
func (r *jsonReader) string() (string, error) {
	if r.null() {
		return "", r.word("null")
	}
	read, err := r.bytes()
	return string(read), err
}

// null tells whether null comes next.
func (r *jsonReader) null() bool { return r.next() == 'n' }

// all goes through what stands between two brackets.
func (r *jsonReader) all(opening, closing byte, wrong error, each func() error) error {
	if r.null() {
		return r.word("null")
	}
	if r.next() != opening {
		return wrong
	}
	if r.depth++; r.depth > maxJSONDepth {
		return errTooDeep
	}
	defer func() { r.depth-- }()
	r.at++
	if r.next() == closing {
		r.at++
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		switch r.next() {
		case ',':
			r.at++
		case closing:
			r.at++
			return nil
		default:
			return r.invalid()
		}
	}
}

// value has a value read, or passes over it.
func (r *jsonReader) value(read func() error) error {
	r.next()
	begin := r.at
	if err := read(); err != nil {
		return err
	}
	if r.at > begin {
		return nil
	}
	return r.skip()
}

// skip passes over a value.
func (r *jsonReader) skip() error {
	switch r.next() {
	case '{':
		return r.object(func([]byte) error { return nil })
	case '[':
		return r.list(func() error { return nil })
	case '"':
		_, err := r.scanString()
		return err
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	}
	return r.number()
}

// bytes reads a string without a copy where its text stands there as it is meant.
func (r *jsonReader) bytes() ([]byte, error) {
	if r.next() != '"' {
		return nil, errNotString
	}
	begin := r.at
	plain, err := r.scanString()
	if err != nil {
		return nil, err
	}
	if inside := r.text[begin+1 : r.at-1]; plain && utf8.Valid(inside) {
		return inside, nil
	}
	var read string
	err = json.Unmarshal(r.text[begin:r.at], &read)
	return []byte(read), err
}

// scanString passes over a string, and tells whether it is plain: without escapes.
func (r *jsonReader) scanString() (plain bool, err error) {
	begin := r.at
	plain = true
	for r.at++; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			// What stands behind a backslash is left to the package that will read it.
			if !plain && !json.Valid(r.text[begin:r.at]) {
				r.at = begin
				return false, r.invalid()
			}
			return plain, nil
		case c == '\\':
			plain = false
			r.at++
		case c < ' ':
			return false, r.invalid()
		}
	}
	return false, r.invalid()
}

// word passes over null, true or false.
func (r *jsonReader) word(word string) error {
	if rest := r.text[r.at:]; len(rest) < len(word) || string(rest[:len(word)]) != word {
		return r.invalid()
	}
	r.at += len(word)
	return nil
}

// number passes over a number, of which there are none in what is wanted.
func (r *jsonReader) number() error {
	begin := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.0123456789Ee", r.text[r.at]) >= 0 {
		r.at++
	}
	if !json.Valid(r.text[begin:r.at]) {
		r.at = begin
		return r.invalid()
	}
	return nil
}

// next passes over blanks and returns what comes then, or 0 at the end. No value begins with 0, so that it is invalid
// everywhere.
func (r *jsonReader) next() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (r *jsonReader) invalid() error { return fmt.Errorf("not JSON from byte %d on", r.at) }
