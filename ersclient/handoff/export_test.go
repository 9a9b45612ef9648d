package handoff

import "github.com/ers-login/ers-login/internal/secret"

// Known returns a session without the members that this package does not know, and these.
func Known(s Session) (known Session, others string) {
	others, s.others = s.others.Reveal(), secret.Text{}
	return s, others
}
