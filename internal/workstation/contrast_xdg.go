//go:build !windows && !darwin

package workstation

import (
	"context"
	"errors"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/ers-login/ers-login/internal/sessionbus"
)

// The desktop portal's settings: "org.freedesktop.portal.Settings" of its documentation.
const (
	portalName     = "org.freedesktop.portal.Desktop"
	portalPath     = dbus.ObjectPath("/org/freedesktop/portal/desktop")
	portalSettings = "org.freedesktop.portal.Settings"
)

// portalSetting is the name of a setting of the portal.
type portalSetting struct{ namespace, key string }

// contrasts are those for contrast: a number, 1 for higher contrast, and GNOME's own, a boolean.
// One of them suffices.
var contrasts = []portalSetting{
	{"org.freedesktop.appearance", "contrast"},
	{"org.gnome.desktop.a11y.interface", "high-contrast"},
}

func watchContrast(ctx context.Context, times times, notify func(bool)) {
	said := map[portalSetting]bool{}
	bus{
		name: "session", address: sessionbus.Address, times: times,
		serve: func(ctx context.Context, line *line) error {
			return (&contrastPortal{line: line, said: said, notify: notify}).serve(ctx)
		},
		// The last report stands. The watcher of the workstation notes that the bus is missing.
		lost: func(error) {},
	}.attend(ctx)
}

// contrastPortal serves one connection to the session bus.
type contrastPortal struct {
	line *line
	// said is what each setting was the last time.
	said   map[portalSetting]bool
	notify func(bool)
}

func (p *contrastPortal) serve(ctx context.Context) error {
	if err := p.line.listenForOwner(ctx, portalName); err != nil {
		return err
	}
	err := p.line.listen(ctx, dbus.WithMatchSender(portalName), dbus.WithMatchInterface(portalSettings),
		dbus.WithMatchMember("SettingChanged"))
	if err != nil {
		return err
	}
	if err := p.ask(ctx); err != nil {
		return err
	}
	return p.line.serve(ctx, p.take, nil)
}

// ask reads all settings. It does not start the portal: Fyne does, for the light or dark
// appearance.
func (p *contrastPortal) ask(ctx context.Context) error {
	for _, setting := range contrasts {
		var value dbus.Variant
		// Not ReadOne, which older portals have not. Read returns a variant within a variant.
		err := p.line.call(ctx, portalName, portalPath, portalSettings+".Read", []any{setting.namespace, setting.key}, &value)
		switch {
		case err == nil:
			p.note(setting, value)
		case sessionbus.IsAnswer(err), errors.Is(err, context.DeadlineExceeded):
			// This desktop has no such setting, or no portal yet, or one that hangs. The last
			// report stands.
		default:
			return err
		}
	}
	p.report()
	return nil
}

func (p *contrastPortal) take(ctx context.Context, signal *dbus.Signal) error {
	if service, owner, ok := newOwner(signal); ok && service == portalName {
		if owner == "" {
			return nil
		}
		return p.ask(ctx)
	}
	var changed portalSetting
	var value dbus.Variant
	if signal.Name == portalSettings+".SettingChanged" && dbus.Store(signal.Body, &changed.namespace, &changed.key, &value) == nil &&
		slices.Contains(contrasts, changed) {
		p.note(changed, value)
		p.report()
	}
	return nil
}

// note keeps the value of a setting, if it is of a type that means something.
func (p *contrastPortal) note(setting portalSetting, value dbus.Variant) {
	inner := value.Value()
	for range 2 { // Deeper than any portal wraps it.
		if wrapped, is := inner.(dbus.Variant); is {
			inner = wrapped.Value()
		}
	}
	switch v := inner.(type) {
	case uint32:
		p.said[setting] = v == 1
	case bool:
		p.said[setting] = v
	}
}

func (p *contrastPortal) report() {
	p.notify(slices.ContainsFunc(contrasts, func(one portalSetting) bool { return p.said[one] }))
}
