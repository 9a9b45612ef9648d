package helper

import "syscall"

// withParent makes the kernel kill the helper when the thread that starts it ends (see
// process.run), even if this program is killed. Closing stdin is the second measure.
func withParent(attributes *syscall.SysProcAttr) *syscall.SysProcAttr {
	attributes.Pdeathsig = syscall.SIGKILL
	return attributes
}
