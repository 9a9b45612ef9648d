// Package keyringtest starts a private D-Bus session bus and keyring, for tests and for the
// demonstration without a display: the real dbus-daemon and the real gnome-keyring-daemon, or KDE's
// kwalletd5, or KeePassXC, with a separate home folder, so that the user's keyring is not touched
// and nothing is left behind.
//
// Every state of a real keyring can be brought about: locked, without a collection as for a new
// user, without a service, without a bus, killed during use. Its prompts are shown by a stand-in
// that leaves them unanswered, dismisses them or types the password, in place of GNOME's program
// for that (org.gnome.keyring.SystemPrompter, from gcr). And for what the real service cannot be
// brought to do, such as never answering a call, there is [Fake], a Secret Service with faults.
//
//	session, err := keyringtest.Start(ctx, dir, keyringtest.Options{State: keyringtest.Locked})
//	command.Env = append(os.Environ(), session.Env()...)
//
// It exists on Linux only, and needs the Debian packages dbus-daemon and gnome-keyring; for the
// others libkf5wallet-bin with libqca-qt5-2-plugins, and keepassxc. Those two draw on Qt's
// offscreen platform, so that their prompts stay unanswered.
package keyringtest
