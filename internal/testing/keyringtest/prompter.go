//go:build linux

package keyringtest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/godbus/dbus/v5"
)

// GNOME's keyring shows its prompts through another program, over two interfaces: BeginPrompting,
// PromptReady, PerformPrompt, PromptReady with the reply, StopPrompting. The password comes back
// encrypted, see exchange.
const (
	prompterName      = "org.gnome.keyring.SystemPrompter"
	prompterPath      = dbus.ObjectPath("/org/gnome/keyring/Prompter")
	prompterInterface = "org.gnome.keyring.internal.Prompter"
	callbackInterface = "org.gnome.keyring.internal.Prompter.Callback"
)

// prompter stands in for the program that shows prompts.
type prompter struct {
	conn  *dbus.Conn
	shown chan struct{}

	mutex   sync.Mutex
	present bool
	mode    Prompts
	waiting []prompt
}

// prompt is one that is being shown.
type prompt struct {
	asker    dbus.BusObject
	exchange string
}

func newPrompter(conn *dbus.Conn) *prompter {
	return &prompter{conn: conn, shown: make(chan struct{}, 100)}
}

func (p *prompter) set(mode Prompts) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.mode = mode
	if err := p.appear(mode != NoPrompter); err != nil {
		return err
	}
	waiting := p.waiting
	p.waiting = nil
	for _, shown := range waiting {
		p.treat(shown)
	}
	return nil
}

func (p *prompter) showing() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return len(p.waiting)
}

// appear takes or gives up the name under which the keyring looks for a prompter.
func (p *prompter) appear(present bool) error {
	if present == p.present {
		return nil
	}
	p.present = present
	if !present {
		if _, err := p.conn.ReleaseName(prompterName); err != nil {
			return fmt.Errorf("stop being the prompter: %w", err)
		}
		return nil
	}
	if err := p.conn.ExportMethodTable(map[string]any{
		"BeginPrompting": p.begin, "PerformPrompt": p.perform, "StopPrompting": p.stop,
	}, prompterPath, prompterInterface); err != nil {
		return fmt.Errorf("be the prompter: %w", err)
	}
	if _, err := p.conn.RequestName(prompterName, dbus.NameFlagDoNotQueue); err != nil {
		return fmt.Errorf("be the prompter: %w", err)
	}
	return nil
}

func (p *prompter) begin(call dbus.Message, sender dbus.Sender, callback dbus.ObjectPath) *dbus.Error {
	answer(p.conn, call, sender)
	ready(p.conn.Object(string(sender), callback), "", "")
	return p.answered()
}

func (p *prompter) perform(call dbus.Message, sender dbus.Sender, callback dbus.ObjectPath, _ string, _ map[string]dbus.Variant,
	exchange string) *dbus.Error {
	answer(p.conn, call, sender)
	p.show(prompt{p.conn.Object(string(sender), callback), exchange})
	return p.answered()
}

func (p *prompter) show(shown prompt) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	select {
	case p.shown <- struct{}{}:
	default:
	}
	p.treat(shown)
}

func (p *prompter) stop(sender dbus.Sender, callback dbus.ObjectPath) *dbus.Error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(shown prompt) bool { return shown.asker.Path() == callback })
	p.conn.Object(string(sender), callback).Go(callbackInterface+".PromptDone", dbus.FlagNoReplyExpected, nil)
	return nil
}

// answered keeps godbus from a second reply: what it sends after the connection's end is lost.
func (p *prompter) answered() *dbus.Error {
	<-p.conn.Context().Done()
	return nil
}

// treat does with a prompt what the mode says.
func (p *prompter) treat(shown prompt) {
	switch p.mode {
	case Dismissed, NoPrompter:
		ready(shown.asker, "no", "")
	case Answered:
		answer, err := encrypt(shown.exchange, password)
		if err != nil {
			// The keyring sent something else than a prompt for a password: it is not to have one.
			ready(shown.asker, "no", "")
			return
		}
		ready(shown.asker, "yes", answer)
	case Unanswered:
		p.waiting = append(p.waiting, shown)
	}
}

// ready reports to the keyring that the prompter is ready for the next step, with the reply to the
// one before. It does not wait for an answer, since the keyring waits for one during this call.
func ready(asker dbus.BusObject, reply, exchange string) {
	asker.Go(callbackInterface+".PromptReady", dbus.FlagNoReplyExpected, nil, reply, map[string]dbus.Variant{}, exchange)
}

// answer replies before the method returns: the keyring does not expect the callback earlier.
func answer(conn *dbus.Conn, call dbus.Message, sender dbus.Sender) {
	conn.Send(&dbus.Message{Type: dbus.TypeMethodReply, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(string(sender)), dbus.FieldReplySerial: dbus.MakeVariant(call.Serial()),
	}}, nil)
}
