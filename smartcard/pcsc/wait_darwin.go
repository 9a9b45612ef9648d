package pcsc

import "time"

// plugAndPlay is empty: macOS has no such reader.
const plugAndPlay = ""

// longestWait bounds how long a new reader stays unseen: only listing the readers reveals it. Cards
// are reported at once.
const longestWait = time.Second
