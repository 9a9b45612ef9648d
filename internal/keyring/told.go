package keyring

// Told returns what the user is told of an error of package handoff: a *problem.Problem of this package, nil for nil. It is for those
// who read the entry without the keyring's process.
func Told(err error) error { return tell(err) }
