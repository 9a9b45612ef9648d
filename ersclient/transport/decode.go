package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Decode reads an answer, one JSON object, into a struct or a map. The error names a member of
// another type than wanted, which is left empty, as the one error that leaves the others read. It
// does not quote the answer.
func Decode(answer []byte, into any) error {
	err := json.Unmarshal(answer, into)
	var mismatch *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return errors.New("the answer is not JSON, only a part of it, or nested too deeply")
	case !errors.As(err, &mismatch):
		return err
	case mismatch.Field == "":
		return errors.New("the answer is not a JSON object")
	}
	wanted := "an object"
	switch mismatch.Type.Kind() {
	case reflect.String:
		wanted = "a string"
	case reflect.Slice:
		wanted = "a list"
	case reflect.Float64:
		wanted = "a number"
	}
	return fmt.Errorf("%s is not %s", mismatch.Field, wanted)
}

// Member returns a member of an answer that was decoded into a map, by its path: nil if it is null
// or missing, or if something on the way is not an object.
func Member(value any, path ...string) any {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// IsToken reports whether a text of at most limit bytes is printable ASCII without blanks, and not
// empty: what a header carries unchanged.
func IsToken(text string, limit int) bool {
	return text != "" && len(text) <= limit && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
