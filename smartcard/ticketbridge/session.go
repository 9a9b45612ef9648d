package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/smartcard"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// The buffer for a ticket, in bytes: existing clients use 254, 1024 and 4096. A ticket beyond the
// last would not fit a line of the protocol (64 KiB).
const (
	bufferFirst = 4 << 10
	bufferMost  = 32 << 10
)

// maxDescription bounds a description from the library, in characters; the buffer is larger.
const (
	maxDescription    = 300
	descriptionBuffer = 2 << 10
)

// searchPause is the time between two searches for a missing library: the ticket is polled every
// second, and a search goes through the registry.
const searchPause = 10 * time.Second

// session loads and initialises the library on first use, and initialises it anew when its handle
// is no longer valid. It is used from one thread.
type session struct {
	find func() (library, error)
	now  func() time.Time

	library library
	// refused is why there is no library, valid until searchAgain.
	refused     error
	searchAgain time.Time
	// handle is the library's, 0 before initialisation.
	handle int32
}

// ticket returns the ticket from an export. It calls again with a new handle if the library no longer
// accepts the handle, as after a restart of the Identity Agent.
func (s *session) ticket(from export) (string, error) {
	for again := false; ; again = true {
		if err := s.open(); err != nil {
			return "", err
		}
		text := ""
		actual, code := s.instead(from)
		if code == smartcard.Success {
			text, code = s.fetch(actual)
		}
		if code == smartcard.Success {
			return text, nil
		}
		err := s.failure(from, code)
		switch code {
		case smartcard.NotInitialized, smartcard.InvalidInstanceHandle:
			s.handle = 0
			if !again {
				continue
			}
		case smartcard.ServerCommFailed:
			// Whether a handle outlives its server is not public. The next call gets a new one.
			s.close()
		}
		return "", err
	}
}

// status returns what is installed.
func (s *session) status() (wire.Status, error) {
	err := s.load()
	var refused *notInstalled
	if errors.As(err, &refused) {
		return wire.Status{Looked: refused.looked}, nil
	}
	if err != nil {
		return wire.Status{}, err
	}
	made := wire.Status{Installed: true, Path: s.library.path()}
	if err := s.open(); err != nil {
		var failed *helper.CallError
		if !errors.As(err, &failed) {
			return wire.Status{}, err
		}
		made.Failure = wire.Failure{Code: failed.Code, Message: failed.Message}
		// The public header allows this call before initialisation.
		made.APIVersion = s.library.version(0, componentAPI)
		return made, nil
	}
	made.APIVersion = s.library.version(s.handle, componentAPI)
	made.EngineVersion = s.library.version(s.handle, componentEngine)
	return made, nil
}

// close finalises the library.
func (s *session) close() {
	if s.handle != 0 {
		s.library.finalize(s.handle)
		s.handle = 0
	}
}

// instead returns the export to call for one that the library lacks: after destroyTicket, getTicket
// returns a new ticket. Without destroyTicket the old ticket would pass for a new one, so there is
// none.
func (s *session) instead(from export) (export, smartcard.Code) {
	if from != getNewTicket || s.library.has(getNewTicket) {
		return from, smartcard.Success
	}
	code := s.library.destroyTicket(s.handle)
	if code == smartcard.TicketNotAvailable {
		code = smartcard.Success // there was nothing to destroy
	}
	return getTicket, code
}

// fetch calls an export that returns a ticket, with a growing buffer.
func (s *session) fetch(from export) (string, smartcard.Code) {
	for size := bufferFirst; ; size *= 2 {
		buffer := make([]byte, size)
		used, code := s.library.ticket(from, s.handle, buffer)
		if code == smartcard.Success {
			text := decode(buffer, used)
			clear(buffer)
			return text, code
		}
		clear(buffer)
		if code != smartcard.BufferTooSmall || size >= bufferMost {
			return "", code
		}
		if from == getNewTicket {
			// The user has been asked, and the ticket is there: another new one would prompt again.
			from = getTicket
		}
	}
}

// open loads and initialises the library, once.
func (s *session) open() error {
	if err := s.load(); err != nil {
		return err
	}
	if s.handle != 0 {
		return nil
	}
	if s.handle = s.library.initialize(); s.handle != 0 {
		return nil
	}
	code := s.library.lastError(0)
	if code == smartcard.Success {
		code = smartcard.NotInitialized // it has failed all the same
	}
	return s.failure(initialize, code)
}

// load finds and loads the library, once.
func (s *session) load() error {
	if s.library != nil {
		return nil
	}
	now := s.now()
	if s.refused != nil && now.Before(s.searchAgain) && s.searchAgain.Sub(now) <= searchPause {
		return s.refused
	}
	s.library, s.refused = s.find()
	s.searchAgain = now.Add(searchPause)
	return s.refused
}

// failure returns the error for a return code, with the library's own description.
func (s *session) failure(call export, code smartcard.Code) error {
	message := fmt.Sprintf("%s: %v", call, code)
	if said := s.describe(code); said != "" {
		message += ": " + said
	}
	return &helper.CallError{Code: wire.TicketAPICode(code), Message: message}
}

// describe returns the library's description of a code. It needs a handle (public header), and
// skips TicketNotAvailable, which is returned every second while no user is signed in.
func (s *session) describe(code smartcard.Code) string {
	switch code {
	case smartcard.TicketNotAvailable, smartcard.NotInitialized, smartcard.InvalidInstanceHandle:
		return ""
	}
	if s.handle == 0 {
		return ""
	}
	buffer := make([]byte, descriptionBuffer)
	used, ok := s.library.describe(s.handle, code, buffer)
	if !ok {
		return ""
	}
	return problem.Clean(decode(buffer, used), maxDescription)
}
