//go:build !linux

package soak

import "errors"

// OpenBoard is there so that the package compiles.
func OpenBoard(string) (*Board, error) { return nil, errors.ErrUnsupported }
