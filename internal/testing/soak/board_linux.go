package soak

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// OpenBoard maps the board in a file, which it creates if needed. The mapping lasts as long as the
// process.
func OpenBoard(path string) (*Board, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // The path is the test's own.
	if err != nil {
		return nil, fmt.Errorf("open the board: %w", err)
	}
	// The mapping outlives it.
	defer func() { _ = file.Close() }()
	size := int(unsafe.Sizeof(Board{}))
	if err := file.Truncate(int64(size)); err != nil {
		return nil, fmt.Errorf("size the board: %w", err)
	}
	mapped, err := syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the board: %w", err)
	}
	return (*Board)(unsafe.Pointer(&mapped[0])), nil //nolint:gosec // A page is aligned, and as large as the board.
}
