package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// newFrame stacks header, notices, page and status bar. The page is drawn first, since its scrolled
// part is behind the others. The tip is above them all; the object added after it is a point in the
// corner.
func newFrame(header *fyne.Container, notices *strip, page, status, tip *fyne.Container) *fyne.Container {
	return container.New(&frameLayout{header: header, notices: notices, page: page, status: status},
		widgets.NewBackdrop(widgets.ColorPage, false), page, header, notices.box, status, tip)
}

// framed is the number of a frame's own objects, tipped the index of the tip.
const framed, tipped = 6, 5

type frameLayout struct {
	header, page, status *fyne.Container
	notices              *strip
}

// MinSize is the window's minimum size. Its content fits into any size or scrolls.
func (l *frameLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(minWidth, minHeight)
}

func (l *frameLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	top, bottom := widgets.HeightFor(l.header, size.Width), widgets.HeightFor(l.status, size.Width)
	objects[0].Resize(size)
	objects[tipped].Resize(size)
	l.header.Resize(fyne.NewSize(size.Width, top))
	if l.notices.box.Visible() {
		const most = 0.18 // of the window: the page matters more
		l.notices.fit(size.Width, size.Height*most)
		height := widgets.HeightFor(l.notices.box, size.Width)
		l.notices.box.Move(fyne.NewPos(0, top))
		l.notices.box.Resize(fyne.NewSize(size.Width, height))
		top += height
	}
	l.page.Move(fyne.NewPos(0, top))
	l.page.Resize(fyne.NewSize(size.Width, size.Height-top-bottom))
	l.status.Move(fyne.NewPos(0, size.Height-bottom))
	l.status.Resize(fyne.NewSize(size.Width, bottom))
	for _, point := range objects[framed:] {
		point.Resize(fyne.NewSquareSize(1))
	}
}

const edge = 24 // between the window's sides and the content of header and status bar

// header is the bar at the top: the program's name, a badge in the demonstration and in a test
// environment, and the signed-in user, who may be another one.
type header struct {
	box        *fyne.Container
	name, user *widgets.Text
	notYou     *widgets.Link
	badge      *widgets.Badge
	// mark is the badge with its margin.
	mark *fyne.Container
	// demonstration: the badge says that, and nothing else.
	demonstration bool
}

func newHeader(settings Settings, notYou func()) *header {
	h := &header{
		demonstration: settings.Demonstration, badge: widgets.NewBadge(lang.L("DEMONSTRATION"), widgets.Notice),
		notYou: widgets.NewBannerLink(lang.L("Not you?"), notYou),
		name:   widgets.NewText("", widgets.Style{Size: widgets.SizeName, Color: widgets.ColorOnBanner}),
		user:   widgets.NewText("", widgets.Style{Size: widgets.SizeSmall, Color: widgets.ColorOnBannerSoft}),
	}
	// Name and number show whose session it is: the name has two lines, and the number is never
	// cut.
	h.name.Alignment, h.user.Alignment, h.name.Lines = fyne.TextAlignTrailing, fyne.TextAlignTrailing, 2
	// Letters sit low in their line, and so does the badge next to the name.
	h.mark = widgets.Inset(widgets.Margins{Top: 3}, h.badge)
	title := []fyne.CanvasObject{widgets.NewText(lang.L("e-RS Login"),
		widgets.Style{Size: widgets.SizeBanner, Color: widgets.ColorOnBanner, Bold: true}), h.mark}
	number := widgets.AtEnd(8, 2, h.notYou, h.user)
	who := widgets.Inset(widgets.Margins{Bottom: 2}, widgets.Column(widgets.Row{Object: h.name},
		widgets.Row{Object: number}))
	h.box = container.New(headerLayout{bar: barLayout{least: 56, pad: 6}, title: title, name: h.name, number: number},
		widgets.NewBackdrop(widgets.ColorBanner, false), widgets.Middle(12, 4, title...), who)
	return h
}

