//go:build linux

package keyringtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Fake is a minimal Secret Service after the specification, with faults. Methods are named as
// there: OpenSession, Unlock, CreateItem, SearchItems, GetSecret, Delete, Prompt; and "Collections"
// and "Locked" for the properties.
type Fake struct {
	// Locked: the collection is locked, and unlocked by a prompt.
	Locked bool
	// Hang is a method that is never answered, HangAt which of its calls, counted from 1; 0 means
	// each.
	Hang   string
	HangAt int
	// Die is a method during which the service leaves the bus without an answer. For Prompt it
	// answers first, and leaves while the prompt is shown.
	Die string
	// Dismiss is a method whose prompt is dismissed: Unlock, CreateItem or Delete.
	Dismiss string
	// Fail is the number of the CreateItem that fails, counted from 1.
	Fail int
	// Unprompted: no prompt is needed to unlock, and what was locked still says so.
	Unprompted bool
	// Silent: a prompt is shown, and never ends unless its caller dismisses it.
	Silent bool
	// Empty is how many reads find an entry empty, as with KWallet while it is being replaced.
	Empty int
	// Garble: what is read is not what was written.
	Garble bool
	// Keep: deleted entries stay. KeepAccount is the account of an entry that stays, while others
	// go.
	Keep        bool
	KeepAccount string
	// LockItems: an item is locked until a prompt permits the connection to use it; as with
	// KeePassXC, the connection that wrote it may.
	LockItems bool
}

const (
	secretsName = "org.freedesktop.secrets"
	secretsPath = dbus.ObjectPath("/org/freedesktop/secrets")
	sessionPath = dbus.ObjectPath("/org/freedesktop/secrets/session/1")
	nowhere     = dbus.ObjectPath("/")
)

// secretValue is the structure Secret of the specification.
type secretValue struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

type fakeItem struct {
	attributes  map[string]string
	value       []byte
	contentType string
	allowed     dbus.Sender
}

type fakeService struct {
	faults Fake
	conn   *dbus.Conn
	shown  chan<- struct{}
	// closed and released are closed by end and release.
	closed, released <-chan struct{}
	end, release     func()

	mutex  sync.Mutex
	calls  int
	locked bool
	last   int
	made   int
	silent int
	items  map[dbus.ObjectPath]fakeItem
}

func startFake(address string, faults Fake, shown chan<- struct{}) (*fakeService, error) {
	conn, err := dbus.Connect(address)
	if err != nil {
		return nil, fmt.Errorf("connect the secret service: %w", err)
	}
	closed, end := context.WithCancel(context.Background())
	released, release := context.WithCancel(context.Background())
	f := &fakeService{
		faults: faults, conn: conn, shown: shown, closed: closed.Done(), end: end, released: released.Done(), release: release,
		locked: faults.Locked, items: map[dbus.ObjectPath]fakeItem{},
	}
	for _, exported := range []struct {
		path    dbus.ObjectPath
		owner   string
		methods map[string]any
	}{
		{secretsPath, "org.freedesktop.DBus.Properties", map[string]any{"Get": f.get}},
		{secretsPath, "org.freedesktop.Secret.Service", map[string]any{"OpenSession": f.openSession, "Unlock": f.unlock}},
		{collection, "org.freedesktop.DBus.Properties", map[string]any{"Get": f.get}},
		{collection, "org.freedesktop.Secret.Collection", map[string]any{"CreateItem": f.createItem, "SearchItems": f.searchItems}},
		{sessionPath, "org.freedesktop.Secret.Session", map[string]any{"Close": func() *dbus.Error { return nil }}},
	} {
		if err := conn.ExportMethodTable(exported.methods, exported.path, exported.owner); err != nil {
			return nil, fmt.Errorf("export the secret service: %w", err)
		}
	}
	if _, err := conn.RequestName(secretsName, dbus.NameFlagDoNotQueue); err != nil {
		return nil, fmt.Errorf("be the secret service: %w", err)
	}
	return f, nil
}

func (f *fakeService) close() {
	f.end()
	// The bus may have been killed.
	_ = f.conn.Close()
}

// fault is where a method gets stuck, if it is the one that does.
func (f *fakeService) fault(method string) {
	if f.faults.Die == method {
		f.close()
	}
	if f.hangs(method) || f.faults.Die == method {
		select {
		case <-f.closed:
		case <-f.released:
		}
	}
}

func (f *fakeService) hangs(method string) bool {
	if f.faults.Hang != method {
		return false
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.calls++
	return f.faults.HangAt == 0 || f.calls == f.faults.HangAt
}

func (f *fakeService) get(_, name string) (dbus.Variant, *dbus.Error) {
	f.fault(name)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	switch name {
	case "Collections":
		return dbus.MakeVariant([]dbus.ObjectPath{collection}), nil
	case "Locked":
		return dbus.MakeVariant(f.locked), nil
	default:
		return dbus.Variant{}, dbus.MakeFailedError(fmt.Errorf("no property %s", name))
	}
}

func (f *fakeService) openSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	f.fault("OpenSession")
	return dbus.MakeVariant(""), sessionPath, nil
}

func (f *fakeService) unlock(sender dbus.Sender, objects []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	f.fault("Unlock")
	f.mutex.Lock()
	defer f.mutex.Unlock()
	item, isItem := f.items[objects[0]]
	asks := f.locked || isItem && f.forbids(item, sender)
	if !asks || f.faults.Unprompted {
		return objects, nowhere, nil
	}
	return []dbus.ObjectPath{}, f.prompt(func() (bool, any) {
		if f.faults.Dismiss == "Unlock" {
			return true, []dbus.ObjectPath{}
		}
		f.locked = false
		if isItem {
			item.allowed = sender
			f.items[objects[0]] = item
		}
		return false, objects
	}), nil
}

