package cli

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/keyring"
)

// workerGarbage is the garbage that the keyring worker keeps, in percent of what it needs.
const workerGarbage = 20

// serveKeyring is the keyring worker: this program, started again by the window. It lives as long as
// a session, since KeePassXC may ask the user before another process can clear it, and works for
// milliseconds in a minute. Without the other commands and processors it takes 2 MB less all day.
func serveKeyring(ctx context.Context, p app.Host) error {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(workerGarbage)
	debug.FreeOSMemory()
	return keyring.Serve(ctx, p.Stdin, p.Stdout, p.Metadata.Version)
}
