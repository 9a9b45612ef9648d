package keyring

import (
	"slices"

	"github.com/ers-login/ers-login/internal/problem"
)

// Told returns what the user is told of an error of package handoff: a *problem.Problem of this package, nil for nil. It is for those
// who read the entry without the keyring's process.
func Told(err error) error { return tell(err) }

// OfCode returns the Problem of this package that has a code, and whether there is one. It is for those who have heard the code from
// another process.
func OfCode(code string) (*problem.Problem, bool) {
	// Of several with one code the last is the general one.
	for _, known := range slices.Backward(reasons) {
		if known.told.Code == code {
			return known.told, true
		}
	}
	return nil, false
}
