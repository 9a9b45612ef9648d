//go:build !linux && !windows

package helper

import "syscall"

// withParent changes nothing: macOS has no signal for the parent's death. The helper ends because
// its stdin is closed then.
func withParent(attributes *syscall.SysProcAttr) *syscall.SysProcAttr { return attributes }
