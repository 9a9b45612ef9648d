package widgets

import "fyne.io/fyne/v2"

// Strokes tells a press of a key from the repeats of one that is held down, which must not press or
// choose what has appeared under them. Fyne announces a press as KeyDown, TypedKey and, for most
// characters, TypedRune; a repeat as the last two; and a character of an input method as TypedRune
// alone. Who has the focus receives them, so a key that went down elsewhere only repeats here.
type Strokes struct {
	down            fyne.KeyName
	fresh, repeated bool
}

// Down is to be called for each KeyDown.
func (s *Strokes) Down(key *fyne.KeyEvent) { *s = Strokes{down: key.Name, fresh: true} }

// Typed is to be called for each TypedKey. Some keys that went down, as Tab, are not typed.
func (s *Strokes) Typed(key *fyne.KeyEvent) {
	s.repeated = !s.fresh || s.down != key.Name
	s.fresh = false
}

// Repeated reports whether the last key typed, and a character that follows, is a repeat.
func (s *Strokes) Repeated() bool { return s.repeated }

// Forget is to be called when a key comes up, or the focus goes.
func (s *Strokes) Forget() { *s = Strokes{} }
