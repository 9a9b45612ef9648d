package ticketapi

import (
	"cmp"
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

// process is a helper with its stderr.
type process struct {
	*helper.Supervisor
	stderr *stderr
}

func newProcess(settings Settings, event func(helper.Event)) *process {
	folder := ""
	if program := settings.Command; len(program) > 0 && filepath.IsAbs(program[0]) {
		// Windows searches the working folder for libraries too, and this program may have been
		// started in any.
		folder = filepath.Dir(program[0])
	}
	said := &stderr{log: settings.Log}
	heard := func(sent helper.Event) {
		said.works()
		if event != nil {
			event(sent)
		}
	}
	return &process{stderr: said, Supervisor: helper.New(helper.Settings{
		Name: wire.Name, Version: settings.Version, Command: settings.Command, Dir: folder,
		// The library may start the Identity Agent, which serves other programs too.
		ChildrenStay: true,
		Stderr:       said.line, Event: heard, HelloTimeout: cmp.Or(settings.StartTimeout, 30*time.Second), Clock: settings.Clock,
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

// call makes a call to the helper, without parameters.
func (p *process) call(ctx context.Context, call string, result any) error {
	err := p.Call(ctx, call, nil, result)
	var failed *helper.CallError
	if errors.As(err, &failed) && failed.Code == helper.CodePanic {
		// The helper lives, but its state may be wrong. A failure here comes up again at the end.
		_ = p.Stop(ctx)
	}
	return p.hear(err)
}

// hear adds the last line on stderr to the error of a helper that has ended: the only reason there
// is if the system did not start it.
func (p *process) hear(err error) error {
	ended := errors.Is(err, helper.ErrNotStarted) || errors.Is(err, helper.ErrCrashed)
	var answer *helper.CallError
	works := err == nil || errors.As(err, &answer)
	if last := p.stderr.next(works); ended && last != "" {
		return fmt.Errorf("%w; it said: %s", err, last)
	}
	return err
}

// stderr passes a helper's stderr to the log. It stops after the first lines of a crash inside a
// library: the pages that the Go runtime writes then end with the registers, which may hold part of
// a ticket. A line is passed once until a helper works, also across restarts.
type stderr struct {
	log func(line string)

	mutex   sync.Mutex
	last    string
	crashed bool
	logged  []string
}

// maxLogged bounds how many lines are compared with the next.
const maxLogged = 100

// The two lines that give the fault and its place.
const (
	exception      = "Exception 0x"
	programCounter = "PC="
)

func (s *stderr) line(line string) {
	s.mutex.Lock()
	begins := strings.HasPrefix(line, exception)
	silent := s.crashed && !begins && !strings.HasPrefix(line, programCounter) || slices.Contains(s.logged, line)
	s.crashed = s.crashed || begins
	if begins || !s.crashed {
		s.last = line
	}
	if !silent && len(s.logged) < maxLogged {
		s.logged = append(s.logged, line)
	}
	s.mutex.Unlock()
	if s.log != nil && !silent {
		s.log(line)
	}
}

// works is called when a process has sent an event. It may have crashed since: the registers stay out.
func (s *stderr) works() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.logged = nil
}

// next returns the last line and resets: it is called after a process has answered (works), or has
// ended and its stderr was read.
func (s *stderr) next(works bool) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	last := s.last
	s.last, s.crashed = "", false
	if works {
		s.logged = nil
	}
	return last
}
