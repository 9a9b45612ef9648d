package handoff

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/secret"
)

// Changes in a member that a watch does not compare would not be reported.
func TestSessionsAreComparedWhole(t *testing.T) {
	end := time.Unix(3, 0)
	requireComparedWhole(t, Session{ExpiresAt: end}, func(s *Session, others secret.Text) { s.others = others })
	requireComparedWhole(t, FHIRSession{TokenExpiresAt: end, ExpiresAt: end}, func(s *FHIRSession, others secret.Text) { s.others = others })
	require.False(t, same(Session{}, FHIRSession{}), "another platform")
}

func requireComparedWhole[S Entry](t *testing.T, base S, setOthers func(*S, secret.Text)) {
	t.Helper()
	require.True(t, same(base, base))
	fields := reflect.TypeFor[S]()
	for i := range fields.NumField() {
		changed := base
		field := reflect.ValueOf(&changed).Elem().Field(i)
		if fields.Field(i).Name == "others" {
			setOthers(&changed, secret.New("made up"))
			require.False(t, same(changed, base), "a member of a later program")
			continue
		}
		switch field.Interface().(type) {
		case SessionKey:
			field.Set(reflect.ValueOf(NewSessionKey("made-up")))
		case AccessToken:
			field.Set(reflect.ValueOf(NewAccessToken("made-up")))
		case time.Time:
			field.Set(reflect.ValueOf(time.Unix(1, 0)))
		case string:
			field.SetString("made up")
		default:
			field.SetInt(1)
		}
		require.False(t, same(changed, base), fields.Field(i).Name)
		require.False(t, same(base, changed), fields.Field(i).Name)
	}
}

func TestExpired(t *testing.T) {
	end := time.Date(2026, 3, 2, 18, 42, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		session Entry
		at      time.Time
		want    bool
	}{
		"before its end":                  {Session{ExpiresAt: end}, end.Add(-1), false},
		"at its end":                      {Session{ExpiresAt: end}, end, true},
		"in another time zone":            {Session{ExpiresAt: end}, end.In(time.FixedZone("", 3600)), true},
		"no end is known":                 {Session{}, end, true},
		"a token before its end":          {FHIRSession{TokenExpiresAt: end, ExpiresAt: end.Add(time.Hour)}, end.Add(-1), false},
		"a token at its end":              {FHIRSession{TokenExpiresAt: end, ExpiresAt: end.Add(time.Hour)}, end, true},
		"a token of an ended sign-in":     {FHIRSession{TokenExpiresAt: end.Add(time.Hour), ExpiresAt: end}, end, true},
		"no end of a token is known":      {FHIRSession{ExpiresAt: end.Add(time.Hour)}, end, true},
		"a token without a session's end": {FHIRSession{TokenExpiresAt: end.Add(time.Hour)}, end, true},
	} {
		require.Equal(t, test.want, test.session.Expired(test.at), name)
	}
}
