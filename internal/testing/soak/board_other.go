//go:build !linux

package soak

import "errors"

// OpenBoard lets the package compile.
func OpenBoard(string) (*Board, error) { return nil, errors.ErrUnsupported }
