package ui

import (
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/theme"

	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/ui/widgets"
)

// newFrame stacks header, notices, page and status bar. The page is drawn first, since its scrolled
// part is behind the others. Tab goes round in the order of the objects, which is that on the
// screen, beginning at the page. The tip is above them all; the object added after it is a point
// in the corner.
func newFrame(header *fyne.Container, notices *strip, page, status, tip *fyne.Container) *fyne.Container {
	return container.New(&frameLayout{header: header, notices: notices, page: page, status: status},
		widgets.NewBackdrop(widgets.ColorPage, false), page, status, header, notices.box, tip)
}

// framed is the number of a frame's own objects, tipped the index of the tip.
const framed, tipped = 6, 5

type frameLayout struct {
	header, page, status *fyne.Container
	notices              *strip
}

// MinSize is the window's minimum size. Its content fits into any size or scrolls. Large text makes it
// lower by what the demonstration's menu is higher: a line of text.
func (l *frameLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	const line = 1.4
	return fyne.NewSize(minWidth, minHeight-line*max(0, theme.TextSize()-textSize))
}

func (l *frameLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	top, bottom := widgets.HeightFor(l.header, size.Width), widgets.HeightFor(l.status, size.Width)
	objects[0].Resize(size)
	objects[tipped].Resize(size)
	widgets.Put(l.header, 0, 0, size.Width, top)
	if l.notices.box.Visible() {
		const most = 0.18 // of the window: the page matters more
		l.notices.fit(size.Width, size.Height*most)
		height := widgets.HeightFor(l.notices.box, size.Width)
		widgets.Put(l.notices.box, 0, top, size.Width, height)
		top += height
	}
	widgets.Put(l.page, 0, top, size.Width, size.Height-top-bottom)
	widgets.Put(l.status, 0, size.Height-bottom, size.Width, bottom)
	for _, point := range objects[framed:] {
		point.Resize(fyne.NewSquareSize(1))
	}
}

// column is the greatest width of what a page, header and status bar show, in the middle of a wide
// window, and edge the least gap between the window's sides and the content of the bars.
const column, edge = 1200, 24

// side is the gap between the window's sides and the content of header, notices and status bar.
func side(width float32) float32 { return max(edge, float32(int((width-column)/2))) }

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
		notYou: widgets.NewLink(widgets.BannerLink, lang.L("Not you?"), notYou),
		name:   widgets.NewText("", widgets.Style{Size: widgets.SizeName, Color: widgets.ColorOnBanner}),
		user:   widgets.NewText("", widgets.Style{Size: widgets.SizeSmall, Color: widgets.ColorOnBannerSoft}),
	}
	// Name and number show whose session it is: the name has two lines, and the number is never
	// cut.
	h.name.Alignment, h.user.Alignment, h.name.Lines = fyne.TextAlignTrailing, fyne.TextAlignTrailing, 2
	// Letters sit low in their line, and so does the badge next to the name.
	h.mark = widgets.Inset(widgets.Margins{Top: 3}, h.badge)
	title := widgets.NewText(lang.L("e-RS Login"),
		widgets.Style{Size: widgets.SizeBanner, Color: widgets.ColorOnBanner, Bold: true})
	l := headerLayout{title: title, mark: h.mark, left: widgets.Middle(12, 4, title, h.mark),
		name: h.name, number: widgets.AtEnd(8, 2, h.notYou, h.user)}
	h.box = widgets.Placed(l.place, widgets.NewBackdrop(widgets.ColorBanner, false), l.left, l.name, l.number)
	return h
}

// show shows who has signed in, as long as the session is theirs, and where.
func (h *header) show(state signin.State) {
	if test := testEnvironment(state.Environment); !h.demonstration {
		h.badge.SetText(test)
		h.mark.Hidden = test == ""
	}
	h.notYou.Hidden = state.User == (signin.User{}) || !mayBeAnother(state.Phase)
	name, user := "", ""
	if inSession(state.Phase) {
		name, user = problem.Clean(state.User.Name, 100), userNumber(state.User)
	}
	h.name.Hidden, h.user.Hidden = name == "", user == ""
	h.name.SetText(name)
	h.user.SetText(user)
}

// mayBeAnother reports whether a user can say in a phase that they are another person.
func mayBeAnother(phase signin.Phase) bool {
	return phase == signin.Choosing || phase == signin.ChoosingClinician || phase == signin.SignedIn
}

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

// statusBar is the bar at the bottom: the health of card side, keyring and e-RS, and the version. It
// is equally high on all screens. Where it is narrow, the version goes first (the diagnostics have
// it), and then all but the worst of what is not well.
type statusBar struct {
	box                        *fyne.Container
	proof, ers, keyring, worst *widgets.StatusLink
	// states are proof, ers and keyring.
	states *fyne.Container
	// help opens the help of the screen, where it has one, settings what the user can change, and diagnostics what is wrong.
	help, settings, diagnostics *widgets.Link
	version                     *widgets.Text
	// most are the links that this window can offer, and longest the width of the longest words on the
	// health of anything: neither depends on the screen.
	most    []*widgets.Link
	longest float32
}

