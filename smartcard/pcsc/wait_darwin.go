package pcsc

import "time"

// plugAndPlay is empty: there is no such reader on macOS.
const plugAndPlay = ""

// longestWait is how long a new reader may stay unseen, since nothing but a look at the list tells of it. Cards are told at
// once.
const longestWait = time.Second
