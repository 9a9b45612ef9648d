package ticketapi

import (
	"context"
	"errors"
	"fmt"
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
	said := &stderr{log: settings.Log}
	return &process{stderr: said, Supervisor: helper.New(helper.Settings{
		Name: wire.Name, Version: settings.Version, Command: settings.Command,
		Stderr: said.line, Event: event, HelloTimeout: start, Clock: settings.Clock,
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
	if last := p.stderr.next(); ended && last != "" {
		return fmt.Errorf("%w; it said: %s", err, last)
	}
	return err
}

// stderr hands on what a helper writes to stderr. After the first lines of a crash inside a library it is silent: what the Go
// runtime writes then, pages of it, ends with the processor's registers, and part of a ticket may be in them.
type stderr struct {
	log func(line string)

	mutex   sync.Mutex
	last    string
	crashed bool
}

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
	s.mutex.Unlock()
	if s.log != nil && !silent {
		s.log(line)
	}
}

// next returns the last line, and listens anew: it is called when a process has answered, or has ended and said all it had to say.
func (s *stderr) next() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	last := s.last
	s.last, s.crashed = "", false
	return last
}
