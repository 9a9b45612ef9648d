package ticketapi

import (
	"context"
	"fmt"

	"github.com/ers-login/ers-login/internal/helper"
	"github.com/ers-login/ers-login/smartcard/ticketbridge/wire"
)

// Status is the state of the Ticket API on this computer, for the diagnosis.
type Status struct {
	// Installed reports whether the library was found and loaded. If not, only Looked is set.
	Installed bool
	// Looked has the folders that were searched in vain.
	Looked []string
	// Path is where the library is.
	Path string
	// APIVersion and EngineVersion are the numbers of _TcktApi_GetGAVersion in hexadecimal, since
	// their format is not public; empty if the library has none.
	APIVersion, EngineVersion string
	// Err is a *problem.Problem: why the library could not be initialised, or nil.
	Err error
}

// Status returns what is installed, without a prompt. A library that is there and unusable is an
// error; a missing one is not.
func (b *Bridge) Status(ctx context.Context) (Status, error) {
	var answer wire.Status
	if err := b.inquire(ctx, wire.CallStatus, &answer); err != nil {
		return Status{}, err
	}
	made := Status{
		Installed: answer.Installed, Looked: answer.Looked, Path: answer.Path,
		APIVersion: number(answer.APIVersion), EngineVersion: number(answer.EngineVersion),
	}
	if answer.Failure.Code != "" {
		made.Err = answered(&helper.CallError{Code: answer.Failure.Code, Message: answer.Failure.Message})
	}
	return made, nil
}

func number(version uint32) string {
	if version == 0 {
		return ""
	}
	return fmt.Sprintf("0x%08X", version)
}
