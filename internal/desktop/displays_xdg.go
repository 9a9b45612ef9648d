//go:build !windows && !darwin

package desktop

import (
	"context"
	"fmt"
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

// answers reports whether a variable's display accepts connections, or cannot be tested.
func answers(ctx context.Context, name string) bool {
	var addresses [][2]string
	switch value := os.Getenv(name); {
	case name == xDisplay && strings.HasPrefix(value, "/"), name == waylandDisplay && os.Getenv(waylandSocket) != "":
		return true // XQuartz' own socket, or an inherited one, which can be used once
	case name == xDisplay:
		addresses = xAddresses(value)
	case filepath.IsAbs(value):
		addresses = [][2]string{{"unix", value}}
	case os.Getenv("XDG_RUNTIME_DIR") != "":
		addresses = [][2]string{{"unix", filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), value)}}
	}
	dialer := net.Dialer{Timeout: displayWithin}
	for _, address := range addresses {
		if conn, err := dialer.DialContext(ctx, address[0], address[1]); err == nil {
			_ = conn.Close() // only tested
			return true
		}
	}
	return false
}

// xAddresses returns where an X server listens: [protocol/][host]:number[.screen].
func xAddresses(name string) [][2]string {
	at := strings.LastIndex(name, ":")
	if at < 0 {
		return nil
	}
	host, number := name[strings.Index(name[:at], "/")+1:at], name[at+1:]
	number, _, _ = strings.Cut(number, ".")
	display, err := strconv.Atoi(number)
	if err != nil {
		return nil
	}
	if host == "" || host == "unix" {
		path := fmt.Sprintf("/tmp/.X11-unix/X%d", display)
		return [][2]string{{"unix", path}, {"unix", "@" + path}}
	}
	return [][2]string{{"tcp", net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(xPort+display))}}
}

// xPort is the TCP port of display 0.
const xPort = 6000

// HasDisplay reports whether the environment names an X server or a Wayland compositor. Without either Fyne panics.
func HasDisplay(environ []string) bool {
	return slices.ContainsFunc(environ, func(entry string) bool {
		name, value, _ := strings.Cut(entry, "=")
		return value != "" && slices.Contains([]string{xDisplay, waylandDisplay, waylandSocket}, name)
	})
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