func newStatusBar(settings Settings, help, change, diagnose func()) *statusBar {
	s := &statusBar{proof: widgets.NewStatusLink(), ers: widgets.NewStatusLink(), keyring: widgets.NewStatusLink(), worst: widgets.NewStatusLink(),
		help: widgets.NewLink(widgets.SmallLink, lang.L("F1 Help"), help), settings: widgets.NewLink(widgets.SmallLink, lang.L("F2 Settings"), change),
		diagnostics: widgets.NewLink(widgets.SmallLink, lang.L("F9 Check computer"), diagnose)}
	s.version = widgets.NewText(settings.Version, widgets.Style{Size: widgets.SizeSmall, Color: widgets.ColorSecondary})
	s.version.Alignment, s.version.Lines = fyne.TextAlignTrailing, 1
	s.states = widgets.Flow(22, 4, s.proof.Container, s.ers.Container, s.keyring.Container)
	s.most = append(s.most, s.help)
	if settings.Preferences != nil {
		s.most = append(s.most, s.settings)
	}
	if settings.Diagnostics != nil {
		s.most = append(s.most, s.diagnostics)
	}
	all := []string{proofWords(signin.Link{}), problemShown()}
	for _, words := range linkWords {
		all = append(all, lang.L(words.ers), lang.L(words.keyring))
	}
	for _, words := range all {
		s.worst.Set(iconUnknown, words)
		s.longest = max(s.longest, widgets.NaturalWidth(s.worst.Container))
	}
	s.box = widgets.Placed(s.place, widgets.NewBackdrop(widgets.ColorSurface, true), s.states, s.worst.Container,
		widgets.Middle(linkGap, 0, s.help, s.settings, s.diagnostics, s.version))
	s.offer(false, false, false)
	return s
}

// offer shows the available links, and reports whether that has changed anything.
func (s *statusBar) offer(help, settings, diagnostics bool) bool {
	changed := s.help.Visible() != help || s.settings.Visible() != settings || s.diagnostics.Visible() != diagnostics
	s.help.Hidden, s.settings.Hidden, s.diagnostics.Hidden = !help, !settings, !diagnostics
	return changed
}

func (s *statusBar) show(state signin.State) {
	// Nothing is checked where the program is not set up, and nothing will be.
	idle := state.Phase == signin.Failed && state.Links == (signin.Links{})
	worst, words := signin.HealthGood, lang.L("All working")
	for _, one := range []struct {
		link   *widgets.StatusLink
		health signin.Health
		words  string
	}{
		{s.proof, state.Links.Proof.Health, proofWords(state.Links.Proof)},
		{s.ers, state.Links.ERS, lang.L(linkWords[state.Links.ERS].ers)},
		{s.keyring, state.Links.Keyring, lang.L(linkWords[state.Links.Keyring].keyring)},
	} {
		one.link.Hidden = idle
		one.link.Set(statusIcon(one.health), one.words)
		if gravity(one.health) > gravity(worst) {
			worst, words = one.health, one.words
		}
	}
	if idle || worst == signin.HealthGood && (state.Phase == signin.Failed || state.Problem != nil || unusable(state) != nil) {
		// The page says what does not work, and it is none of these.
		worst, words = signin.HealthAttention, problemShown()
	}
	s.worst.Set(statusIcon(worst), words)
}

// problemShown are the words on the health of a page that shows a Problem.
func problemShown() string { return lang.L("Problem shown above") }

