package cli

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/app"
	"github.com/ers-login/ers-login/internal/instance"
)

// linkScheme begins the links that open the window. The packages register it, so the rest is untrusted
// input.
const linkScheme = "ers-login:"

// linkForm is the forms in docs/commands.md, byte for byte, and no others. Windows and some browsers
// add a slash after a host name, which they take the action for.
var linkForm = regexp.MustCompile(`^(?i:ers-login:)//(?:open/?|sign-in/?(\?for=[-!$%()*+,./0-9:A-Z\[\]_a-z~]*)?)$`)

const (
	// maxLink bounds a link, in bytes.
	maxLink = 512
	// maxLinkName bounds the name in it, in characters.
	maxLinkName = 80
)

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
	name, ok := parseLink(args[0])
	if !ok {
		// The link is not quoted: its author is unknown.
		return app.UsageError{Err: errors.New("this is not a link of e-RS Login: docs/commands.md has their forms")}
	}
	asker := newAsker(p, nil)
	asker.open = func() (<-chan error, error) { return p.StartWindow([]string{"--" + app.ByLinkFlag}) }
	// A page can send any number: the request does not wait, and the user begins the sign-in. An
	// empty name names no program.
	answer, err := asker.ask(ctx, instance.Request{Action: instance.Raise, For: name})
	if err != nil {
		return err
	}
	return refusal(answer)
}

// parseLink returns the requesting program's own name for itself, which may be missing. It refuses
// what cannot be a program's name. The window cleans what is merely odd.
func parseLink(text string) (name string, ok bool) {
	found := linkForm.FindStringSubmatch(text)
	if found == nil || len(text) > maxLink {
		return "", false
	}
	value, asks := strings.CutPrefix(found[1], "?for=")
	if !asks {
		return "", true
	}
	name, err := url.QueryUnescape(value)
	if err != nil || !utf8.ValidString(name) || strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > maxLinkName {
		return "", false
	}
	return name, !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}
