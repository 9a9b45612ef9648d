//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/ers-login/ers-login/ersclient/cis2test"
	"github.com/ers-login/ers-login/ersclient/handoff"
	"github.com/ers-login/ers-login/internal/testing/browser"
	"github.com/ers-login/ers-login/internal/testing/stage"
)

// Where the stand-in has its pages, and the program its own at the end of a sign-in.
const (
	pages    = "http://127.0.0.1:"
	whoText  = "Who signs in?"
	doneText = "You can close this page"
)

// signInInBrowser signs in with NHS Care Identity, in the browser that the desktop opens: first as
// a user who cannot, whose sign-in ends there.
func (w walker) signInInBrowser(ctx context.Context) error {
	fmt.Println("Now with NHS Care Identity, in the web browser.")
	if err := w.screen(ctx, "waiting", "16-waiting-fhir"); err != nil {
		return err
	}
	fmt.Println("Pressing Enter on Sign in: the desktop opens its browser.")
	if err := w.Desktop.Press(ctx, "Return"); err != nil {
		return err
	}
	if err := w.program.WaitScreen(ctx, "prompting"); err != nil {
		return err
	}
	page, err := w.page(ctx, "17-browser-who")
	if err != nil {
		return err
	}
	if err := w.Desktop.Raise(ctx, stage.Title); err != nil {
		return err
	}
	if err := w.photograph(ctx, "18-in-browser-fhir"); err != nil {
		return err
	}
	fmt.Println("Choosing a user who signs in with a password alone, which is not enough. The window has no part in that.")
	if err := page.Press(ctx, cis2test.LowLevel); err != nil {
		return err
	}
	if err := w.photographPage(ctx, page, "access_denied", "19-browser-refused"); err != nil {
		return err
	}
	if err := w.signInAgain(ctx); err != nil {
		return err
	}
	if err := w.photograph(ctx, "21-roles-fhir"); err != nil {
		return err
	}
	if err := w.Desktop.Press(ctx, "3"); err != nil {
		return err
	}
	if err := w.screen(ctx, "choosing-clinician", "22-clinicians-fhir"); err != nil {
		return err
	}
	fmt.Println("Searching for the clinician whose number has 517 in it.")
	if err := w.photograph(ctx, "23-clinicians-search-fhir", "5", "1", "7"); err != nil {
		return err
	}
	if err := w.Desktop.Press(ctx, "Return"); err != nil {
		return err
	}
	if err := w.screen(ctx, "signed-in", "24-signed-in-fhir"); err != nil {
		return err
	}
	if err := w.printEntries(ctx, handoff.AccountFHIRSession, handoff.AccountAccessToken); err != nil {
		return err
	}
	return w.signOutAndLeave(ctx, "25-closing-fhir")
}

// signInAgain gives up, signs in anew as an admin who works for clinicians, and waits until the
// window has come back.
func (w walker) signInAgain(ctx context.Context) error {
	if err := w.Desktop.Press(ctx, "Escape"); err != nil {
		return err
	}
	if err := w.program.WaitScreen(ctx, "waiting"); err != nil {
		return err
	}
	if err := w.Desktop.Press(ctx, "Return"); err != nil {
		return err
	}
	page, err := w.Browser.Page(ctx, pages)
	if err != nil {
		return err
	}
	fmt.Println("Choosing an admin who works for clinicians. The window comes back by itself.")
	if err := page.Press(ctx, cis2test.Admin); err != nil {
		return err
	}
	if err := w.program.WaitMessage(ctx, "raised"); err != nil {
		return err
	}
	if err := w.program.WaitScreen(ctx, "choosing"); err != nil {
		return err
	}
	if err := w.Desktop.WaitFocus(ctx, "e-RS Login"); err != nil {
		return err
	}
	return w.photographPage(ctx, page, doneText, "20-browser-finished")
}

// page waits for the sign-in page, and photographs it.
func (w walker) page(ctx context.Context, picture string) (*browser.Page, error) {
	page, err := w.Browser.Page(ctx, pages)
	if err != nil {
		return nil, err
	}
	return page, w.photographPage(ctx, page, whoText, picture)
}

// photographPage waits for a text on a page, and takes a picture of the page.
func (w walker) photographPage(ctx context.Context, page *browser.Page, text, picture string) error {
	if _, err := page.WaitText(ctx, text); err != nil {
		return err
	}
	path := filepath.Join(w.pictures, picture+".png")
	if err := page.Picture(ctx, path); err != nil {
		return err
	}
	fmt.Println("Picture:", path)
	return nil
}
