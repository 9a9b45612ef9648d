//go:build !darwin

package pcsc

import "time"

// plugAndPlay is the pseudo-reader that reports readers coming and going.
const plugAndPlay = `\\?PnP?\Notification`

// longestWait bounds one wait, for what the services miss: pcsc-lite before 2.3 a reader plugged in
// between list and wait, Windows a reader that replaces another, and pcsc-lite a card older than
// itself that is out and in again between two waits (its count was 0, taken for none).
const longestWait = time.Minute
