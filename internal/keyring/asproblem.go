package keyring

import (
	"slices"

	"github.com/ers-login/ers-login/internal/problem"
)

// AsProblem returns the *problem.Problem of this package for an error of package handoff, nil for nil.
// It is for callers that read the entry without the keyring's process.
func AsProblem(err error) error { return asProblem(err) }

// OfCode returns this package's Problem with a code, and reports whether there is one. It is for
// codes from another process.
func OfCode(code string) (*problem.Problem, bool) {
	// Of several with one code the last is the general one.
	for _, known := range slices.Backward(reasons) {
		if known.shown.Code == code {
			return known.shown, true
		}
	}
	return nil, false
}
