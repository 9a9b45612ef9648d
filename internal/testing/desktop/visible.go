//go:build linux

package desktop

import (
	"context"
	"fmt"
	"time"

	"github.com/jezek/xgb/xproto"
)

// AwaitVisible waits until a window with exactly this title is visible, polling often enough for a
// measurement.
func (d *Desktop) AwaitVisible(ctx context.Context, title string) error {
	x, root, err := d.connect()
	if err != nil {
		return err
	}
	defer x.Close()
	name, err := atom(x, "_NET_WM_NAME")
	if err != nil {
		return err
	}
	for {
		if window := titled(x, root, name, title); window != xproto.WindowNone {
			attributes, err := xproto.GetWindowAttributes(x, window).Reply()
			if err == nil && attributes.MapState == xproto.MapStateViewable {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no window %q: %w", title, ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}
