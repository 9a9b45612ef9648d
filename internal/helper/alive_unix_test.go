//go:build !windows

package helper_test

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// alive reports whether a process runs. One that has ended and was not waited for does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
