package desktop

import (
	"context"
	"fmt"

	"golang.org/x/sys/windows"
)

// Message shows a message box, which Windows cannot close early.
func Message(_ context.Context, title, text string) error {
	caption, err := windows.UTF16PtrFromString(title)
	if err != nil {
		return err
	}
	words, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return err
	}
	if _, err := windows.MessageBox(0, words, caption, windows.MB_OK|windows.MB_ICONERROR|windows.MB_SETFOREGROUND); err != nil {
		return fmt.Errorf("message box: %w", err)
	}
	return nil
}
