package helper

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/time/rate"
)

// What a helper may say on stderr. A library that complains in a loop must not fill the log.
const (
	stderrWidth = 1000
	stderrRate  = 20
	stderrBurst = 100
)

// relay passes a helper's stderr to log, line by line, within bounds, and reads all of it so that
// the helper never waits. A nil log only reads.
func relay(stderr io.Reader, log func(line string)) {
	if log == nil {
		_, _ = io.Copy(io.Discard, stderr)
		return
	}
	limiter := rate.NewLimiter(stderrRate, stderrBurst)
	dropped := 0
	owed := func() {
		if dropped > 0 {
			log(fmt.Sprintf("(%d lines dropped)", dropped))
			dropped = 0
		}
	}
	defer owed()
	from := bufio.NewReaderSize(stderr, stderrWidth)
	for {
		line, err := from.ReadSlice('\n')
		if text := clean(string(line), stderrWidth); text != "" {
			if limiter.AllowN(time.Now(), 1) {
				owed()
				log(text)
			} else {
				dropped++
			}
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = from.ReadSlice('\n')
		}
		if err != nil {
			return
		}
	}
}
