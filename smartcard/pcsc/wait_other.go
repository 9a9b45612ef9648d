//go:build !darwin

package pcsc

import "time"

// plugAndPlay is the name that stands for readers that come and go.
const plugAndPlay = `\\?PnP?\Notification`

// longestWait bounds one wait. It is no polling but a net: pcsc-lite before 2.3 misses a reader that is plugged in between
// the list and the wait, and Windows one that takes another's place. Nor does pcsc-lite wake anybody for a card that was
// there before it was started and that is out and in again between two waits: its count was 0, which it takes for none.
const longestWait = time.Minute
