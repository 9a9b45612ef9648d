package app

import (
	"context"
	"sync/atomic"

	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/diagnose"
	"github.com/ers-login/ers-login/ui"
)

// platformDemo is the demonstration of one platform.
type platformDemo interface {
	Prepare(context.Context) (Services, error)
	openChecks() (CheckRun, diagnose.Target, func() error)
	menu() []ui.SimulatorItem
}

// demoPlatform is the platform that a demonstration shows. The Simulator menu leads to the other.
type demoPlatform struct {
	demos map[string]platformDemo
	name  atomic.Value
	// window and controller are set before the window is shown.
	window     *ui.Window
	controller *Controller
}

func newDemoPlatform(first string, demos map[string]platformDemo) *demoPlatform {
	made := &demoPlatform{demos: demos}
	made.name.Store(first)
	return made
}

// attach connects the menu with the window.
func (p *demoPlatform) attach(window *ui.Window, controller *Controller) {
	p.window, p.controller = window, controller
}

func (p *demoPlatform) platform() string {
	name, _ := p.name.Load().(string)
	return name
}

func (p *demoPlatform) demo() platformDemo { return p.demos[p.platform()] }

func (p *demoPlatform) openChecks() (CheckRun, diagnose.Target, func() error) {
	return p.demo().openChecks()
}

// menu is that of the platform, with the way to the other.
func (p *demoPlatform) menu() []ui.SimulatorItem {
	other := ui.SimulatorItem{Title: "Show signing in with NHS Care Identity", Do: func() { p.show(config.PlatformFHIR) }}
	if p.platform() == config.PlatformFHIR {
		other = ui.SimulatorItem{Title: "Show signing in with the Identity Agent", Do: func() { p.show(config.PlatformHSCN) }}
	}
	return append(p.demo().menu(), ui.SimulatorItem{}, other)
}

// show signs out, and goes on with a platform in the same window.
func (p *demoPlatform) show(platform string) {
	p.name.Store(platform)
	p.window.SetSimulator(p.menu())
	p.controller.Restart()
}
