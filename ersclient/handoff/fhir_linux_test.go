package handoff_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zalando/go-keyring"

	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/keyringtest"
)

// Another program, in another language, gets the token byte for byte and after each refresh and
// switch the new one; one for HSCN finds no user signed in; and none finds anything at the end.
func TestOtherProgramsReadATokenThatIsPublished(t *testing.T) {
	for name, options := range keyrings {
		t.Run(name, func(t *testing.T) {
			ring := within(t, options)
			readers := programsThatRead(t, options)
			requireRead := func(want handoff.FHIRSession) {
				t.Helper()
				encoded, err := handoff.Encode(want)
				require.NoError(t, err)
				for name, read := range readers {
					requireReads(t, ring, string(encoded), read, handoff.AccountFHIRSession, name)
					requireReads(t, ring, want.AccessToken.Reveal(), read, handoff.AccountAccessToken, name)
					require.Empty(t, read(handoff.AccountSession), name)
					require.Empty(t, read(handoff.AccountSessionKey), name)
				}
				session, err := handoff.ReadFHIR(t.Context())
				require.NoError(t, err)
				requireSameFHIR(t, want, session)
				token, err := handoff.ReadAccessToken(t.Context())
				require.NoError(t, err)
				require.True(t, token.Equal(want.AccessToken.Text))
				_, err = handoff.Read(t.Context())
				require.ErrorIs(t, err, handoff.ErrNotFound, "a token would be sent as a session key")
				_, err = handoff.ReadKey(t.Context())
				require.ErrorIs(t, err, handoff.ErrNotFound)
				whichever, err := handoff.ReadAny(t.Context())
				require.NoError(t, err)
				require.Equal(t, want.Details(), whichever.Details())
			}
			now := madeUpFHIR()
			require.NoError(t, handoff.Write(t.Context(), now))
			requireRead(now)
			require.NoError(t, ring.Lock())
			_, err := handoff.ReadFHIR(t.Context())
			require.ErrorIs(t, err, handoff.ErrLocked)
			_, err = handoff.ReadAny(t.Context())
			require.ErrorIs(t, err, handoff.ErrLocked)
			require.NoError(t, ring.Unlock())
			requireRead(now)

			now.Revision, now.AccessToken = now.Revision+1, handoff.NewAccessToken("refreshed")
			require.NoError(t, handoff.Write(t.Context(), now))
			requireRead(now)
			now.Generation, now.Revision, now.OrgIdentifier = now.Generation+1, 0, "R02"
			require.NoError(t, handoff.Write(t.Context(), now), "another role")
			requireRead(now)

			require.NoError(t, handoff.Clear(t.Context()))
			for name, read := range readers {
				for _, account := range accountsOfBoth {
					require.Empty(t, read(account), "%s: %s", name, account)
				}
			}
			_, err = handoff.ReadFHIR(t.Context())
			require.ErrorIs(t, err, handoff.ErrNotFound)
			_, err = handoff.ReadAccessToken(t.Context())
			require.ErrorIs(t, err, handoff.ErrNotFound)
			_, err = handoff.ReadAny(t.Context())
			require.ErrorIs(t, err, handoff.ErrNotFound)
			require.NoError(t, handoff.Clear(t.Context()), "there is nothing to clear")
		})
	}
}

// there returns the accounts with an entry.
func there(t *testing.T) (found []string) {
	t.Helper()
	for _, account := range accountsOfBoth {
		_, err := keyring.Get(handoff.Service, account)
		if err == nil {
			found = append(found, account)
			continue
		}
		require.ErrorIs(t, err, keyring.ErrNotFound)
	}
	return found
}

// A user who signs in to the other platform, as after a crash, must not seem to be signed in to
// both.
func TestOnePlatformAtATime(t *testing.T) {
	within(t, keyringtest.Options{})
	for range 2 {
		require.NoError(t, handoff.Write(t.Context(), madeUp()))
		require.Equal(t, accountsOfBoth[:2], there(t))
		session, err := handoff.ReadAny(t.Context())
		require.NoError(t, err)
		require.Equal(t, madeUp().Details(), session.Details())
		require.NoError(t, handoff.Write(t.Context(), madeUpFHIR()))
		require.Equal(t, accountsOfBoth[2:], there(t))
	}
	for _, account := range accountsOfBoth {
		require.NoError(t, keyring.Set(handoff.Service, account, "left by a crash"))
	}
	require.NoError(t, handoff.Clear(t.Context()))
	require.Empty(t, there(t))
}

