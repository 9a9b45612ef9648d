//go:build linux

package browser

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"
)

// Page is a tab of the browser.
type Page struct{ id, browser string }

// do carries out an action in a page, which stays open.
func do[T any](ctx context.Context, p *Page, action chromedp.Action[T]) (T, error) {
	ctx, disconnect := remote.NewAllocator(ctx, p.browser, remote.NoModifyURL)
	defer disconnect()
	ctx, detach := chromedp.NewContext(ctx, chromedp.WithTargetID(target.ID(p.id)), chromedp.WithDetachOnCancel())
	defer detach()
	return chromedp.Run(ctx, action)
}

// waitFor evaluates an expression until its value is as wanted.
func waitFor[T any](ctx context.Context, p *Page, what, expression string, wanted func(T) bool) (T, error) {
	var last T
	for {
		value, err := do(ctx, p, chromedp.Evaluate[T](expression))
		if err == nil {
			if last = value; wanted(value) {
				return value, nil
			}
		}
		select {
		case <-ctx.Done():
			return last, fmt.Errorf("the page has no %s (last %v): %w, %w", what, last, ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Press waits for the button with this value, and presses it. Chromium ignores a mouse as long as
// the page was not drawn, which takes long on a busy computer: so the button itself is asked.
func (p *Page) Press(ctx context.Context, value string) error {
	button := fmt.Sprintf(`document.querySelector('button[value=%q]')`, value)
	expression := "document.readyState == 'complete' && " + button + " ? (" + button + ".click(), true) : false"
	_, err := waitFor(ctx, p, "button "+value, expression, func(pressed bool) bool { return pressed })
	return err
}

// WaitText waits until the page has a text, and returns all of its text.
func (p *Page) WaitText(ctx context.Context, text string) (string, error) {
	return waitFor(ctx, p, fmt.Sprintf("text %q", text), "document.body ? document.body.innerText : ''",
		func(whole string) bool { return strings.Contains(whole, text) })
}

// Picture writes a picture of the page as PNG.
func (p *Page) Picture(ctx context.Context, path string) error {
	picture, err := do(ctx, p, chromedp.CaptureScreenshot())
	if err != nil {
		return fmt.Errorf("the picture of the page: %w", err)
	}
	return os.WriteFile(path, picture, 0o600)
}