// show shows who has signed in, as long as the session is theirs, and where.
func (h *header) show(state signin.State) {
	if test := testEnvironment(state.Environment); !h.demonstration {
		h.badge.SetText(test)
		h.mark.Hidden = test == ""
	}
	h.notYou.Hidden = state.User == (signin.User{}) || !slices.Contains(changeable, state.Phase)
	name, user := "", ""
	switch state.Phase {
	case signin.Choosing, signin.ChoosingClinician, signin.Selecting, signin.SignedIn, signin.Ending:
		name = problem.Clean(state.User.Name, 100)
		user = userNumber(state.User)
	case signin.Starting, signin.Waiting, signin.Prompting, signin.SigningIn, signin.Failed, signin.Closed:
	}
	h.name.SetText(name)
	h.user.SetText(user)
	for _, text := range []*widgets.Text{h.name, h.user} {
		if text.String() == "" {
			text.Hide()
		} else {
			text.Show()
		}
	}
}

// changeable are the phases in which a user can say that they are another person.
var changeable = []signin.Phase{signin.Choosing, signin.ChoosingClinician, signin.SignedIn}

// userNumber returns a user's number as a text, or "".
func userNumber(user signin.User) string {
	id := problem.Clean(user.Identifier, 40)
	if id == "" {
		return ""
	}
	return lang.L("User {{.Number}}", map[string]any{"Number": grouped(id)})
}

// grouped writes a 12-digit number in three groups.
func grouped(number string) string {
	if len(number) != 12 || strings.Trim(number, "0123456789") != "" {
		return number
	}
	return number[:4] + " " + number[4:8] + " " + number[8:]
}

// statusBar is the bar at the bottom: the health of card side, keyring and e-RS, and the version.
type statusBar struct {
	box                 *fyne.Container
	proof, ers, keyring *widgets.StatusLink
	// help opens the help of the screen, where it has one, settings what the user can change, and diagnostics what is wrong.
	help, settings, diagnostics *widgets.Link
}

func newStatusBar(settings Settings, help, change, diagnose func()) *statusBar {
	s := &statusBar{proof: widgets.NewStatusLink(), ers: widgets.NewStatusLink(), keyring: widgets.NewStatusLink(),
		help: widgets.NewLink(lang.L("F1 Help"), help), settings: widgets.NewLink(lang.L("F2 Settings"), change),
		diagnostics: widgets.NewLink(lang.L("F9 Check computer"), diagnose)}
	version := widgets.NewText(settings.Version, widgets.Style{Size: widgets.SizeSmall, Color: widgets.ColorSecondary})
	version.Alignment, version.Lines = fyne.TextAlignTrailing, 1
	// The pad makes the bar equally high with and without links: its line must not jump between
	// screens.
	s.box = container.New(statusLayout{barLayout{least: 36, pad: 7}},
		widgets.NewBackdrop(widgets.ColorSurface, true), widgets.Flow(22, 4, s.proof, s.ers, s.keyring),
		widgets.Middle(8, 2, s.help, s.settings, s.diagnostics, version))
	for _, link := range s.links() {
		link.Hide()
	}
	return s
}

func (s *statusBar) links() []*widgets.Link {
	return []*widgets.Link{s.help, s.settings, s.diagnostics}
}

// offer shows the available links, and reports whether that has changed anything.
func (s *statusBar) offer(help, settings, diagnostics bool) bool {
	changed := false
	for i, offered := range []bool{help, settings, diagnostics} {
		link := s.links()[i]
		changed = changed || link.Visible() != offered
		link.Hidden = !offered
	}
	return changed
}

func (s *statusBar) show(state signin.State) {
	s.proof.Set(statusIcon(state.Links.Proof.Health), proofWords(state.Links.Proof))
	s.ers.Set(statusIcon(state.Links.ERS), ersWords(state.Links.ERS))
	s.keyring.Set(statusIcon(state.Links.Keyring), keyringWords(state.Links.Keyring))
}

func statusIcon(health signin.Health) fyne.Resource {
	switch health {
	case signin.HealthGood:
		return iconGood
	case signin.HealthAttention:
		return iconAttention
	case signin.HealthBad:
		return iconBad
	default:
		return iconUnknown
	}
}

// proofWords are the platform's, once one is known.
func proofWords(link signin.Link) string {
	if link.Text == "" {
		return lang.L("Sign-in not checked yet")
	}
	return fromPlatform(link.Text)
}