// Of two entries, a program ready for both platforms must get the one that can be used.
func TestReadAny(t *testing.T) {
	within(t, keyringtest.Options{})
	hscn, fhir := signedInUntil(time.Now().Add(time.Hour)), tokenUntil(time.Now().Add(time.Hour))
	overHSCN, overFHIR := signedInUntil(time.Now().Add(-time.Hour)), tokenUntil(time.Now().Add(-time.Hour))
	text := func(session handoff.Entry) string {
		encoded, err := handoff.Encode(session)
		require.NoError(t, err)
		return string(encoded)
	}
	for name, test := range map[string]struct {
		session, fhirSession string
		want                 handoff.Platform
		err                  error
	}{
		"none":                               {"", "", "", handoff.ErrNotFound},
		"HSCN":                               {text(hscn), "", handoff.HSCN, nil},
		"FHIR":                               {"", text(fhir), handoff.FHIR, nil},
		"a token that is over beside a key":  {text(hscn), text(overFHIR), handoff.HSCN, nil},
		"a key that is over beside a token":  {text(overHSCN), text(fhir), handoff.FHIR, nil},
		"a token that is over":               {"", text(overFHIR), handoff.FHIR, nil},
		"another version beside a key":       {text(hscn), `{"version":2}`, handoff.HSCN, nil},
		"another version beside a token":     {`{"version":2}`, text(fhir), handoff.FHIR, nil},
		"another version":                    {"", `{"version":2}`, "", handoff.ErrVersion},
		"malformed":                          {`{`, "", "", handoff.ErrMalformed},
		"a token where a session key was":    {text(fhir), "", "", handoff.ErrMalformed},
		"a session key where the token was":  {"", text(hscn), "", handoff.ErrMalformed},
		"both of another version, or broken": {`{`, `{"version":2}`, "", handoff.ErrVersion},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, handoff.Clear(t.Context()))
			for account, entry := range map[string]string{
				handoff.AccountSession: test.session, handoff.AccountFHIRSession: test.fhirSession,
			} {
				if entry != "" {
					require.NoError(t, keyring.Set(handoff.Service, account, entry))
				}
			}
			session, err := handoff.ReadAny(t.Context())
			require.ErrorIs(t, err, test.err)
			if err != nil {
				require.Nil(t, session)
				return
			}
			require.Equal(t, test.want, session.Details().Platform)
		})
	}
	require.NoError(t, handoff.Clear(t.Context()))
	require.NoError(t, keyring.Set(handoff.Service, handoff.AccountAccessToken, "two\nlines"))
	_, err := handoff.ReadAccessToken(t.Context())
	require.ErrorIs(t, err, handoff.ErrMalformed)
}

// A token that could be written only in part must not stay, and one entry that cannot be deleted
// must not keep the others.
func TestNothingOfATokenStaysBehind(t *testing.T) {
	t.Run("a failed write", func(t *testing.T) {
		within(t, keyringtest.Options{Fake: &keyringtest.Fake{Fail: 2}})
		require.Error(t, handoff.Write(t.Context(), madeUpFHIR()))
		require.Empty(t, there(t))
	})
	t.Run("a write that comes too late", func(t *testing.T) {
		session := within(t, keyringtest.Options{Fake: &keyringtest.Fake{Hang: "CreateItem"}})
		require.ErrorIs(t, handoff.Write(soon(t, 200*time.Millisecond), madeUpFHIR()), handoff.ErrTimeout)
		session.Release()
		require.NoError(t, handoff.Probe(soon(t, time.Minute)), "it waits for what was left behind")
		require.Empty(t, there(t))
	})
	for _, stays := range []string{handoff.AccountFHIRSession, handoff.AccountAccessToken} {
		t.Run(stays+" cannot be deleted", func(t *testing.T) {
			within(t, keyringtest.Options{Fake: &keyringtest.Fake{KeepAccount: stays}})
			require.NoError(t, handoff.Write(t.Context(), madeUpFHIR()))
			require.ErrorIs(t, handoff.Clear(t.Context()), handoff.ErrLeftover)
			require.Equal(t, []string{stays}, there(t))
		})
	}
	t.Run("the other platform's session cannot be deleted", func(t *testing.T) {
		within(t, keyringtest.Options{Fake: &keyringtest.Fake{KeepAccount: handoff.AccountSession}})
		require.NoError(t, handoff.Write(t.Context(), madeUp()))
		require.ErrorIs(t, handoff.Write(t.Context(), madeUpFHIR()), handoff.ErrLeftover)
		require.Equal(t, []string{handoff.AccountSession}, there(t), "a user is signed in to both platforms")
	})
}

