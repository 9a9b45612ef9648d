//go:build linux

package desktop

import (
	"context"
	"fmt"
	"time"

	"github.com/jezek/xgb"
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
		if visible(x, root, name, title) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no window %q: %w", title, ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// visible checks once. A window that vanishes meanwhile counts as not visible.
func visible(x *xgb.Conn, root xproto.Window, name xproto.Atom, title string) bool {
	tree, err := xproto.QueryTree(x, root).Reply()
	if err != nil {
		return false
	}
	for _, window := range tree.Children {
		text, err := xproto.GetProperty(x, false, window, name, xproto.GetPropertyTypeAny, 0, 64).Reply()
		if err != nil || string(text.Value) != title {
			continue
		}
		attributes, err := xproto.GetWindowAttributes(x, window).Reply()
		return err == nil && attributes.MapState == xproto.MapStateViewable
	}
	return false
}