func ersWords(health signin.Health) string {
	switch health {
	case signin.HealthGood:
		return lang.L("e-RS reachable")
	case signin.HealthAttention:
		return lang.L("e-RS answers with problems")
	case signin.HealthBad:
		return lang.L("e-RS not reachable")
	default:
		return lang.L("e-RS not checked yet")
	}
}

func keyringWords(health signin.Health) string {
	switch health {
	case signin.HealthGood:
		return lang.L("Keyring unlocked")
	case signin.HealthAttention:
		return lang.L("Keyring locked")
	case signin.HealthBad:
		return lang.L("Keyring not working")
	default:
		return lang.L("Keyring not checked yet")
	}
}

// headerLayout shares the header's width. The right side shows whose session it is, so the badge
// next to the program's name gives way first, into its own row.
type headerLayout struct {
	bar   barLayout
	title []fyne.CanvasObject
	name  *widgets.Text
	// number is the user's, with what stands beside it.
	number fyne.CanvasObject
}

func (l headerLayout) widths(objects []fyne.CanvasObject, width float32) (left, right float32) {
	room := width - 3*edge
	wanted, beside := widgets.NaturalWidth(objects[2]), room-widgets.NaturalWidth(objects[1])
	below := room
	for _, object := range l.title {
		if !object.Visible() {
			continue
		}
		below = min(below, room-widgets.NaturalWidth(object))
	}
	switch {
	case wanted <= beside:
		right = wanted
	case l.shows(beside):
		right = beside
	default:
		right = min(wanted, below)
	}
	return room - right, right
}

// shows reports whether name and number fit into a width.
func (l headerLayout) shows(width float32) bool {
	return width > 0 && !l.name.Cut(width) && widgets.NaturalWidth(l.number) <= width
}

// HeightFor returns the height of the header at a width.
func (l headerLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	left, right := l.widths(objects, width)
	return l.bar.heightOf(objects, left, right)
}

// Layout places title, and name with number.
func (l headerLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left, right := l.widths(objects, size.Width)
	l.bar.place(objects, size, left, right)
}

// MinSize is zero, as in all layouts of [widgets.TallLayout].
func (l headerLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// statusLayout shares the status bar's width: the right side gets what it wants, up to what the
// left can spare, and less if that leaves more height to the page. Its content continues in another
// row; nothing is cut.
type statusLayout struct{ bar barLayout }

func (l statusLayout) widths(objects []fyne.CanvasObject, width float32) (left, right float32) {
	room := width - 3*edge
	right = min(widgets.NaturalWidth(objects[2]), max(room-widgets.NaturalWidth(objects[1]), room*0.4))
	lowest, step := l.bar.heightOf(objects, room-right, right), right*0.05
	for try := right - step; lowest > l.bar.least && try > room*0.15; try -= step {
		if height := l.bar.heightOf(objects, room-try, try); height < lowest {
			lowest, right = height, try
		}
	}
	return room - right, right
}

// HeightFor returns the height of the status bar at a width.
func (l statusLayout) HeightFor(objects []fyne.CanvasObject, width float32) float32 {
	left, right := l.widths(objects, width)
	return l.bar.heightOf(objects, left, right)
}

// Layout places the health of card side, keyring and e-RS, and the links.
func (l statusLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left, right := l.widths(objects, size.Width)
	l.bar.place(objects, size, left, right)
}

// MinSize is zero, as in all layouts of [widgets.TallLayout].
func (l statusLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// barLayout is common to header and status bar: a ground, with objects at the left and the right.
type barLayout struct{ least, pad float32 }

func (l barLayout) heightOf(objects []fyne.CanvasObject, left, right float32) float32 {
	return max(l.least, 2*l.pad+max(widgets.HeightFor(objects[1], left), widgets.HeightFor(objects[2], right)))
}

func (l barLayout) place(objects []fyne.CanvasObject, size fyne.Size, left, right float32) {
	objects[0].Resize(size)
	middle := func(object fyne.CanvasObject, x, width float32) {
		height := widgets.HeightFor(object, width)
		object.Move(fyne.NewPos(x, float32(int((size.Height-height)/2))))
		object.Resize(fyne.NewSize(width, height))
	}
	middle(objects[1], edge, left)
	middle(objects[2], size.Width-edge-right, right)
}
