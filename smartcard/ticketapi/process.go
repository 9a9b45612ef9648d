package ticketapi

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// process is a helper, with an ear for what it writes to stderr.
type process struct {
	*helper.Supervisor
	stderr *stderr
}

func newProcess(settings Settings, event func(helper.Event)) *process {
	start := settings.StartTimeout
	if start <= 0 {
		start = 30 * time.Second
	}
	folder := ""
	if program := settings.Command; len(program) > 0 && filepath.IsAbs(program[0]) {
		// Windows looks for libraries in the working folder too, and this program's own is wherever the user has started it.
		folder = filepath.Dir(program[0])
	}
	said := &stderr{log: settings.Log}
	return &process{stderr: said, Supervisor: helper.New(helper.Settings{
		Name: wire.Name, Version: settings.Version, Command: settings.Command, Dir: folder,
		// The library may start an Identity Agent that does not run, and that serves other programs too.
		ChildrenStay: true,
		Stderr:       said.line, Event: event, HelloTimeout: start, Clock: settings.Clock,
	})}
}

// start starts the helper unless it runs.
func (p *process) start(ctx context.Context) error {
	err := p.Start(ctx)
	if err == nil {
		return nil // it may be about to end, and have more to say
	}
	return p.hear(err)
}

// call asks the helper. None of its calls has parameters.
func (p *process) call(ctx context.Context, call string, result any) error {
	err := p.Call(ctx, call, nil, result)
	var failed *helper.CallError
	if errors.As(err, &failed) && failed.Code == helper.CodePanic {
		// It lives, but what it knows may be wrong. If it cannot be ended now, it is at the end.
		_ = p.Stop(ctx)
	}
	return p.hear(err)
}

// hear adds to the error of a helper that has ended what it said last: all there is to know of a program that the system does not
// start.
func (p *process) hear(err error) error {
	ended := errors.Is(err, helper.ErrNotStarted) || errors.Is(err, helper.ErrCrashed)
	var answer *helper.CallError
	works := err == nil || errors.As(err, &answer)
	if last := p.stderr.next(works); ended && last != "" {
		return fmt.Errorf("%w; it said: %s", err, last)
	}
	return err
}

// stderr hands on what a helper writes to stderr. After the first lines of a crash inside a library it is silent: what the Go
// runtime writes then, pages of it, ends with the processor's registers, and part of a ticket may be in them. What a helper that
// keeps failing says each time in the same words is handed on once, and so is a line that it says again and again.
type stderr struct {
	log func(line string)

	mutex   sync.Mutex
	last    string
	crashed bool
	// now has the lines of this run of the helper, before those of the one before, if that has failed.
	now, before []string
}

// maxRun bounds how many lines of a run are compared with those of the next.
const maxRun = 100

// The two lines that tell what has happened and where.
const (
	exception      = "Exception 0x"
	programCounter = "PC="
)

func (s *stderr) line(line string) {
	s.mutex.Lock()
	begins := strings.HasPrefix(line, exception)
	silent := s.crashed && !begins && !strings.HasPrefix(line, programCounter)
	s.crashed = s.crashed || begins
	if begins || !s.crashed {
		s.last = line
	}
	again := len(s.now) > 0 && s.now[len(s.now)-1] == line
	if !silent && !again && len(s.now) < maxRun {
		s.now = append(s.now, line)
	}
	silent = silent || again || slices.Contains(s.before, line)
	s.mutex.Unlock()
	if s.log != nil && !silent {
		s.log(line)
	}
}

// next returns the last line, and listens anew: it is called when a process has answered, or has ended and said all it had to say.
// works tells that it has answered.
func (s *stderr) next(works bool) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	last := s.last
	s.last, s.crashed = "", false
	switch {
	case works:
		s.before = nil
	case len(s.now) > 0:
		s.before = s.now
	}
	s.now = nil
	return last
}
