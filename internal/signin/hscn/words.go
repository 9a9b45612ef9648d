package hscn

import (
	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/signin"
	"github.com/ers-login/ers-login/smartcard"
)

// What a waiting user has to do next, by what Identity Agent and readers report.
var (
	// MissingUnknown: the agent has not answered yet.
	MissingUnknown = signin.Missing{
		Picture: signin.PictureCard, Title: "Looking for your smartcard…",
		Text:  "If it is not in the reader yet, insert it now.",
		Again: "Press **Sign in** to start again.",
	}
	// MissingCard: the Identity Agent has no ticket, and no card is seen in a reader.
	MissingCard = signin.Missing{
		Name: "card", Picture: signin.PictureCard, Title: "Insert your smartcard",
		Text:  "Then enter your passcode in the Identity Agent window.",
		Again: "Insert your smartcard and enter your passcode to sign in again.",
	}
	// MissingReader: no smartcard reader is connected.
	MissingReader = signin.Missing{
		Name: "reader", Picture: signin.PictureReader, Title: "Connect your smartcard reader",
		Text:  "Then insert your smartcard.",
		Again: "Connect your reader and insert your smartcard to sign in again.",
	}
	// MissingAgent: the Identity Agent is not installed or does not run.
	MissingAgent = signin.Missing{
		Name: "agent", Picture: signin.PictureProgram, Title: "The NHS Identity Agent is not installed", First: true,
		Text: "Ask your local service desk to install it.",
	}
	// MissingPasscode: the Identity Agent has no ticket, although there is a card in a reader.
	MissingPasscode = signin.Missing{
		Name: "passcode", Picture: signin.PictureCard, Title: "Enter your passcode", CardIn: true,
		Text:  "If this is your smartcard, press **Sign in** and enter your passcode in the Identity Agent window.",
		Again: "Press **Sign in** and enter your passcode in the Identity Agent window.",
	}
	// MissingIntent: there is a ticket, and only the user can start again.
	MissingIntent = signin.Missing{
		Name: "intent", Picture: signin.PictureCard, Title: "Your smartcard is ready", CardIn: true,
		Text:  "Press **Sign in** to start.",
		Again: "Take your smartcard with you when you leave. You are still signed in to other NHS systems until you remove it.",
	}
)

// Prompting is what a user has to do while the Identity Agent asks.
var Prompting = signin.Missing{
	Name: "passcode", Picture: signin.PicturePasscode, Title: "Enter your passcode",
	Text: "Use the Identity Agent window. If you cannot see it, look behind this window.",
}

// Words are the window's for a user with a smartcard.
var Words = signin.Words{
	Platform:  "Smartcard and Identity Agent (HSCN)",
	Picture:   signin.PictureCard,
	Lost:      "Cannot see the passcode window? Look behind this one, or press {{.Keys}}.",
	Opening:   "Keep your smartcard in the reader.",
	Working:   "You can use your other e-RS applications now. Keep your smartcard in the reader.",
	Renewing:  "You will be asked for your passcode.",
	Switching: "Save your work in other e-RS applications first. They stop using e-RS until you have chosen a role.",
	CardEnds:  true,
	Advice: []string{
		"Check that the card is pushed into the reader as far as it goes, chip first, and that the reader's light is on.",
		"Look for the Identity Agent window. It may be behind this one.",
		"Remove the card, wait a few seconds, insert it again, then press **Sign in**.",
		"If your passcode is blocked or forgotten, ask your Registration Authority.",
		"For anything else, contact your local service desk.",
	},
	RoleMissing: "Ask your organisation's Registration Authority to add it to your smartcard profile.",
	Named: "The name at the top is that of the smartcard that signed in. " +
		"What you do in e-RS is recorded under it.",
	NotYou: []string{
		"Take the smartcard out of the reader. Give it back to its owner.",
		"Insert your own smartcard and sign in.",
	},
	NotMine:    "Press **Sign out** and remove the smartcard. Then sign in with your own.",
	NotMineYet: "Do not choose a role. Remove the smartcard, then sign in with your own.",
}

// source puts the health of the agent in words.
func source(health signin.Health, missing signin.Missing, card Presence) signin.Link {
	switch health {
	case signin.HealthGood:
		return signin.Link{Health: health, Text: "Identity Agent ready"}
	case signin.HealthAttention:
		if missing == MissingReader {
			return signin.Link{Health: health, Text: "No smartcard reader"}
		}
		return signin.Link{Health: health, Text: "Smartcard problem"}
	case signin.HealthWaiting:
		if card == CardIn {
			return signin.Link{Health: health, Text: "Card in, not signed in"}
		}
		return signin.Link{Health: health, Text: "No smartcard"}
	case signin.HealthBad:
		if missing == MissingAgent {
			return signin.Link{Health: health, Text: "Identity Agent not installed"}
		}
		return signin.Link{Health: health, Text: "Identity Agent not answering"}
	default:
		return signin.Link{Health: health, Text: "Identity Agent not checked yet"}
	}
}

// About returns the names of the calls, and the words for a user with a smartcard.
func (p *Platform) About() signin.About {
	about := signin.About{
		Ready: MissingIntent, Prompting: Prompting,
		Unseen: smartcard.TicketNotAvailable.Problem(), NoRoles: noRoles, NotClosed: hscn.NotClosed,
	}
	about.Start = (&ticketAndCard{}).status(signin.StatusChanged)
	about.Calls.Prompt = "Identity Agent: prompt"
	about.Calls.Open, about.Calls.Select, about.Calls.Close = "A001 create session", "A002 select role", "A003 delete session"
	about.Words = Words
	return about
}

// noRoles is shown to a user for whom A001 answers 201 with an empty list (A002-02 of the
// conformance list calls it no roles).
var noRoles = &problem.Problem{
	Code:     "ERS-A001-NO_ROLES",
	Title:    "You have no role in e-RS",
	Happened: "Your smartcard has no e-RS role. You have been signed out.",
	Steps: []string{
		"Ask your organisation's Registration Authority to add an e-RS role to your smartcard.",
		"When they have added it, remove your smartcard, insert it again and press **Try again**.",
		"If it happens again, contact your local service desk and quote the reference below.",
	},
	Retry: true,
	ServiceDesk: []string{
		"Check with the Registration Authority that the smartcard's profile has an e-RS role, and that its organisation uses e-RS.",
	},
}
