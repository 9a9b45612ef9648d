package helper

import "syscall"

// withParent makes the kernel kill the helper when the thread that starts it ends (see process.run), which holds even if this
// program is killed. The closed stdin is the second line.
func withParent(attributes *syscall.SysProcAttr) *syscall.SysProcAttr {
	attributes.Pdeathsig = syscall.SIGKILL
	return attributes
}
