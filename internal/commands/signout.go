package commands

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/config"
	"github.com/ers-login/ers-login/internal/instance"
	"github.com/ers-login/ers-login/internal/keyring"
	"github.com/ers-login/ers-login/internal/signin"
)

// signOutWithin bounds signing out: the keyring, the grace for other applications' calls, and e-RS.
const signOutWithin = 30 * time.Second

func (p program) signOut() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "sign-out",
		Short: "Sign out of e-RS",
		Long: "Has the window end the session, and returns when it is out of the keyring. A sign-in under way is given up. Where no window\n" +
			"is open, what an earlier run has left in the keyring is removed, and its session closed at e-RS if the settings allow it.\n" +
			"That nobody was signed in is no error. No window is opened.\n\n" + statusHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return within(cmd, timeout, "the session was not ended", func(ctx context.Context, sources config.Sources) error {
				return p.endSession(ctx, instance.DefaultFile(), sources)
			})
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", signOutWithin, "longest time to wait")
	return cmd
}

// endSession ends the session in the process that has it.
func (p program) endSession(ctx context.Context, path string, sources config.Sources) error {
	request := instance.Request{Action: instance.SignOut, Wait: true}
	lock, answer, err := instance.Join(ctx, path, request)
	switch {
	case err != nil:
		return err
	case lock != nil:
		// While it is held, no window can start.
		p.lock.hold(lock)
		err := p.clearLeftovers(ctx, sources)
		p.lock.hold(nil)
		err = errors.Join(err, lock.Release())
		var elsewhere livesElsewhere
		if !errors.As(err, &elsewhere) {
			return err
		}
		if answer, err = instance.Ask(ctx, elsewhere.path, request); err != nil {
			return err
		}
	}
	if err := refusal(answer); err != nil {
		return err
	}
	return noneLeft(ctx)
}

// livesElsewhere: the session belongs to a living instance, which only its lock's path leads to.
type livesElsewhere struct {
	error
	path string
}

func (e livesElsewhere) Unwrap() error { return e.error }

// noneLeft checks that other applications find no session.
func noneLeft(ctx context.Context) error {
	switch _, err := readSession(ctx); {
	case err == nil:
		return keyring.Leftover.Because(errors.New("the entry is there after signing out"))
	case outOfReach(err):
		// The window has reported that it is gone, and may use a keyring out of this process's
		// reach.
		return nil
	case !errors.Is(err, errNobody):
		return err
	}
	// A script reads the key alone. An invalid one in its place counts too.
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	switch _, err := handoff.ReadKey(ctx); {
	case err == nil, errors.Is(err, handoff.ErrMalformed):
		return keyring.Leftover.Because(errors.New("the key is there after signing out"))
	case errors.Is(err, handoff.ErrNotFound):
		return nil
	default:
		return keyring.Told(err)
	}
}

// outOfReach reports whether there is no keyring here in which a session could be read.
func outOfReach(err error) bool {
	return errors.Is(err, handoff.ErrNoBus) || errors.Is(err, handoff.ErrNoService) ||
		errors.Is(err, handoff.ErrNoCollection) || errors.Is(err, handoff.ErrLocked) && !errors.Is(err, handoff.ErrItemLocked)
}

// clearLeftovers removes what a killed run has left in the keyring, and closes its session at e-RS.
func (p program) clearLeftovers(ctx context.Context, sources config.Sources) error {
	log := p.openLog("")
	defer closeLog(log)
	sources.LeaveBroken = true
	settings, settingsErr := config.LoadReal(sources)
	ring, err := p.openKeyring(settings, log)
	if err != nil {
		return err
	}
	defer func() {
		if err := ring.Close(); err != nil {
			log.WithError(err).Debug("the keyring worker did not end")
		}
	}()
	left, err := ring.Read(ctx)
	switch {
	case errors.Is(err, handoff.ErrNotFound):
		// Without its main entry, any other entry is left of an end that was cut short.
		if err := ring.Clear(ctx); err != nil {
			return err
		}
		return sayTo(p.stderr, "Nobody was signed in.")
	case err != nil && !errors.Is(err, keyring.Unreadable):
		return err
	}
	log.Guard(left.SessionKey.Text)
	if err := p.lock.foreign(left); err != nil {
		return livesElsewhere{err, left.Owner}
	}
	if err := ring.Clear(ctx); err != nil {
		return err
	}
	if settingsErr == nil && left.BaseURL == settings.BaseURL && left.ASID == settings.ASID {
		r := realServices{program: p, log: log, board: signin.NewBoard(), sources: sources}
		if settingsErr = r.closeLeftover(ctx, settings, ring, left); settingsErr == nil {
			return sayTo(p.stderr, "No window was open. The session that an earlier run had left was ended.")
		}
	}
	if settingsErr != nil {
		log.WithError(settingsErr).Debug("e-RS could not be told")
	}
	return sayTo(p.stderr, "No window was open. What an earlier run had left was removed from the keyring; e-RS could not be told, and closes "+
		"that session by itself in time.")
}

// closeLeftover closes the session of a killed run at e-RS (A003), with a record in the audit log.
func (r realServices) closeLeftover(ctx context.Context, settings config.Config, ring *keyring.Client, left handoff.Session) error {
	client, err := r.newRenewing(ctx, settings, ring)
	if err != nil {
		return err
	}
	defer client.Close()
	records := r.openAudit(settings, client, ersclient.CommonName(client.using.certificate))
	key := left.SessionKey
	records.ers.Know(key, left.UserIdentifier, ersclient.Permission{
		BusinessFunction: ersclient.BusinessFunction(left.BusinessFunction), OrgIdentifier: left.OrgIdentifier, OrgName: left.OrgName,
	})
	return errors.Join(records.ers.DeleteSession(ctx, key), records.close())
}
