package workstation

import (
	"context"
	"time"
	"unsafe"
)

var systemParametersInfo = user32.NewProc("SystemParametersInfoW")

const (
	spiGetHighContrast = 0x0042 // SPI_GETHIGHCONTRAST
	highContrastOn     = 0x1    // HCF_HIGHCONTRASTON

	// contrastEvery is the interval of polls. A poll costs a microsecond; a notification would need
	// another window.
	contrastEvery = 2 * time.Second
)

// highContrastInfo is HIGHCONTRASTW.
type highContrastInfo struct {
	size, flags   uint32
	defaultScheme *uint16
}

func watchContrast(ctx context.Context, _ times, notify func(bool)) {
	ticker := time.NewTicker(contrastEvery)
	defer ticker.Stop()
	askContrast(ctx, ticker.C, highContrast, notify)
}

// askContrast asks at once and at each tick.
func askContrast(ctx context.Context, ticks <-chan time.Time, ask func() (bool, error), notify func(bool)) {
	for {
		if high, err := ask(); err == nil { // Without an answer the last report stands.
			notify(high)
		}
		select {
		case <-ticks:
		case <-ctx.Done():
			return
		}
	}
}

// highContrast asks Windows. A contrast theme of Windows 11 is the same setting.
func highContrast() (bool, error) {
	info := highContrastInfo{}
	info.size = uint32(unsafe.Sizeof(info))
	//nolint:gosec // it is for Windows to fill
	_, err := call(systemParametersInfo, spiGetHighContrast, uintptr(info.size), uintptr(unsafe.Pointer(&info)), 0)
	return info.flags&highContrastOn != 0, err
}