// tokenUntil returns a session whose token has this end.
func tokenUntil(end time.Time) handoff.FHIRSession {
	session := madeUpFHIR()
	end = end.Truncate(time.Second).UTC()
	session.IssuedAt, session.TokenExpiresAt, session.ExpiresAt = end.Add(-10*time.Minute), end, end.Add(11*time.Hour)
	return session
}

// An application that follows the session must learn of each new token, or its calls are refused.
func TestAWatchYieldsEachToken(t *testing.T) {
	within(t, keyringtest.Options{})
	changes := following(t, handoff.WatchFHIR)
	require.ErrorIs(t, (<-changes).err, handoff.ErrNotFound)
	session := tokenUntil(time.Now().Add(time.Hour))
	for revision := range int64(3) {
		session.Revision, session.AccessToken = revision, handoff.NewAccessToken("made-up-"+string(rune('a'+revision)))
		require.NoError(t, handoff.Write(t.Context(), session))
		change := <-changes
		require.NoError(t, change.err)
		requireSameFHIR(t, session, change.session)
	}
	// The token ends, and nothing renews it. On a computer too slow for its two seconds, it was never
	// seen.
	session = tokenUntil(time.Now().Add(2 * time.Second))
	require.NoError(t, handoff.Write(t.Context(), session))
	for change := range changes {
		if change.err != nil {
			require.ErrorIs(t, change.err, handoff.ErrNotFound)
			break
		}
	}
	_, err := handoff.ReadFHIR(t.Context())
	require.NoError(t, err, "the entry itself is still there")
}

// A program ready for both platforms follows the user from one to the other, and one for HSCN alone
// sees no session but HSCN's.
func TestAWatchOfBothPlatforms(t *testing.T) {
	within(t, keyringtest.Options{})
	both, hscnOnly := following(t, handoff.WatchAny), following(t, handoff.Watch)
	require.ErrorIs(t, (<-both).err, handoff.ErrNotFound)
	require.ErrorIs(t, (<-hscnOnly).err, handoff.ErrNotFound)

	fhir := tokenUntil(time.Now().Add(time.Hour))
	require.NoError(t, handoff.Write(t.Context(), fhir))
	change := <-both
	require.NoError(t, change.err)
	require.Equal(t, fhir.Details(), change.session.Details())
	require.NoError(t, handoff.Clear(t.Context()))
	require.ErrorIs(t, (<-both).err, handoff.ErrNotFound)

	hscn := signedInUntil(time.Now().Add(time.Hour).Truncate(time.Second).UTC())
	require.NoError(t, handoff.Write(t.Context(), hscn))
	change = <-both
	require.NoError(t, change.err)
	require.Equal(t, hscn.Details(), change.session.Details())
	seen := <-hscnOnly
	require.NoError(t, seen.err)
	requireSame(t, hscn, seen.session)
}

// A program that waits must get a session of the platform that it waits for, and of no other.
func TestWaitForAPlatform(t *testing.T) {
	within(t, keyringtest.Options{})
	fhir := tokenUntil(time.Now().Add(time.Hour))
	require.NoError(t, handoff.Write(t.Context(), fhir))
	session, err := handoff.WaitFHIR(soon(t, time.Minute))
	require.NoError(t, err)
	requireSameFHIR(t, fhir, session)
	whichever, err := handoff.WaitAny(soon(t, time.Minute))
	require.NoError(t, err)
	require.Equal(t, fhir.Details(), whichever.Details())
	_, err = handoff.Wait(soon(t, 100*time.Millisecond))
	require.ErrorIs(t, err, handoff.ErrNotFound)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	require.NoError(t, handoff.Write(t.Context(), tokenUntil(time.Now().Add(-time.Second))))
	_, err = handoff.WaitAny(soon(t, 100*time.Millisecond))
	require.ErrorIs(t, err, handoff.ErrNotFound)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// KWallet sometimes says that an entry is empty while it is being replaced. A reader must not take
// the user for signed out, or the entry for malformed.
func TestAnEntryThatIsEmptyForAMoment(t *testing.T) {
	for empty, want := range map[int]error{3: nil, 1000: handoff.ErrReadBack} {
		t.Run(fmt.Sprint(empty), func(t *testing.T) {
			within(t, keyringtest.Options{Fake: &keyringtest.Fake{Empty: empty}})
			require.ErrorIs(t, handoff.Write(t.Context(), madeUpFHIR()), want)
		})
	}
}
