package desktop

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"

	"github.com/ers-login/ers-login/internal/atomicfile"
)

// launchAgent is a property list that launchd reads at log-in (launchd.plist(5)).
type launchAgent struct{ id, path, program string }

func newAutostart(id, program string) Autostart {
	return launchAgent{id, filepath.Join(xdg.Home, "Library", "LaunchAgents", id+".plist"), program}
}

func (l launchAgent) On() (bool, error) {
	_, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("could not look for the launch agent: %w", err)
	}
	return true, nil
}

// ForAllUsers returns false: on macOS there is no entry for all users.
func (l launchAgent) ForAllUsers() (bool, error) { return false, nil }

func (l launchAgent) Forget() error { return l.Set(false) }

func (l launchAgent) Set(on bool) error {
	if !on {
		if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("could not remove the launch agent: %w", err)
		}
		return nil
	}
	var program strings.Builder
	if err := xml.EscapeText(&program, []byte(l.program)); err != nil {
		return fmt.Errorf("could not write the launch agent: %w", err)
	}
	content := `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>` + l.id + `</string>
<key>ProgramArguments</key><array><string>` + program.String() + `</string><string>--background</string></array>
<key>RunAtLoad</key><true/>
<key>ProcessType</key><string>Interactive</string>
</dict></plist>
`
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return fmt.Errorf("could not make the folder of launch agents: %w", err)
	}
	return atomicfile.Write(l.path, []byte(content))
}
