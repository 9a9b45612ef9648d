package widgets

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

const (
	progressWidth  = 320
	progressHeight = 6
	progressPart   = 0.3
)

// Progress shows that something is going on, without how much is left. It moves only between Start
// and Stop, and not if the user has switched animations off.
type Progress struct {
	spoken    // Fyne has no role for progress bars
	label     string
	at        float32
	animation *fyne.Animation
}

// NewProgress returns a bar; the label is for screen readers.
func NewProgress(label string) *Progress {
	return extended(&Progress{label: label})
}

// Start sets the bar in motion.
func (p *Progress) Start() {
	if p.animation != nil || !fyne.CurrentApp().Settings().ShowAnimations() {
		return
	}
	p.animation = &fyne.Animation{Duration: 1400 * time.Millisecond, RepeatCount: fyne.AnimationRepeatForever,
		AutoReverse: true, Curve: fyne.AnimationEaseInOut, Tick: func(done float32) {
			p.at = done
			p.Refresh()
		}}
	p.animation.Start()
}

// Stop ends the motion.
func (p *Progress) Stop() {
	if p.animation != nil {
		p.animation.Stop()
		p.animation = nil
	}
}

// AccessibilityLabel returns the label.
func (p *Progress) AccessibilityLabel() string { return p.label }

// MinSize is the bar's size.
func (p *Progress) MinSize() fyne.Size { return fyne.NewSize(progressWidth, progressHeight) }

// CreateRenderer is called by Fyne.
func (p *Progress) CreateRenderer() fyne.WidgetRenderer {
	track, part := &canvas.Rectangle{}, &canvas.Rectangle{}
	paint := func() {
		track.FillColor, part.FillColor = colorOf(p, ColorLine), colorOf(p, ColorPrimary)
	}
	lay := func(size fyne.Size) {
		track.Resize(size)
		width := size.Width * progressPart
		Put(part, (size.Width-width)*p.at, 0, width, size.Height)
		track.CornerRadius, part.CornerRadius = size.Height/2, size.Height/2
	}
	return draw(p, paint, lay, track, part)
}
