//go:build !windows && !darwin

package desktop

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	xDisplay       = "DISPLAY"
	waylandDisplay = "WAYLAND_DISPLAY"
	waylandSocket  = "WAYLAND_SOCKET"
	// fynePlatform makes Fyne take x11 or wayland, whether it is there or not.
	fynePlatform = "FYNE_PLATFORM"
)

// displayWithin bounds the wait for a display's answer.
const displayWithin = 2 * time.Second

// SettleDisplay removes a display that does not answer from this process's environment if another
// one does. GLFW takes the one in XDG_SESSION_TYPE and tries no other: a terminal that outlived its
// desktop passes on the name of a compositor that is gone. An empty variable counts as not set,
// unlike in GLFW.
func SettleDisplay(ctx context.Context, log logrus.FieldLogger) error {
	for _, name := range []string{xDisplay, waylandDisplay} {
		if value, set := os.LookupEnv(name); set && value == "" {
			if err := unset(name); err != nil {
				return err
			}
		}
	}
	if os.Getenv(xDisplay) != "" && os.Getenv(waylandDisplay) != "" {
		for _, one := range [][2]string{{waylandDisplay, xDisplay}, {xDisplay, waylandDisplay}} {
			gone, there := one[0], one[1]
			if !answers(ctx, gone) && answers(ctx, there) {
				log.WithFields(logrus.Fields{gone: os.Getenv(gone), there: os.Getenv(there)}).Warnf("%s does not answer: taking %s", gone, there)
				if err := unset(gone); err != nil {
					return err
				}
				break
			}
		}
	}
	platform := os.Getenv(fynePlatform)
	if platform == "wayland" && os.Getenv(waylandDisplay)+os.Getenv(waylandSocket) == "" || platform == "x11" && os.Getenv(xDisplay) == "" {
		log.Warnf("%s=%s is not there: left out", fynePlatform, platform)
		return unset(fynePlatform)
	}
	return nil
}

// DeadDisplays returns the variables that name a display, with their values, if none of the
// displays answers.
func DeadDisplays(ctx context.Context) string {
	var named []string
	for _, name := range []string{waylandDisplay, xDisplay} {
		if value := os.Getenv(name); value != "" {
			if answers(ctx, name) {
				return ""
			}
			named = append(named, name+"="+value)
		}
	}
	return strings.Join(named, " ")
}

// answers reports whether a variable's display can be reached, or cannot be tested.
func answers(ctx context.Context, name string) bool {
	if name == waylandDisplay {
		// An inherited socket is used instead, once.
		return os.Getenv(waylandSocket) != "" || waylandAnswers(ctx, os.Getenv(name))
	}
	return xAnswers(ctx, os.Getenv(name))
}

// waylandAnswers waits for a compositor's reply (wl_display.sync): one that hangs accepts
// connections.
func waylandAnswers(ctx context.Context, name string) bool {
	path := name
	if !filepath.IsAbs(path) {
		folder := os.Getenv("XDG_RUNTIME_DIR")
		if folder == "" {
			return false
		}
		path = filepath.Join(folder, name)
	}
	conn, err := dial(ctx, "unix", path)
	if err != nil {
		return false
	}
	defer conn.Close() //nolint:errcheck // it was only asked
	if err := conn.SetDeadline(time.Now().Add(displayWithin)); err != nil {
		return false
	}
	const display, sync, size, callback = 1, 0, 12, 2
	request := binary.NativeEndian.AppendUint32(nil, display)
	request = binary.NativeEndian.AppendUint32(request, size<<16|sync)
	request = binary.NativeEndian.AppendUint32(request, callback)
	if _, err := conn.Write(request); err != nil {
		return false
	}
	_, err = io.ReadFull(conn, make([]byte, size))
	return err == nil
}

// xAnswers connects to an X server: [protocol/][host]:number[.screen].
func xAnswers(ctx context.Context, name string) bool {
	if strings.HasPrefix(name, "/") {
		return true // XQuartz' own socket
	}
	at := strings.LastIndex(name, ":")
	if at < 0 {
		return false
	}
	host, number := name[strings.Index(name[:at], "/")+1:at], name[at+1:]
	number, _, _ = strings.Cut(number, ".")
	display, err := strconv.Atoi(number)
	if err != nil {
		return false
	}
	addresses := [][2]string{{"tcp", net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(xPort+display))}}
	if host == "" || host == "unix" {
		path := fmt.Sprintf("/tmp/.X11-unix/X%d", display)
		addresses = [][2]string{{"unix", path}, {"unix", "@" + path}}
	}
	for _, address := range addresses {
		if conn, err := dial(ctx, address[0], address[1]); err == nil {
			_ = conn.Close() // only tested
			return true
		}
	}
	return false
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: displayWithin}
	return dialer.DialContext(ctx, network, address)
}

// xPort is the TCP port of display 0.
const xPort = 6000

// HasDisplay reports whether the environment names an X server or a Wayland compositor. Without either Fyne panics.
func HasDisplay(environ []string) bool {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case xDisplay, waylandDisplay, waylandSocket:
			if value != "" {
				return true
			}
		}
	}
	return false
}

// DisplaysOf returns the displays that an environment names, separated by spaces.
func DisplaysOf(environ []string) string {
	var found []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case value == "" || strings.Contains(value, " "):
		case name == waylandDisplay:
			found = append(found, value)
		case name == xDisplay:
			// Neither the screen nor the transport makes another display.
			display, _, _ := strings.Cut(strings.TrimPrefix(value, "unix"), ".")
			if strings.Contains(display, ":") {
				value = display
			}
			found = append(found, value)
		}
	}
	slices.Sort(found)
	return strings.Join(found, " ")
}
