package transport

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMembersOfAnObject(t *testing.T) {
	root, err := ParseObject([]byte(`{"text":"a\u00e9\ufffe","number":7,"digits":"7","none":null,
		"one":{"x":"1"},"many":[{"x":"1"},null,{"x":"2"}],"bytes":"` + "\xff" + `"}`))
	require.NoError(t, err)
	texts := func(of func(string) func(func(Object) bool), name string) (all []string) {
		for one := range of(name) {
			all = append(all, one.Text("x"))
		}
		return all
	}
	list := func(name string) func(func(Object) bool) { return root.List(name) }
	either := func(name string) func(func(Object) bool) { return root.OneOrList(name) }
	require.Equal(t, "aé\ufffe", root.Text("text"))
	require.Equal(t, "�", root.Text("bytes"))
	require.Equal(t, []string{"7", "7", ""}, []string{root.TextOrNumber("number"), root.TextOrNumber("digits"), root.TextOrNumber("one")})
	require.InDelta(t, 7, root.Number("number"), 0)
	require.Equal(t, []bool{true, false, false}, []bool{root.Has("text"), root.Has("none"), root.Has("other")})
	require.True(t, root.Object("none").Missing())
	require.Empty(t, root.Object("other").Object("deeper").Text("x"))
	require.Equal(t, []string{"1", "", "2"}, texts(list, "many"))
	require.Equal(t, []string{"1", "", "2"}, texts(either, "many"))
	require.Equal(t, []string{"1"}, texts(either, "one"))
	require.Empty(t, slices.Concat(texts(list, "none"), texts(either, "none"), texts(either, "other")))
	require.NoError(t, root.Err())

	// The first member of another type than wanted is the error, and those after it are still read.
	require.Empty(t, root.Object("one").Object("x").Text("y"))
	require.Empty(t, root.Text("number"))
	require.Empty(t, texts(list, "one"))
	require.Equal(t, "1", root.Object("one").Text("x"))
	require.EqualError(t, root.Err(), "one.x is not an object")
}
