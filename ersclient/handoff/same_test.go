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
	require.True(t, Session{}.same(Session{}))
	fields := reflect.TypeFor[Session]()
	for i := range fields.NumField() {
		var changed Session
		field := reflect.ValueOf(&changed).Elem().Field(i)
		if fields.Field(i).Name == "others" {
			changed.others = secret.New("made up")
			require.False(t, changed.same(Session{}), "a member of a later program")
			continue
		}
		switch field.Interface().(type) {
		case SessionKey:
			field.Set(reflect.ValueOf(NewSessionKey("made-up")))
		case time.Time:
			field.Set(reflect.ValueOf(time.Unix(1, 0)))
		case string:
			field.SetString("made up")
		default:
			field.SetInt(1)
		}
		require.False(t, changed.same(Session{}), fields.Field(i).Name)
		require.False(t, Session{}.same(changed), fields.Field(i).Name)
	}
}

func TestExpired(t *testing.T) {
	end := time.Date(2026, 3, 2, 18, 42, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		session Session
		at      time.Time
		want    bool
	}{
		"before its end":       {Session{ExpiresAt: end}, end.Add(-1), false},
		"at its end":           {Session{ExpiresAt: end}, end, true},
		"in another time zone": {Session{ExpiresAt: end}, end.In(time.FixedZone("", 3600)), true},
		"no end is known":      {Session{}, end, true},
	} {
		require.Equal(t, test.want, test.session.Expired(test.at), name)
	}
}