// gravity orders what is known of the links: what is not known yet is worse than what is well.
func gravity(health signin.Health) int {
	return slices.Index([]signin.Health{signin.HealthGood, signin.HealthUnknown, signin.HealthWaiting, signin.HealthAttention, signin.HealthBad}, health)
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

// linkWords are those of e-RS and of the keyring, neither of which waits for the user.
var linkWords = map[signin.Health]struct{ ers, keyring string }{
	signin.HealthUnknown:   {"e-RS not checked yet", "Secure storage not checked yet"},
	signin.HealthGood:      {"e-RS reachable", "Secure storage ready"},
	signin.HealthAttention: {"e-RS had problems last time", "Secure storage locked"},
	signin.HealthBad:       {"e-RS not reached last time", "Secure storage not working"},
}

// headerLayout shares the header's width. The right side shows whose session it is: name above
// number, or both in a row where that makes the header lower. The badge next to the program's name
// gives way into its own row; the program's name, which the window's title has too, is left out if
// that saves a row.
type headerLayout struct {
	left  *fyne.Container // title and mark
	title *widgets.Text
	mark  fyne.CanvasObject
	name  *widgets.Text
	// number is the user's, with what stands beside it.
	number fyne.CanvasObject
}

const headerLeast, headerPad, headerGap = 56, 5, 12

// headerPlan is one way to share the width.
type headerPlan struct {
	left, right, height float32
	untitled, inRow     bool
}

// plan returns the way that needs the least height.
func (l headerLayout) plan(width float32) headerPlan {
	const row = 16 // less is not worth a header without the program's name
	var best headerPlan
	for _, untitled := range []bool{false, true} {
		l.title.Hidden = untitled
		for _, inRow := range []bool{false, true} {
			p, fits := l.share(width-2*side(width), inRow)
			p.untitled = untitled
			price := p.height
			if untitled {
				price += row
			}
			if fits && (best.height == 0 || price < best.height) {
				best = p
			}
		}
	}
	l.title.Hidden = best.untitled
	return best
}

// share shares the room for left and right.
func (l headerLayout) share(room float32, inRow bool) (headerPlan, bool) {
	beside := room - edge - widgets.NaturalWidth(l.left)
	name, number := widgets.NaturalWidth(l.name), widgets.NaturalWidth(l.number)
	if !l.name.Visible() {
		name = 0
	}
	p := headerPlan{inRow: inRow}
	switch {
	case inRow:
		p.right = name + headerGap + number
		if p.right > beside || name == 0 {
			return p, false
		}
	case max(name, number) <= beside:
		p.right = max(name, number)
	case beside > 0 && !l.name.Cut(beside) && number <= beside:
		p.right = beside
	default:
		below := room - edge
		for _, object := range []fyne.CanvasObject{l.title, l.mark} {
			if object.Visible() {
				below = min(below, room-edge-widgets.NaturalWidth(object))
			}
		}
		p.right = min(max(name, number), below)
	}
	p.left = room - edge - p.right
	p.height = max(headerLeast, 2*headerPad+max(widgets.HeightFor(l.left, p.left), l.heightOfWho(p)))
	return p, true
}

// heightOfWho returns the height of name and number.
func (l headerLayout) heightOfWho(p headerPlan) float32 {
	const below = 2 // letters sit low in their line
	number := widgets.HeightFor(l.number, p.right)
	switch {
	case p.inRow:
		return max(l.name.HeightFor(p.right), number)
	case l.name.Visible():
		number += l.name.HeightFor(p.right)
	}
	return number + below
}

// place places title, and name with number.
func (l headerLayout) place(objects []fyne.CanvasObject, size fyne.Size, at widgets.Place) float32 {
	p := l.plan(size.Width)
	at(objects[0], 0, 0, size.Width, p.height)
	left := widgets.HeightFor(l.left, p.left)
	at(l.left, side(size.Width), middle(p.height, left), p.left, left)
	x, name, number := size.Width-side(size.Width)-p.right, l.name.HeightFor(p.right), widgets.HeightFor(l.number, p.right)
	if p.inRow {
		width := widgets.NaturalWidth(l.name)
		at(l.name, x, middle(p.height, name), width, name)
		at(l.number, x+width+headerGap, middle(p.height, number), p.right-width-headerGap, number)
		return p.height
	}
	y := middle(p.height, l.heightOfWho(p))
	at(l.name, x, y, p.right, name)
	if l.name.Visible() {
		y += name
	}
	at(l.number, x, y, p.right, number)
	return p.height
}

// middle returns where an object begins that is in the middle of a height.
func middle(within, height float32) float32 { return float32(int((within - height) / 2)) }

const statusLeast, statusPad, statusGap, linkGap = 36, 6, 24, 8

// fit leaves out what does not fit into a width, and reports whether the bar has two rows. That
// depends on what any screen may show.
func (s *statusBar) fit(width float32) (rows bool) {
	room := width - 2*side(width) - statusGap
	for i, link := range s.most {
		room -= link.MinSize().Width
		if i > 0 {
			room -= linkGap
		}
	}
	all := widgets.NaturalWidth(s.states)
	s.version.Hidden = all+linkGap+s.version.MinSize().Width > room
	s.states.Hidden, s.worst.Hidden = all > room, all <= room
	return all > room && max(s.longest, widgets.NaturalWidth(s.worst.Container)) > room
}

// place shares the bar's width between the health of card side, keyring and e-RS, and the links,
// which are in another row where both do not fit. The bar is as high as if it had all links.
func (s *statusBar) place(objects []fyne.CanvasObject, size fyne.Size, at widgets.Place) float32 {
	rows := s.fit(size.Width)
	room, x := size.Width-2*side(size.Width), side(size.Width)
	health, links := objects[1], objects[3]
	if !health.Visible() {
		health = objects[2]
	}
	left := float32(math.Ceil(float64(widgets.HeightFor(health, room))))
	right := max(s.help.MinSize().Height, widgets.HeightFor(links, room))
	height := statusPad + left + right + statusPad
	if !rows {
		height = max(statusLeast, 2*statusPad+max(left, right))
	}
	at(objects[0], 0, 0, size.Width, height)
	if rows {
		at(health, x, statusPad, room, left)
		at(links, x-widgets.LinkPad, statusPad+left, room+widgets.LinkPad, right)
		return height
	}
	wide := min(widgets.NaturalWidth(links), room)
	at(health, x, middle(height, left), room-wide, left)
	right = widgets.HeightFor(links, wide)
	at(links, x+room-wide, middle(height, right), wide, right)
	return height
}
