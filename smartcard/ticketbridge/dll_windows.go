package main

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/ers-login/ers-login/smartcard"
)

// dll is the library in this process. It is never unloaded: it may have started threads.
//
// Its functions have C's default calling convention (cdecl). Go's calls restore the stack pointer
// themselves, so they work with it as with stdcall.
type dll struct {
	file    string
	exports map[export]uintptr
}

// required are the exports without which there is no ticket or no reason. The others may be absent, as in older versions.
var required = []export{initialize, finalize, getLastError, getTicket, getTicketNoAuth}

var optional = []export{getNewTicket, destroyTicket, getErrorDescription, getGAVersion}

// loadDLL loads the library from a file, given by its full path. Its dependencies come from its
// folder and the system's, not from the working directory or PATH.
func loadDLL(path string) (*dll, error) {
	module, err := windows.LoadLibraryEx(path, 0,
		windows.LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR|windows.LOAD_LIBRARY_SEARCH_SYSTEM32)
	if err != nil {
		return nil, broken(path, err)
	}
	d := &dll{file: path, exports: make(map[export]uintptr)}
	for _, name := range required {
		if !d.resolve(module, name) {
			// It stays loaded: unloading could break what loading has started.
			return nil, broken(path, fmt.Errorf("it has no %s", name))
		}
	}
	for _, name := range optional {
		d.resolve(module, name)
	}
	return d, nil
}

func (d *dll) resolve(module windows.Handle, name export) bool {
	address, err := windows.GetProcAddress(module, string(name))
	if err != nil {
		return false
	}
	d.exports[name] = address
	return true
}

func (d *dll) path() string { return d.file }

func (d *dll) has(name export) bool { return d.exports[name] != 0 }

func (d *dll) initialize() int32 {
	handle, _, _ := syscall.SyscallN(d.exports[initialize])
	return int32(handle) //nolint:gosec // A C long.
}

func (d *dll) finalize(handle int32) {
	_, _, _ = syscall.SyscallN(d.exports[finalize], long(handle))
}

func (d *dll) lastError(handle int32) smartcard.Code {
	code, _, _ := syscall.SyscallN(d.exports[getLastError], long(handle))
	return smartcard.Code(code) //nolint:gosec // A DWORD.
}

func (d *dll) ticket(from export, handle int32, buffer []byte) (uint32, smartcard.Code) {
	address, ok := d.exports[from]
	if !ok {
		return 0, smartcard.NotImplemented
	}
	used := new(uint32)
	code, _, _ := syscall.SyscallN(address, long(handle),
		uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)), uintptr(unsafe.Pointer(used))) //nolint:gosec // C takes addresses.
	return *used, smartcard.Code(code) //nolint:gosec // A C int.
}

func (d *dll) destroyTicket(handle int32) smartcard.Code {
	address, ok := d.exports[destroyTicket]
	if !ok {
		return smartcard.NotImplemented
	}
	code, _, _ := syscall.SyscallN(address, long(handle))
	return smartcard.Code(code) //nolint:gosec // A C int.
}

func (d *dll) describe(handle int32, code smartcard.Code, buffer []byte) (uint32, bool) {
	address, ok := d.exports[getErrorDescription]
	if !ok {
		return 0, false
	}
	used := new(uint32)
	failed, _, _ := syscall.SyscallN(address, long(handle), uintptr(code),
		uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)), uintptr(unsafe.Pointer(used))) //nolint:gosec // C takes addresses.
	return *used, smartcard.Code(failed) == smartcard.Success //nolint:gosec // A C int.
}

func (d *dll) version(handle, component int32) uint32 {
	address, ok := d.exports[getGAVersion]
	if !ok {
		return 0
	}
	version, _, _ := syscall.SyscallN(address, long(handle), long(component))
	return uint32(version) //nolint:gosec // A DWORD.
}

// long is an argument that is a C long or int.
func long(value int32) uintptr { return uintptr(value) } //nolint:gosec // Only its lower 32 bits are looked at.
