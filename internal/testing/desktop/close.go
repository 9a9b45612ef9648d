//go:build linux

package desktop

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// CloseWindow asks the window with this title to close, as the button in its title bar would: with
// the ICCCM message WM_DELETE_WINDOW. That needs no window manager; xdotool has no command for it.
func (d *Desktop) CloseWindow(ctx context.Context, title string) error {
	found, err := d.xdotool(ctx, "search", "--onlyvisible", "--name", title)
	if err != nil {
		return err
	}
	id, err := strconv.ParseUint(strings.Fields(found)[0], 10, 32)
	if err != nil {
		return fmt.Errorf("xdotool has found no window: %w", err)
	}
	x, _, err := d.connect()
	if err != nil {
		return err
	}
	defer x.Close()
	protocols, err := atom(x, "WM_PROTOCOLS")
	if err != nil {
		return err
	}
	deleteWindow, err := atom(x, "WM_DELETE_WINDOW")
	if err != nil {
		return err
	}
	window := xproto.Window(id)
	message := xproto.ClientMessageEvent{
		Format: 32, Window: window, Type: protocols,
		Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(deleteWindow), xproto.TimeCurrentTime, 0, 0, 0}),
	}
	if err := xproto.SendEventChecked(x, false, window, xproto.EventMaskNoEvent, string(message.Bytes())).Check(); err != nil {
		return fmt.Errorf("could not ask the window to close: %w", err)
	}
	return nil
}

func atom(x *xgb.Conn, name string) (xproto.Atom, error) {
	reply, err := xproto.InternAtom(x, false, uint16(len(name)), name).Reply() //nolint:gosec // G115: a name of a few letters
	if err != nil {
		return 0, fmt.Errorf("the X server does not know %s: %w", name, err)
	}
	return reply.Atom, nil
}
