package transport

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/tidwall/gjson"
)

// maxBrackets bounds the objects and lists of an answer: gjson recurses into each nested one, and a
// megabyte of them takes 128 MB of stack. A valid answer has a few for each permission.
const maxBrackets = 100_000

// Object is a JSON object of an answer, or a missing one. Members that are null or missing are zero
// values. A member of another type than wanted is zero too, and the answer's first one is its error.
//
// With structs and encoding/json a sign-in takes 8 % longer: see BenchmarkSignInRatio of package hscn.
type Object struct {
	value gjson.Result
	// name is that of the member that the object, or the list around it, is; "" for the answer's own.
	name  string
	fault *error
}

// ParseObject reads an answer. Beside an error, which does not quote the answer, the Object has the
// members before the fault, such as the id that a session of a cut answer is deleted by.
func ParseObject(answer []byte) (Object, error) {
	root := Object{value: gjson.ParseBytes(answer), fault: new(error)}
	switch {
	case bytes.Count(answer, []byte("["))+bytes.Count(answer, []byte("{")) > maxBrackets, !gjson.ValidBytes(answer):
		*root.fault = errors.New("the answer is not JSON, only a part of it, or nested too deeply")
	case !root.value.IsObject():
		*root.fault = errors.New("the answer is not a JSON object")
	}
	return root, *root.fault
}

// Err returns the first error of the answer that o belongs to: that of its parsing, or of a member
// read since that is of another type than wanted.
func (o Object) Err() error { return *o.fault }

// Has reports whether a member is there, and not null.
func (o Object) Has(name string) bool { return o.value.Get(name).Type != gjson.Null }

// Missing reports whether o itself was null or missing.
func (o Object) Missing() bool { return o.value.Type == gjson.Null }

// Text returns a string.
func (o Object) Text(name string) string {
	member := o.value.Get(name)
	if member.Type != gjson.Null && member.Type != gjson.String {
		o.wrong(name, "a string")
		return ""
	}
	return valid(member.Str)
}

// TextOrNumber returns a string or a number as it was sent; "" for any other type, which is no error.
func (o Object) TextOrNumber(name string) string {
	switch member := o.value.Get(name); member.Type {
	case gjson.String:
		return valid(member.Str)
	case gjson.Number:
		return member.Raw
	}
	return ""
}

// Number returns a number.
func (o Object) Number(name string) float64 {
	member := o.value.Get(name)
	if member.Type != gjson.Null && member.Type != gjson.Number {
		o.wrong(name, "a number")
	}
	return member.Num
}

// Object returns an object.
func (o Object) Object(name string) Object { return o.object(name, o.value.Get(name)) }

func (o Object) object(name string, value gjson.Result) Object {
	if value.Type != gjson.Null && !value.IsObject() {
		o.wrong(name, "an object")
		value = gjson.Result{}
	}
	return Object{value, name, o.fault}
}

// List returns the objects of a list.
func (o Object) List(name string) iter.Seq[Object] {
	list := o.value.Get(name)
	if list.Type != gjson.Null && !list.IsArray() {
		o.wrong(name, "a list")
		list = gjson.Result{}
	}
	return o.each(name, list)
}

// OneOrList returns the objects of a list, or the one that stands in its place, as some do in e-RS
// where FHIR has a list.
func (o Object) OneOrList(name string) iter.Seq[Object] { return o.each(name, o.value.Get(name)) }

func (o Object) each(name string, list gjson.Result) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		switch {
		case list.IsArray():
			list.ForEach(func(_, one gjson.Result) bool { return yield(o.object(name, one)) })
		case list.Type != gjson.Null:
			yield(o.object(name, list))
		}
	}
}

func (o Object) wrong(name, wanted string) {
	if *o.fault == nil {
		*o.fault = fmt.Errorf("%s is not %s", strings.TrimPrefix(o.name+"."+name, "."), wanted)
	}
}

// valid returns a text of whole characters: gjson passes bytes that are not UTF-8 on.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// IsToken reports whether a text of at most limit bytes is printable ASCII without blanks, and not
// empty: what a header carries unchanged.
func IsToken(text string, limit int) bool {
	return text != "" && len(text) <= limit && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
