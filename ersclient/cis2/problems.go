package cis2

import (
	"net/http"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

// Texts that many Problems share.
const (
	stepTryAgain = "Press **Try again**."
	stepPause    = "Wait a minute, then press **Try again**."
	stepIfAgain  = "If it happens again, contact your local service desk and quote the reference below."

	titleSetUp     = "Signing in with NHS Care Identity is not set up correctly"
	titleNotSigned = "Signing in did not work"
	deskGateway    = "If other users or computers have the same problem, contact the support of the NHS API platform. Quote the reference, the " +
		"time and, if there is one, the message."
	quoted = "Message from the sign-in service: {{.Outcome}}"
)

// What is wrong on this computer.
var (
	noSecret = &problem.Problem{
		Code:        "CIS2-SECRET_MISSING",
		Title:       titleSetUp,
		Happened:    "The sign-in service asks for a client secret, and this computer has none.",
		Quoted:      quoted,
		ServiceDesk: []string{"Store the client secret of the registered application on this computer."},
	}
	// PortInUse: another process listens where the browser is to come back.
	PortInUse = &problem.Problem{
		Code:        "CIS2-PORT_IN_USE",
		Title:       "Another program is in the way of signing in",
		Happened:    "Another program, or another user of this computer, is using port {{.Port}}. Your browser needs it to come back to e-RS Login.",
		Steps:       []string{"If e-RS Login is open a second time, close it there.", stepPause, stepIfAgain},
		ServiceDesk: []string{"Find the program that listens on port {{.Port}} of the loopback address, and close it."},
		Retry:       true,
	}
	cannotListen = &problem.Problem{
		Code:        "CIS2-LISTEN",
		Title:       "Your browser could not come back to e-RS Login",
		Happened:    "This computer did not let e-RS Login wait for your browser on port {{.Port}}.",
		Steps:       []string{stepTryAgain, stepIfAgain},
		ServiceDesk: []string{"Allow e-RS Login to listen on port {{.Port}} of the loopback address."},
		Retry:       true,
	}
	// NoBrowser is the Problem of an address that the system did not open.
	NoBrowser = &problem.Problem{
		Code:        "CIS2-BROWSER",
		Title:       "Your browser did not open",
		Happened:    "e-RS Login asked this computer to open the sign-in page, and that did not work.",
		Steps:       []string{"Copy the address, open your browser, and paste it there.", stepIfAgain},
		ServiceDesk: []string{"Set a default browser for this user."},
		Retry:       true,
	}
)

// What ends a sign-in in the browser.
var (
	tooLate = &problem.Problem{
		Code:     "CIS2-TIMEOUT",
		Title:    "Signing in took too long",
		Happened: "Your browser did not come back to e-RS Login.",
		Steps: []string{
			"If your browser shows an error, close that page.",
			"Press **Try again**, and sign in on the page that opens.",
			stepIfAgain,
		},
		Retry:       true,
		ServiceDesk: []string{"Check that a browser on this computer can open the sign-in page, and go to http://localhost from there."},
	}
	givenUp = &problem.Problem{
		Code:     "CIS2-CANCELLED",
		Title:    "You stopped signing in",
		Happened: "e-RS Login no longer waits for your browser.",
		Steps:    []string{"Press **Try again** to start over."},
		Retry:    true,
	}
	denied = &problem.Problem{
		Code:        "CIS2-DENIED",
		Title:       titleNotSigned,
		Happened:    "You cancelled, or NHS Care Identity did not let you in.",
		Quoted:      quoted,
		Steps:       []string{"Press **Try again**, and sign in on the page that opens.", stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{"If the user did not cancel, check with the Registration Authority that they can sign in with NHS Care Identity."},
	}
	badCallback = &problem.Problem{
		Code:        "CIS2-CALLBACK",
		Title:       titleNotSigned,
		Happened:    "Your browser came back with an error, or without what is needed to sign you in.",
		Quoted:      quoted,
		Steps:       []string{stepTryAgain, stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{deskGateway},
	}
	codeRefused = &problem.Problem{
		Code:        "CIS2-CODE",
		Title:       titleNotSigned,
		Happened:    "The sign-in service did not accept what your browser brought back. It may have been used already, or be too old.",
		Quoted:      quoted,
		Steps:       []string{stepTryAgain, stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{deskGateway},
	}
)

// What ends a session.
var (
	refreshEnded = &problem.Problem{
		Code:     "CIS2-REFRESH_ENDED",
		Title:    "You have been signed out of e-RS",
		Button:   "Sign in",
		Happened: "You signed in 12 hours ago. A session cannot be longer.",
		Quoted:   quoted,
		Steps:    []string{"Sign in again."},
		Retry:    true,
	}
	// RefreshUsed is the Problem of a refresh token that was used already, or whose sign-in has ended.
	RefreshUsed = &problem.Problem{
		Code:        "CIS2-REFRESH_REFUSED",
		Title:       "You have been signed out of e-RS",
		Button:      "Sign in",
		Happened:    "The sign-in service no longer renews your session. NHS Care Identity may have ended it.",
		Quoted:      quoted,
		Steps:       []string{"Sign in again.", stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{deskGateway},
	}
	ended = &problem.Problem{
		Code:        "CIS2-ENDED",
		Title:       "You have been signed out of e-RS",
		Button:      "Sign in",
		Happened:    "The sign-in service does not know your session any more. NHS Care Identity may have ended it.",
		Quoted:      quoted,
		Steps:       []string{"Sign in again.", stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{deskGateway},
	}
)

// What is wrong with the organisation's registered application.
var (
	unknownClient = &problem.Problem{
		Code:     "CIS2-CLIENT_ID",
		Title:    titleSetUp,
		Happened: "The sign-in service does not know the client id of your organisation, or there is none.",
		Quoted:   quoted,
		ServiceDesk: []string{
			"Compare the client id with that of the registered application, and the environment with the address.",
		},
	}
	secretRefused = &problem.Problem{
		Code:     "CIS2-CLIENT_SECRET",
		Title:    titleSetUp,
		Happened: "The sign-in service does not accept the client id and secret of your organisation.",
		Quoted:   quoted,
		ServiceDesk: []string{
			"Store the client secret again. It may have been replaced, or belong to another environment.",
		},
	}
	noAccess = &problem.Problem{
		Code:        "CIS2-NO_ACCESS",
		Title:       titleSetUp,
		Happened:    "The application that your organisation registered has no access to this service.",
		Quoted:      quoted,
		ServiceDesk: []string{"Have the e-RS FHIR API and NHS CIS2 added to the registered application."},
	}
	notApproved = &problem.Problem{
		Code:        "CIS2-NOT_APPROVED",
		Title:       titleSetUp,
		Happened:    "The application that your organisation registered is not approved, or the account that it belongs to is not active.",
		Quoted:      quoted,
		ServiceDesk: []string{"Ask NHS England about the registered application."},
	}
	grantNotAllowed = &problem.Problem{
		Code:        "CIS2-GRANT",
		Title:       titleSetUp,
		Happened:    "The application that your organisation registered may not sign users in.",
		Quoted:      quoted,
		ServiceDesk: []string{"Register the application for user-restricted access with NHS CIS2."},
	}
	notCombined = &problem.Problem{
		Code:        "CIS2-USERINFO",
		Title:       titleSetUp,
		Happened:    "The sign-in service does not say who you are, since the application was registered for another way to sign in.",
		Quoted:      quoted,
		ServiceDesk: []string{"Register the application for combined authentication and authorisation with NHS CIS2."},
	}
	redirectRefused = &problem.Problem{
		Code:        "CIS2-REDIRECT_URI",
		Title:       titleSetUp,
		Happened:    "The sign-in service does not accept the address that the browser is to come back to.",
		Quoted:      quoted,
		ServiceDesk: []string{"The redirect URI must be the registered one, letter for letter, with its port."},
	}
)

// What is wrong with a request, or with the service.
var (
	malformed = &problem.Problem{
		Code:        "CIS2-REQUEST",
		Title:       titleNotSigned,
		Happened:    "The sign-in service did not understand a request of e-RS Login.",
		Quoted:      quoted,
		Steps:       []string{stepTryAgain, stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{stepUnaltered, deskGateway},
	}
	notFound = &problem.Problem{
		Code:        "CIS2-NOT_FOUND",
		Title:       titleSetUp,
		Happened:    "The sign-in service is not at the address where e-RS Login looked for it.",
		Quoted:      quoted,
		ServiceDesk: []string{"Check the address of the sign-in service, and whether a proxy changes requests."},
	}
	refusedOtherwise = &problem.Problem{
		Code:        "CIS2-REFUSED",
		Title:       titleNotSigned,
		Happened:    "The sign-in service refused a request of e-RS Login.",
		Quoted:      quoted,
		Steps:       []string{stepTryAgain, stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{deskGateway},
	}
	busy = &problem.Problem{
		Code:        "CIS2-BUSY",
		Title:       "The sign-in service asks for a pause",
		Happened:    "Too many requests came from your organisation in a short time.",
		Quoted:      quoted,
		Steps:       []string{stepPause, stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{"Check whether something on the network signs in again and again, and ask NHS England about the limit of the registered application."},
	}
	unavailable = &problem.Problem{
		Code:        "CIS2-UNAVAILABLE",
		Title:       "The sign-in service is not available at the moment",
		Happened:    "NHS Care Identity, or the way to it, has a problem.",
		Quoted:      quoted,
		Steps:       []string{stepPause, stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{deskGateway},
	}
	unusable = &problem.Problem{
		Code:        "CIS2-ANSWER",
		Title:       "The answer of the sign-in service could not be used",
		Happened:    "Something in the answer is missing, damaged or not what e-RS Login asked for.",
		Steps:       []string{stepTryAgain, stepIfAgain},
		Retry:       true,
		ServiceDesk: []string{stepUnaltered},
	}
)

const stepUnaltered = "Check whether a proxy changes requests on their way."

// byStatus are statuses whose meaning no error changes.
var byStatus = map[int]*problem.Problem{
	http.StatusTooManyRequests: busy,
	http.StatusProxyAuthRequired: {
		Code:        transport.ProxyAuth.Code,
		Title:       "The network's proxy asks for a user name and password",
		Happened:    "Something between this computer and NHS Care Identity asks for a user name and password. It reads what is sent there.",
		ServiceDesk: []string{"Exempt the sign-in service from the proxy's inspection."},
	},
}
