package pcsc

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Not the binding of the other platforms: on Windows it hides the readers' names from the garbage
// collector during a call of minutes, looks for winscard.dll in the program's folder first, and
// ends the program if there is none.
var (
	winscard             = windows.NewLazySystemDLL("winscard.dll")
	scardEstablish       = winscard.NewProc("SCardEstablishContext")
	scardRelease         = winscard.NewProc("SCardReleaseContext")
	scardListReaders     = winscard.NewProc("SCardListReadersW")
	scardGetStatusChange = winscard.NewProc("SCardGetStatusChangeW")
	scardCancel          = winscard.NewProc("SCardCancel")
)

// scopeSystem is SCARD_SCOPE_SYSTEM.
const scopeSystem = 2

// maxNames bounds the list of readers, in characters.
const maxNames = 1 << 16

// establish connects to the Smart Card service (SCardEstablishContext).
func establish() (Context, error) {
	for _, procedure := range []*windows.LazyProc{
		scardEstablish, scardRelease, scardListReaders, scardGetStatusChange, scardCancel,
	} {
		if err := procedure.Find(); err != nil {
			return nil, fmt.Errorf("could not load winscard.dll: %w", err)
		}
	}
	var handle uintptr
	//nolint:gosec // it is for Windows to fill
	result, _, _ := scardEstablish.Call(scopeSystem, 0, 0, uintptr(unsafe.Pointer(&handle)))
	if err := coded(result); err != nil {
		return nil, err
	}
	return service(handle), nil
}

// service is a Context: an SCARDCONTEXT handle.
type service uintptr

func (s service) ListReaders() ([]string, error) {
	for size := uint32(1 << 10); ; size *= 2 {
		names, length := make([]uint16, size), size
		//nolint:gosec // both are for Windows to fill, within the count given
		result, _, _ := scardListReaders.Call(uintptr(s), 0,
			uintptr(unsafe.Pointer(&names[0])), uintptr(unsafe.Pointer(&length)))
		err := coded(result)
		if err == nil {
			return split(names[:min(length, size)]), nil
		}
		if !errors.Is(err, ErrInsufficientBuffer) || size >= maxNames {
			return nil, err
		}
	}
}

// split splits a list of strings that each end in 0, itself ended by an empty one.
func split(list []uint16) []string {
	var texts []string
	for {
		end := slices.Index(list, 0)
		if end <= 0 {
			return texts
		}
		texts = append(texts, windows.UTF16ToString(list[:end]))
		list = list[end+1:]
	}
}

// readerState is SCARD_READERSTATEW. The name is a pointer, so that the garbage collector sees it.
type readerState struct {
	reader         *uint16
	_              uintptr // pvUserData
	current, event uint32
	_              uint32 // cbAtr
	_              [36]byte
}

func (s service) GetStatusChange(readers []ReaderState, limit time.Duration) error {
	states := make([]readerState, len(readers))
	for i, reader := range readers {
		name, err := windows.UTF16PtrFromString(reader.Reader)
		if err != nil {
			return fmt.Errorf("could not ask for the reader %q: %w", reader.Reader, err)
		}
		states[i] = readerState{reader: name, current: uint32(reader.Current)}
	}
	milliseconds := max(0, min(limit.Milliseconds(), math.MaxUint32-1)) // the largest number means for ever
	//nolint:gosec // the count is the slice's, and the time has no more than 32 bits
	result, _, _ := scardGetStatusChange.Call(uintptr(s), uintptr(milliseconds),
		uintptr(unsafe.Pointer(unsafe.SliceData(states))), uintptr(len(states)))
	runtime.KeepAlive(states)
	if err := coded(result); err != nil {
		return err
	}
	for i := range readers {
		readers[i].Event = State(states[i].event)
	}
	return nil
}

func (s service) Cancel() error {
	result, _, _ := scardCancel.Call(uintptr(s))
	return coded(result)
}

func (s service) Release() error {
	result, _, _ := scardRelease.Call(uintptr(s))
	return coded(result)
}

// coded returns the error for a result. Only the lower 32 bits of the register are defined.
func coded(result uintptr) error {
	if code := uint32(result); code != 0 { //nolint:gosec // the rest of it has no meaning
		return fmt.Errorf("%w: %w", Code(code), windows.Errno(code))
	}
	return nil
}
