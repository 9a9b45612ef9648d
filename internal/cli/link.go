package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/instance"
)

// linkScheme begins the links that open the window: ers-login://sign-in?for=Vendor%20App. The
// packages register it, so the rest is untrusted input.
const linkScheme = "ers-login:"

// The actions of a link; there are no others.
const (
	linkSignIn = "sign-in"
	linkOpen   = "open"
)

const (
	// maxLink bounds a link, in bytes.
	maxLink = 512
	// maxLinkName bounds the name in it, in characters.
	maxLinkName = 80
)

// link is a parsed link.
type link struct {
	action string
	// name is the requesting program's own name for itself.
	name string
}

// isLink reports whether the desktop has started the program to open a link. The rest of such a
// command line came from the link, too.
func isLink(args []string) bool {
	return len(args) > 0 && len(args[0]) >= len(linkScheme) && strings.EqualFold(args[0][:len(linkScheme)], linkScheme)
}

// openLink carries out a link.
func openLink(ctx context.Context, p app.Host, args []string) error {
	if len(args) > 1 {
		return app.UsageError{Err: errors.New("a link must be the only argument")}
	}
	asked, err := parseLink(args[0])
	if err != nil {
		// The link is not quoted: its author is unknown.
		return app.UsageError{Err: fmt.Errorf("this is not a link of e-RS Login: %w", err)}
	}
	asker := newAsker(p, nil)
	asker.open = func() (<-chan error, error) { return p.StartWindow([]string{"--" + app.ByLinkFlag}) }
	// A page can send any number: the request does not wait, and the user begins the sign-in. An
	// empty name names no program.
	answer, err := asker.ask(ctx, instance.Request{Action: instance.Raise, For: asked.name})
	if err != nil {
		return err
	}
	return refusal(answer)
}

// parseLink parses a link. It accepts the forms in docs/commands.md, byte for byte, and no others.
func parseLink(text string) (link, error) {
	if len(text) > maxLink {
		return link{}, fmt.Errorf("it is longer than %d bytes", maxLink)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"'<>\\^`{|}#@", r) }) {
		return link{}, errors.New("it has a character that is not allowed")
	}
	rest, found := strings.CutPrefix(text[len(linkScheme):], "//")
	if !found {
		return link{}, errors.New("two slashes are missing")
	}
	path, query, asks := strings.Cut(rest, "?")
	// Windows and some browsers add a slash after a host name, which they take the action for.
	asked := link{action: strings.TrimSuffix(path, "/")}
	if asked.action != linkSignIn && asked.action != linkOpen {
		return link{}, errors.New("there is no such action")
	}
	if !asks {
		return asked, nil
	}
	if asked.action != linkSignIn {
		return link{}, errors.New("this action has no parameters")
	}
	value, found := strings.CutPrefix(query, "for=")
	if !found || strings.ContainsAny(value, "&;=?") {
		return link{}, errors.New("the only parameter is for, and only once")
	}
	name, err := url.QueryUnescape(value)
	if err != nil {
		return link{}, errors.New("the name in it is not escaped correctly")
	}
	if err := checkLinkName(name); err != nil {
		return link{}, err
	}
	asked.name = name
	return asked, nil
}

// checkLinkName refuses what cannot be a program's name. The window cleans what is merely odd.
func checkLinkName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return errors.New("the name in it is not UTF-8")
	case strings.TrimSpace(name) == "":
		return errors.New("the name in it is empty")
	case utf8.RuneCountInString(name) > maxLinkName:
		return fmt.Errorf("the name in it is longer than %d characters", maxLinkName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("the name in it has characters that cannot be shown")
	}
	return nil
}
