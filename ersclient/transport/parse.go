package transport

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

// maxBrackets bounds the objects and lists of an answer. gjson recurses into each nested one, and a
// megabyte of them takes half a second and 128 MB of stack. A valid answer has some for each
// permission, and a few more.
const maxBrackets = 100_000

// ParseObject checks that the whole answer is one JSON object. gjson takes a third of
// encoding/json's time, which is a tenth of a sign-in. Beside an error, the result holds the
// members before the fault, such as the id that a session of a cut answer is deleted by.
func ParseObject(answer []byte) (gjson.Result, error) {
	root := gjson.ParseBytes(answer)
	switch {
	case bytes.Count(answer, []byte("["))+bytes.Count(answer, []byte("{")) > maxBrackets:
		return root, fmt.Errorf("the answer has more than %d brackets", maxBrackets)
	case !gjson.ValidBytes(answer):
		return root, errors.New("the answer is not JSON, or only a part of it")
	case !root.IsObject():
		return root, errors.New("the answer is not a JSON object")
	}
	return root, nil
}
