package workstation

import (
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/stretchr/testify/require"
)

// fakePortal is the desktop portal, as far as its settings go.
type fakePortal struct {
	conn  *dbus.Conn
	mutex sync.Mutex
	// values are the settings, wrapped in as many variants as the real one wraps them.
	values map[portalSetting]any
	asked  chan portalSetting
}

func newPortal(t *testing.T, bus *realBus, values map[portalSetting]any) *fakePortal {
	t.Helper()
	p := &fakePortal{conn: bus.service(t), values: values, asked: make(chan portalSetting, 100)}
	read := func(namespace, key string) (dbus.Variant, *dbus.Error) {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		asked := portalSetting{namespace, key}
		p.asked <- asked
		value, known := p.values[asked]
		if !known {
			return dbus.Variant{}, dbus.NewError("org.freedesktop.portal.Error.NotFound", []any{"Requested setting not found"})
		}
		return dbus.MakeVariant(dbus.MakeVariant(value)), nil
	}
	require.NoError(t, p.conn.ExportMethodTable(map[string]any{"Read": read}, portalPath, portalSettings))
	return p
}

func (p *fakePortal) start(t *testing.T) {
	t.Helper()
	own(t, p.conn, portalName)
}

// change changes a setting, and sends the signal.
func (p *fakePortal) change(t *testing.T, setting portalSetting, value any) {
	t.Helper()
	p.mutex.Lock()
	p.values[setting] = value
	p.mutex.Unlock()
	emit(t, p.conn, portalPath, portalSettings+".SettingChanged", setting.namespace, setting.key, dbus.MakeVariant(value))
}

// settled waits until the portal has been asked for everything.
func (p *fakePortal) settled(t *testing.T) {
	t.Helper()
	for range contrasts {
		select {
		case <-p.asked:
		case <-time.After(guard):
			require.FailNow(t, "the portal is not asked")
		}
	}
}

// contrastOf starts to watch a bus's desktop, and returns the reports.
func contrastOf(t *testing.T, bus *realBus) <-chan bool {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
	reports := make(chan bool, 100)
	t.Cleanup(followContrast(t.Context(), quick, func(high bool) { reports <- high }))
	return reports
}

func requireReport(t *testing.T, reports <-chan bool, want bool) {
	t.Helper()
	select {
	case high := <-reports:
		require.Equal(t, want, high)
	case <-time.After(guard):
		require.FailNow(t, "no report")
	}
}

// A user with low vision who has set their desktop so must not have to find another setting in
// small letters.
func TestHighContrastOfTheDesktop(t *testing.T) {
	common, gnomes := contrasts[0], contrasts[1]
	for name, c := range map[string]struct {
		setting        portalSetting
		none, high     any
		others         map[portalSetting]any
		stillTheSame   any
		stillTheSameOf portalSetting
	}{
		"the common setting": {setting: common, none: uint32(0), high: uint32(1),
			stillTheSame: uint32(1), stillTheSameOf: portalSetting{"org.freedesktop.appearance", "color-scheme"}},
		"GNOME's own": {setting: gnomes, none: false, high: true, others: map[portalSetting]any{common: uint32(0)},
			stillTheSame: uint32(0), stillTheSameOf: common},
		"a number of a later version": {setting: common, none: uint32(2), high: uint32(1),
			stillTheSame: "yes", stillTheSameOf: common},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("at the start, and changed", func(t *testing.T) {
				bus := newBus(t)
				bus.start(t)
				values := map[portalSetting]any{c.setting: c.high}
				for setting, value := range c.others {
					values[setting] = value
				}
				portal := newPortal(t, bus, values)
				portal.start(t)
				reports := contrastOf(t, bus)
				requireReport(t, reports, true)
				portal.change(t, c.stillTheSameOf, c.stillTheSame)
				portal.change(t, c.setting, c.none)
				requireReport(t, reports, false)
				portal.change(t, c.setting, c.high)
				requireReport(t, reports, true)
				require.Empty(t, reports, "an unchanged value is reported once")
			})
			t.Run("by a portal that comes up later", func(t *testing.T) {
				bus := newBus(t)
				bus.start(t)
				portal := newPortal(t, bus, map[portalSetting]any{c.setting: c.high})
				reports := contrastOf(t, bus)
				require.Empty(t, reports)
				portal.start(t)
				requireReport(t, reports, true)
			})
		})
	}
}

// A desktop without the settings has normal contrast; after a restart of its bus it is asked again.
func TestHighContrastWithoutSettings(t *testing.T) {
	bus := newBus(t)
	bus.start(t)
	portal := newPortal(t, bus, map[portalSetting]any{})
	portal.start(t)
	reports := contrastOf(t, bus)
	portal.settled(t)
	bus.kill(t)
	bus.start(t)
	again := newPortal(t, bus, map[portalSetting]any{contrasts[0]: uint32(1)})
	again.start(t)
	requireReport(t, reports, true)
	require.Empty(t, reports)

	// Another portal has the other setting: the contrast is high all the time.
	again.settled(t)
	require.NoError(t, again.conn.Close())
	other := newPortal(t, bus, map[portalSetting]any{contrasts[0]: uint32(0), contrasts[1]: true})
	other.start(t)
	other.settled(t)
	require.Empty(t, reports)
}
