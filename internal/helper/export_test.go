package helper

// Bounds that a test goes up to, in lines and lines a second.
const (
	StderrBurst = stderrBurst
	StderrRate  = stderrRate
)

// Idle reports whether no call has the turn, so that a test knows when one is under way.
func (s *Supervisor) Idle() bool { return len(s.turn) == 0 }
