package ersclient

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree reads a value with a jsonReader into what encoding/json makes of it. Numbers, true and false are left to that.
func tree(r *jsonReader) (any, error) {
	switch r.next() {
	case '{':
		object := map[string]any{}
		return object, r.object(func(name []byte) error {
			value, err := tree(r)
			object[string(name)] = value
			return err
		})
	case '[':
		list := []any{}
		err := r.list(func() error {
			value, err := tree(r)
			list = append(list, value)
			return err
		})
		return list, err
	case '"':
		return r.string()
	}
	begin := r.at
	if err := r.skip(); err != nil {
		return nil, err
	}
	var value any
	err := json.Unmarshal(r.text[begin:r.at], &value)
	return value, err
}

var jsonSeeds = []string{
	``, ` `, `null`, ` null `, `true`, `1`, ` -1.5e+3`, `""`, `"a"`, `"\""`, `"\\"`, `"\\\""`, `"\u0041\ud83d\ude00\ud800"`, "\"\xff\"",
	`{}`, `[]`, `[[]]`, `[[],[]]`, `[{},{}]`, ` { "a" : [ 1 , 2 ] , "b" : { "c" : null } } `, `{"a":1,"a":2}`, `{"\u0061":"}]","b":"[{"}`,
	`[1,"a",true,false,null,{"a":[]}]`, `{"":""}`, `[`, `{"a"`, `{"a":}`, `[1,]`, `"`, `nul`,
}

func TestReadingJSON(t *testing.T) {
	for _, seed := range jsonSeeds {
		requireSameTree(t, []byte(seed))
	}
	for _, depth := range []int{maxJSONDepth, maxJSONDepth + 1} {
		requireSameTree(t, []byte(strings.Repeat("[", depth)+strings.Repeat("]", depth)))
	}
}

// What is not asked for is passed over, whatever it is, and checked all the same.
func TestPassingOverJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":{"x":"}"},"b":["]",{}],"c":"\\\"","d":-1e5 ,"e":null,"wanted":"found","f":true,"g":false}`: "found",
		`{"wanted":null}`:             "",
		`{"wanted":"found","a":tru}`:  "not JSON",
		`{"wanted":"found","a":[1,]}`: "not JSON",
		`{"wanted":"found"`:           "not JSON",
		`{"wanted":"found"}}`:         "not JSON",
	} {
		var found string
		err := readJSON([]byte(text), func(r *jsonReader) error {
			return r.object(func(name []byte) (err error) {
				if string(name) == "wanted" {
					found, err = r.string()
				}
				return err
			})
		})
		if want == "not JSON" {
			require.ErrorContains(t, err, want, text)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, found)
	}
}

func TestJSONOfAnotherKind(t *testing.T) {
	object := func(r *jsonReader) error { return r.object(func([]byte) error { return nil }) }
	list := func(r *jsonReader) error { return r.list(func() error { return nil }) }
	text := func(r *jsonReader) error { _, err := r.string(); return err }
	for name, one := range map[string]struct {
		text string
		read func(*jsonReader) error
		want error
	}{
		"an object":           {`{}`, object, nil},
		"null for an object":  {` null`, object, nil},
		"a list, no object":   {`[]`, object, errNotObject},
		"a string, no object": {`"a"`, object, errNotObject},
		"a list":              {`[1]`, list, nil},
		"null for a list":     {`null `, list, nil},
		"an object, no list":  {`{}`, list, errNotList},
		"false, no list":      {`false`, list, errNotList},
		"a string":            {`""`, text, nil},
		"null for a string":   {`null`, text, nil},
		"a number, no string": {`1`, text, errNotString},
	} {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, readJSON([]byte(one.text), one.read), one.want) })
	}
}

// FuzzJSON compares with encoding/json: what is valid there is read here, to the same values, and nothing else is.
func FuzzJSON(f *testing.F) {
	for _, seed := range jsonSeeds {
		f.Add([]byte(seed))
	}
	f.Add(example(f, "A001_Response.json"))
	f.Fuzz(requireSameTree)
}

func requireSameTree(t *testing.T, text []byte) {
	t.Helper()
	var want, got any
	wantErr := json.Unmarshal(text, &want)
	err := readJSON(text, func(r *jsonReader) (err error) {
		got, err = tree(r)
		return err
	})
	require.Equal(t, wantErr == nil, err == nil, "%v, %v", wantErr, err)
	if err == nil {
		require.True(t, reflect.DeepEqual(want, got))
	}
	// Passing over it all comes to the same, but for numbers that are valid and beyond what a float64 holds.
	err = readJSON(text, func(*jsonReader) error { return nil })
	require.Equal(t, json.Valid(text), err == nil, "%v", err)
}
