package handoff

import "github.com/ers-login/ers-login/internal/secret"

// Known returns a session without its unknown members, and these.
func Known(s Session) (known Session, others string) {
	others, s.others = s.others.Reveal(), secret.Text{}
	return s, others
}

// KnownFHIR is Known for the other platform.
func KnownFHIR(s FHIRSession) (known FHIRSession, others string) {
	others, s.others = s.others.Reveal(), secret.Text{}
	return s, others
}