// forbids reports whether an item is locked for a connection.
func (f *fakeService) forbids(item fakeItem, sender dbus.Sender) bool {
	return f.faults.LockItems && item.allowed != sender
}

func (f *fakeService) createItem(sender dbus.Sender, properties map[string]dbus.Variant, value secretValue, _ bool) (
	dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	f.fault("CreateItem")
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.made++
	if f.made == f.faults.Fail {
		return nowhere, nowhere, dbus.MakeFailedError(errors.New("the disk is full"))
	}
	if f.faults.Dismiss == "CreateItem" {
		return nowhere, f.prompt(func() (bool, any) { return true, nowhere }), nil
	}
	var attributes map[string]string
	if err := properties["org.freedesktop.Secret.Item.Attributes"].Store(&attributes); err != nil {
		return nowhere, nowhere, dbus.MakeFailedError(err)
	}
	for path, item := range f.items {
		if maps.Equal(item.attributes, attributes) {
			f.items[path] = fakeItem{attributes, value.Value, value.ContentType, sender}
			return path, nowhere, nil
		}
	}
	f.last++
	path := dbus.ObjectPath(fmt.Sprintf("%s/%d", collection, f.last))
	err := f.conn.ExportMethodTable(map[string]any{
		"GetSecret": func(sender dbus.Sender, session dbus.ObjectPath) (secretValue, *dbus.Error) {
			return f.getSecret(path, sender, session)
		},
		"Delete": func() (dbus.ObjectPath, *dbus.Error) { return f.delete(path) },
	}, path, "org.freedesktop.Secret.Item")
	if err != nil {
		return nowhere, nowhere, dbus.MakeFailedError(err)
	}
	err = f.conn.ExportMethodTable(map[string]any{"Get": func(sender dbus.Sender, _, _ string) (dbus.Variant, *dbus.Error) {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		return dbus.MakeVariant(f.locked || f.forbids(f.items[path], sender)), nil
	}}, path, "org.freedesktop.DBus.Properties")
	if err != nil {
		return nowhere, nowhere, dbus.MakeFailedError(err)
	}
	f.items[path] = fakeItem{attributes, value.Value, value.ContentType, sender}
	return path, nowhere, nil
}

func (f *fakeService) searchItems(wanted map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	f.fault("SearchItems")
	f.mutex.Lock()
	defer f.mutex.Unlock()
	found := []dbus.ObjectPath{}
	for path, item := range f.items {
		matches := true
		for name, value := range wanted {
			matches = matches && item.attributes[name] == value
		}
		if matches {
			found = append(found, path)
		}
	}
	return found, nil
}

func (f *fakeService) getSecret(path dbus.ObjectPath, sender dbus.Sender, session dbus.ObjectPath) (secretValue, *dbus.Error) {
	f.fault("GetSecret")
	f.mutex.Lock()
	defer f.mutex.Unlock()
	item := f.items[path]
	if f.forbids(item, sender) {
		return secretValue{}, dbus.NewError("org.freedesktop.Secret.Error.IsLocked", nil)
	}
	value := item.value
	if f.faults.Empty > 0 {
		f.faults.Empty--
		value = []byte{}
	}
	if f.faults.Garble {
		value = append([]byte("garbled "), value...)
	}
	return secretValue{Session: session, Parameters: []byte{}, Value: value, ContentType: item.contentType}, nil
}

func (f *fakeService) delete(path dbus.ObjectPath) (dbus.ObjectPath, *dbus.Error) {
	f.fault("Delete")
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.faults.Dismiss == "Delete" {
		return f.prompt(func() (bool, any) { return true, "" }), nil
	}
	if kept := f.faults.KeepAccount; !f.faults.Keep && (kept == "" || kept != f.items[path].attributes["username"]) {
		delete(f.items, path)
	}
	return nowhere, nil
}

// prompt makes a prompt whose outcome is decided when it is shown, and is sent with the signal
// Completed.
func (f *fakeService) prompt(decide func() (dismissed bool, result any)) dbus.ObjectPath {
	f.last++
	path := dbus.ObjectPath(fmt.Sprintf("%s/prompt/%d", secretsPath, f.last))
	show := func(call dbus.Message, sender dbus.Sender, _ string) *dbus.Error {
		if f.faults.Silent {
			f.count(1)
		}
		select {
		case f.shown <- struct{}{}:
		default:
		}
		if f.faults.Die == "Prompt" {
			answer(f.conn, call, sender)
		}
		f.fault("Prompt")
		if f.faults.Silent {
			return nil
		}
		f.mutex.Lock()
		dismissed, result := decide()
		f.mutex.Unlock()
		if err := f.conn.Emit(path, "org.freedesktop.Secret.Prompt.Completed", dismissed, dbus.MakeVariant(result)); err != nil {
			return dbus.MakeFailedError(err)
		}
		return nil
	}
	dismiss := func() *dbus.Error {
		f.count(-1)
		return nil
	}
	methods := map[string]any{"Prompt": show, "Dismiss": dismiss}
	if err := f.conn.ExportMethodTable(methods, path, "org.freedesktop.Secret.Prompt"); err != nil {
		return nowhere
	}
	return path
}

func (f *fakeService) count(change int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.silent += change
}

func (f *fakeService) showing() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.silent
}
