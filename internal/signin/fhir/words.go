package fhir

import "github.com/ers-login/ers-login/internal/signin"

const leaving = "Before you leave, close your web browser. For about five minutes the next person could sign in as you."

// MissingBrowser is what a user has to do who is not signed in and has no browser open for it.
var MissingBrowser = signin.Missing{
	Name: "browser", Picture: signin.PictureBrowser, Title: "Sign in to e-RS",
	Text:   "Your web browser opens. Use your smartcard, security key, passkey or Windows Hello there.",
	Again:  leaving,
	Button: "Sign in with NHS Care Identity",
}

// Prompting is what a user has to do while the browser is open.
var Prompting = signin.Missing{
	Name: "browser-open", Picture: signin.PictureBrowser, Title: "Finish signing in in your web browser",
	Text: "This window continues when you finish there.",
}

// The health of where proofs come from.
var (
	NotSignedIn = signin.Link{Health: signin.HealthWaiting, Text: "NHS Care Identity: not signed in"}
	SignedIn    = signin.Link{Health: signin.HealthGood, Text: "NHS Care Identity: signed in"}
)

// Words are the window's for a user of NHS Care Identity where removing a smartcard ends nothing.
var Words = signin.Words{
	Platform: "NHS Care Identity (CIS2)",
	Picture:  signin.PictureBrowser,
	InBrowser: []string{
		"Choose how you sign in: smartcard, security key, passkey or Windows Hello.",
		"Follow the steps on that page.",
		"When it says that you have finished, come back here.",
	},
	Working:  "You can use your other e-RS applications now. Keep e-RS Login open or minimised.",
	Renewing: "You will be asked to sign in in your web browser.",
	Leaving:  leaving,
	Advice: []string{
		"Press **Sign in with NHS Care Identity**. Your web browser opens. It may be behind this window.",
		"If no page opens, or the page shows an error, close it. Then press **Open the page again**.",
		"If you use a smartcard, check that it is pushed into the reader as far as it goes, chip first.",
		"If your smartcard, security key or passkey does not work, ask your Registration Authority.",
		"For anything else, contact your local service desk.",
	},
	RoleMissing: "Ask your organisation's Registration Authority to add it to your NHS Care Identity profile.",
	Named: "The name at the top is that of the person who signed in with NHS Care Identity. " +
		"What you do in e-RS is recorded under it.",
	NotYou: []string{
		"Close all windows of your web browser. For about five minutes it could sign in that person again.",
		"Press **Sign in with NHS Care Identity** and sign in as yourself.",
	},
	NotMine:    "Press **Sign out** and close your web browser. Then sign in as yourself.",
	NotMineYet: "Do not go on. Press **Not you?** at the top, and follow the steps there.",
}

// WithCard are the Words where removing the smartcard ends the session.
var WithCard = withCard(Words, signin.Words{
	Working:  "You can use your other e-RS applications now. If you signed in with a smartcard, keep it in the reader.",
	CardEnds: true,
})

func withCard(words, card signin.Words) signin.Words {
	words.Working, words.CardEnds = card.Working, card.CardEnds
	return words
}

// about is what the platform says of itself.
var about = signin.About{
	Start: signin.Report{
		Source:  NotSignedIn,
		Missing: MissingBrowser,
	},
	Words:     Words,
	Ready:     MissingBrowser,
	Prompting: Prompting,
	InPlace:   true,
	Calls: struct{ Prompt, Open, Select, Refresh, Close string }{
		Prompt: "browser", Open: "code, userinfo, A030", Select: "A040", Refresh: "refresh", Close: "sign-out",
	},
	Unseen: unseen, NoRoles: noRoles, NotClosed: notClosed,
}

// About returns names for the log, and words for the window.
func (p *Platform) About() signin.About {
	said := about
	if p.CardRemoved != nil {
		said.Words = WithCard
	}
	return said
}
