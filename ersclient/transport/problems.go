package transport

import (
	"net/http"

	"github.com/ers-login/ers-login/internal/problem"
)

// Steps that many Problems share.
const (
	stepTryAgain    = "Press **Try again**."
	stepServiceDesk = "If it happens again, contact your local service desk and quote the reference below."
)

// What a service desk can do about an answer of e-RS.
const deskERS = "If other users or computers have the same problem, contact the e-RS support of NHS England. Quote the reference, the time " +
	"and, if the support file has one, the request ID."

// What a service desk asks for first: the call of an answer that is not that of e-RS, and why a
// connection was cut.
const (
	technicalCall  = "Call to e-RS: {{.Call}}"
	technicalAlert = "Reason: {{.Alert}}"
)

const stepCheckClock = "Check the date, time and time zone on this computer. If they are wrong, ask your " +
	"local service desk to correct them."

// Labels of what is quoted from a refused certificate.
const (
	claimsIssuer = "Not verified, in the words of the certificate: issued by {{.Issuer}}"
	claimsNames  = "Not verified, in the words of the certificate: made for {{.Names}}"
)

var (
	cancelled = &problem.Problem{
		Code:     "NET-CANCELLED",
		Title:    "The sign-in was cancelled",
		Happened: "The request to e-RS was cancelled before it was answered.",
		Steps:    []string{"Press **Try again** to start over."},
		Retry:    true,
	}
	nameNotFound = &problem.Problem{
		Code:     "NET-DNS",
		Title:    "This computer could not find {{.Service}}",
		Happened: "This computer could not look up the name {{.Host}}.",
		Steps: []string{
			"Check that this computer is connected to your organisation's network, by cable, Wi-Fi or VPN.",
			stepTryAgain,
			stepServiceDesk,
		},
		ServiceDesk: []string{
			"If the name is wrong, correct the setting that has it: base_url or proxy, and with NHS Care Identity fhir_base_url, oauth_url or directory_url.",
		},
		Retry: true,
	}
	connectionRefused = &problem.Problem{
		Code:     "NET-REFUSED",
		Title:    "The connection to {{.Service}} was refused",
		Happened: "{{.Host}}, or a firewall on the way, refused the connection.",
		Steps: []string{
			"Wait a minute, then press **Try again**.",
			stepServiceDesk,
		},
		ServiceDesk: []string{
			"Check whether {{.Host}} can be reached from this computer.",
		},
		Retry: true,
	}
	offline = &problem.Problem{
		Code:     "NET-OFFLINE",
		Title:    "There is no network connection",
		Happened: "This computer has no way to reach {{.Host}}.",
		Steps: []string{
			"Check that this computer is connected to your organisation's network, by cable, Wi-Fi or VPN.",
			stepTryAgain,
			stepServiceDesk,
		},
		ServiceDesk: []string{"Check this computer's network connection, and its route to {{.Host}}."},
		Retry:       true,
	}
	timedOut = &problem.Problem{
		Code:        "NET-TIMEOUT",
		Title:       "No answer from {{.Service}} in time",
		Happened:    "{{.Host}} took too long to answer. It may be busy, or the network may be slow.",
		Steps:       []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		ServiceDesk: []string{"Check whether {{.Host}} can be reached from this computer, and how long that takes."},
		Retry:       true,
	}
	connectionCut = &problem.Problem{
		Code:     "NET-CUT",
		Title:    "The connection to {{.Service}} was lost",
		Happened: "The connection to {{.Host}} was cut before it answered.",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		ServiceDesk: []string{
			"Check whether a firewall or proxy on the way to {{.Host}} ends connections.",
		},
		Retry: true,
	}
)

var throttled = &problem.Problem{
	Code:  "NET-THROTTLED",
	Title: "Too many requests to e-RS at once",
	Happened: "e-RS Login only sends a few requests a second to e-RS, and too many were waiting. " +
		"This one was not sent, and nothing changed in e-RS.",
	Steps:       []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
	ServiceDesk: []string{"Check whether another program on this computer asks e-RS Login to sign in again and again."},
	Retry:       true,
}

// ProxyProblems are those of a connection that needs a proxy.
var ProxyProblems = problem.Family{
	proxySetting, proxyVariable, ProxyAuth, proxyPassword, proxyScheme, proxyUntrusted, proxyFailed,
}

var (
	proxySetting = &problem.Problem{
		Code:     "NET-PROXY_SETTING",
		Title:    "The network's proxy is not set up correctly",
		Happened: "This computer's settings name a proxy, or a user name for it, in a way that cannot be understood.",
		ServiceDesk: []string{
			"Correct the proxy settings, such as HTTPS_PROXY.",
		},
	}
	proxyVariable = &problem.Problem{
		Code:  proxySetting.Code,
		Title: "The network's proxy is not set up correctly in the environment",
		Happened: "The environment variable {{.Variable}} cannot be used. It says which proxy leads to e-RS, and is not repeated here, since " +
			"there may be a password in it.",
		ServiceDesk: []string{
			"Correct {{.Variable}}, or set proxy to the proxy's address. HTTPS_PROXY is " +
				"written as http://proxy.example:3128, or with https:// or socks5://, and NO_PROXY as " +
				"names with commas between them: no quotation marks, and no blanks. Addresses of " +
				"PAC files are not supported.",
			"In a user name or password, write % as %25, # as %23, / as %2F, ? as %3F, @ as " +
				"%40 and a blank as %20. Write any other sign, except A to Z, a to z, digits and " +
				"-._~!$&'()*+,;=, as % and its hexadecimal digits in UTF-8.",
		},
	}
	// ProxyAuth is about a proxy that requires a user name and password, when none were sent.
	ProxyAuth = &problem.Problem{
		Code:  "NET-PROXY_AUTH",
		Title: "The network's proxy asks for a user name and password",
		Happened: "The proxy {{.Proxy}} did not let the connection to {{.Host}} through without a " +
			"user name and password. It offers: {{.Schemes}}. e-RS Login can only use Basic, " +
			"and not Negotiate, NTLM, Kerberos or Digest.",
		ServiceDesk: []string{
			"Let {{.Host}} through the proxy. Or set proxy_user, and store the password for " +
				"this proxy with ers-login proxy-password.",
		},
	}
	proxyPassword = &problem.Problem{
		Code:     "NET-PROXY_PASSWORD",
		Title:    "The network's proxy did not accept the user name and password",
		Happened: "The proxy {{.Proxy}} refused the user name and password that are stored for it.",
		ServiceDesk: []string{
			"Correct the setting proxy_user or the password (ers-login proxy-password), or let " +
				"{{.Host}} through the proxy without them.",
		},
	}
	proxyScheme = &problem.Problem{
		Code:  "NET-PROXY_SCHEME",
		Title: "The network's proxy asks for a sign-in that e-RS Login cannot do",
		Happened: "The proxy {{.Proxy}} offers these ways to sign in: {{.Schemes}}. e-RS Login can " +
			"only use Basic, and not Negotiate, NTLM, Kerberos or Digest.",
		ServiceDesk: []string{
			"Let {{.Host}} through the proxy without a sign-in, or have the proxy offer Basic.",
		},
	}
	proxyUntrusted = &problem.Problem{
		Code:  "NET-PROXY_TLS",
		Title: "The network's proxy could not be verified",
		Happened: "The certificate of the proxy {{.Proxy}} is not valid for the proxy, or not from " +
			"one of the authorities that e-RS Login trusts: {{.TrustStore}}.",
		Quoted: claimsIssuer,
		Steps: []string{
			stepCheckClock,
			"If they are right, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Check the proxy's certificate, and the settings proxy and ca_bundle.",
		},
	}
	proxyFailed = &problem.Problem{
		Code:      "NET-PROXY",
		Title:     "The network's proxy did not connect to {{.Service}}",
		Happened:  "The proxy {{.Proxy}} could not be reached, or did not connect to {{.Host}}.",
		Technical: technicalAlert,
		Steps: []string{
			stepTryAgain,
			stepServiceDesk,
		},
		ServiceDesk: []string{
			"Check that the proxy runs at {{.Proxy}}, which the setting proxy or the environment names, and that it lets {{.Host}} through.",
		},
		Retry: true,
	}
)

// ServerProblems are those of a server to which no secure connection can be made. What it reports
// about our certificate is not among them.
var ServerProblems = problem.Family{
	untrusted, wrongName, commonName, unfit, noVersion, noCiphers, brokenOff, expired, notYetValid, noHandshake,
}

var (
	untrusted = &problem.Problem{
		Code:  "TLS-UNTRUSTED",
		Title: "The server's certificate is not trusted",
		Happened: "The certificate of {{.Host}} does not come from one of the authorities that e-RS " +
			"Login trusts: {{.TrustStore}}. e-RS Login did not connect, to protect patient " +
			"data.",
		Quoted: claimsIssuer,
		ServiceDesk: []string{
			"Set ca_bundle to a file with the NHS root certificate. If the issuer is your " +
				"organisation's own proxy, exempt {{.Host}} from its inspection.",
			"A server that does not send the certificates between its own and the root looks " +
				"the same.",
		},
	}
	wrongName = &problem.Problem{
		Code:  "TLS-NAME",
		Title: "The server's certificate is for another name",
		Happened: "e-RS Login expected a certificate for {{.Host}}, and received one for another " +
			"name. e-RS Login did not connect, to protect patient data.",
		Quoted: claimsNames,
		ServiceDesk: []string{
			"Check the setting base_url, and the proxy.",
			"If the server is known by another name than the one in base_url, set server_name to it.",
		},
	}
	commonName = &problem.Problem{
		Code:  "TLS-COMMON_NAME",
		Title: "The server's certificate is out of date in how it gives its name",
		Happened: "The certificate for {{.Host}} only has its name as the common name, and not as a " +
			"subject alternative name. That is no longer accepted.",
		ServiceDesk: []string{
			"The server needs a certificate with a subject alternative name. Until then, set " +
				"server_name to {{.Host}} in the computer's settings file or in the policy.",
		},
	}
	unfit = &problem.Problem{
		Code:  "TLS-UNFIT",
		Title: "The server's certificate cannot be used",
		Happened: "The certificate of {{.Host}} cannot be used: {{.Reason}}. e-RS Login did not " +
			"connect, to protect patient data.",
		Quoted: claimsIssuer,
		ServiceDesk: []string{
			"The server needs another certificate.",
		},
	}
	noVersion = &problem.Problem{
		Code:  "TLS-VERSION",
		Title: "The server does not support a safe version of TLS",
		Happened: "e-RS Login uses TLS 1.2 and TLS 1.3, and {{.Host}} accepted neither. The server " +
			"probably only supports older versions.",
		ServiceDesk: []string{
			"Switch on TLS 1.2 or TLS 1.3 on the server, or on the proxy in front of it.",
		},
	}
	noCiphers = &problem.Problem{
		Code:  "TLS-CIPHERS",
		Title: "The server and e-RS Login cannot agree how to encrypt",
		Happened: "{{.Host}} did not accept any of the cipher suites, curves and signatures that " +
			"e-RS Login offers. The server probably only supports old cipher suites, with RSA " +
			"key exchange or finite-field DHE.",
		ServiceDesk: []string{
			"The server must offer ECDHE, as listed in docs/network.md. If it only offers RSA " +
				"key exchange, set tls_ciphers to compatible in the computer's settings file or in " +
				"the policy. Finite-field DHE is not supported.",
		},
	}
	brokenOff = &problem.Problem{
		Code:  "TLS-ALERT",
		Title: "The secure connection to {{.Service}} was cut",
		Happened: "The secure connection between this computer and {{.Host}} was cut while it was " +
			"being made.",
		Technical:   technicalAlert,
		Steps:       []string{stepTryAgain, stepServiceDesk},
		ServiceDesk: []string{"Check whether a firewall or proxy on the way to {{.Host}} ends or reads secure connections."},
		Retry:       true,
	}
	expired = &problem.Problem{
		Code:  "TLS-EXPIRED",
		Title: "The server's certificate has expired",
		Happened: "The certificate of {{.Host}} was valid from {{.From}} until {{.Until}}. By this " +
			"computer's clock it is {{.Now}}.",
		Steps: []string{
			stepCheckClock,
			stepTryAgain,
			stepServiceDesk,
		},
		ServiceDesk: []string{"If the clock is right, {{.Host}} needs a new certificate."},
		Retry:       true,
	}
	notYetValid = &problem.Problem{
		Code:  "TLS-CLOCK",
		Title: "This computer's clock seems to be wrong",
		Happened: "The certificate of {{.Host}} is valid from {{.From}} until {{.Until}}. By this " +
			"computer's clock it is only {{.Now}}.",
		Steps: []string{
			stepCheckClock,
			stepTryAgain,
			stepServiceDesk,
		},
		ServiceDesk: []string{"Correct the clock, or how this computer sets it."},
		Retry:       true,
	}
	// CertificateMissing is about a server that wants a certificate of a client without one.
	CertificateMissing = &problem.Problem{
		Code:  "TLS-CLIENT_CERT_MISSING",
		Title: "e-RS asks for your organisation's certificate",
		Happened: "{{.Host}} asked for your organisation's endpoint certificate. None is set up on " +
			"this computer.",
		ServiceDesk: []string{
			"Set certificate to the file with the certificate, and key to the file with its " +
				"private key.",
		},
	}
	certificateRefused = &problem.Problem{
		Code:  "TLS-CLIENT_CERT",
		Title: "e-RS did not accept your organisation's certificate",
		Happened: "{{.Host}} refused the organisation's endpoint certificate \"{{.Name}}\". It may have " +
			"been revoked, lack a certificate between it and the NHS root, or belong to another environment.",
		Technical: technicalAlert,
		ServiceDesk: []string{
			"Check that the certificate is valid, complete with the certificates between it " +
				"and the NHS root, and made for {{.Host}}.",
		},
	}
	certificateRefusedExpired = &problem.Problem{
		Code:  "TLS-CLIENT_CERT_EXPIRED",
		Title: "Your organisation's certificate has expired",
		Happened: "{{.Host}} refused the organisation's endpoint certificate \"{{.Name}}\" as expired. It was made to be valid " +
			"until {{.Until}}. By this computer's clock it is {{.Now}}.",
		Steps: []string{
			stepCheckClock,
			"If they are right, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Ask for a new endpoint certificate and install it.",
		},
	}
	noHandshake = &problem.Problem{
		Code:     "TLS-HANDSHAKE",
		Title:    "No secure connection to {{.Service}} could be made",
		Happened: "{{.Host}} did not answer with a secure connection. Your network may be blocking it.",
		Steps: []string{
			"If your network or Wi-Fi asks you to sign in or accept terms, do that in your web " +
				"browser first.",
			stepTryAgain,
			stepServiceDesk,
		},
		ServiceDesk: []string{"Check whether a firewall or proxy on the way to {{.Host}} ends or reads secure connections."},
		Retry:       true,
	}
)

var (
	noForwardSecrecy = &problem.Problem{
		Code:  "TLS-RSA_KEY_EXCHANGE",
		Title: "The connection to e-RS is less secure than it should be",
		Happened: "The server only offers an old way to agree on keys (RSA key exchange), which the " +
			"setting tls_ciphers allows. Anyone who records the connection now can read it if " +
			"they ever get the server's key.",
		Steps: []string{
			"You can keep working. Contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"The server must offer ECDHE. After that, remove the setting tls_ciphers.",
		},
	}
	certificateRunsOut = &problem.Problem{
		Code:  "CERT-EXPIRES_SOON",
		Title: "Your organisation's certificate expires soon",
		Happened: "The endpoint certificate \"{{.Name}}\" is valid until {{.Until}}. After that, you " +
			"cannot sign in to e-RS on this computer.",
		Steps: []string{
			"You can keep working. Contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Ask for a new endpoint certificate and install it.",
		},
	}
	// CertificateRanOut is the notice of a certificate that has expired during a run.
	CertificateRanOut = &problem.Problem{
		Code:     "CERT-EXPIRED",
		Title:    "Your organisation's certificate has expired",
		Happened: "By this computer's clock, the endpoint certificate \"{{.Name}}\" was valid until {{.Until}}.",
		Steps: []string{
			stepCheckClock,
			"If they are right, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Ask for a new endpoint certificate and install it.",
		},
	}
)

var clockWrong = &problem.Problem{
	Code:     "CLOCK-WRONG",
	Title:    "This computer's clock is wrong",
	Happened: "When this computer's clock showed {{.Now}}, it was {{.Theirs}} by the clock of e-RS.",
	Steps: []string{
		"Ask your local service desk to correct the date, time and time zone on this " +
			"computer. Quote the reference below. Until then, times shown here are wrong and " +
			"signing in may fail.",
	},
}

var (
	unusableAnswer = &problem.Problem{
		Title:       "The answer from e-RS could not be used",
		Happened:    "Something in the answer from e-RS is missing or damaged.",
		Technical:   technicalCall,
		Steps:       []string{stepTryAgain, stepServiceDesk},
		ServiceDesk: []string{deskERS},
		Retry:       true,
	}
	// NotERS is the Problem of a web page in place of e-RS's answer.
	NotERS = &problem.Problem{
		Code:  "NET-HTML",
		Title: "Your network blocked the connection to e-RS",
		Happened: "Your network sent a web page instead of e-RS, or redirected the connection to " +
			"one. You may need to sign in to the network or Wi-Fi.",
		Technical: technicalCall,
		Steps: []string{
			"If your network or Wi-Fi asks you to sign in or accept terms, do that in your web " +
				"browser first.",
			stepTryAgain,
			stepServiceDesk,
		},
		ServiceDesk: []string{
			"Check whether a proxy, or a sign-in page of the network, answers in place of e-RS.",
			"Check base_url, or with NHS Care Identity fhir_base_url and oauth_url: another server may be at that address.",
		},
		Retry: true,
	}
)

// The published guidance for each status.
var statusGuidance = map[int]*problem.Problem{
	http.StatusBadRequest: {
		Title:    "There is a problem with e-RS Login",
		Happened: "e-RS did not understand e-RS Login. This is a fault in e-RS Login, not something you did.",
	},
	http.StatusNotFound:         notFound,
	http.StatusMethodNotAllowed: notFound, // a server that is not e-RS answers so
	http.StatusProxyAuthRequired: {
		Code:        ProxyAuth.Code,
		Title:       "The network's proxy asks for a user name and password",
		Happened:    "Something between this computer and e-RS asks for a user name and password. It reads what is sent to e-RS.",
		Technical:   "The answer to {{.Call}} was {{.Answer}}",
		ServiceDesk: []string{"Exempt e-RS from the proxy's inspection."},
	},
	http.StatusConflict: {
		Title:    "Something changed in e-RS",
		Happened: "e-RS has newer information than e-RS Login.",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	},
	http.StatusGone: {
		Title:    "Your e-RS session has ended",
		Happened: "e-RS ended it before you were signed in.",
		Steps:    []string{"Press **Try again** to sign in again.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusPreconditionFailed: {
		Title:    "A rule in e-RS does not allow this",
		Happened: "Signing in would break one of the business rules of e-RS.",
	},
	http.StatusRequestedRangeNotSatisfiable: refusedOtherwise,
	http.StatusUnprocessableEntity: {
		Title:       "e-RS did not accept your sign-in",
		Happened:    "e-RS rejected something that e-RS Login sent.",
		Quoted:      "Message from e-RS: {{.Outcome}}",
		Steps:       []string{"Contact your local service desk. Quote the reference below and the message from e-RS."},
		ServiceDesk: []string{deskERS},
	},
	http.StatusLocked: {
		Title:    "e-RS is not available at the moment",
		Happened: "Another user may be using the same record.",
		Steps:    []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusTooManyRequests: {
		Title:    "e-RS is busy",
		Happened: "Your organisation sent too many requests to e-RS.",
		Steps:    []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusInternalServerError: {
		Title:    "There is a problem with e-RS",
		Happened: "e-RS could not complete your sign-in.",
		Steps:    []string{"Press **Try again** to sign in again.", stepServiceDesk},
		Retry:    true,
	},
	http.StatusBadGateway:         gatewayFailed,
	http.StatusServiceUnavailable: gatewayFailed,
	http.StatusGatewayTimeout:     gatewayFailed,
	// RFC 6585: this comes from the network alone, which wants its terms accepted.
	http.StatusNetworkAuthenticationRequired: NotERS,
}

var (
	notFound = &problem.Problem{
		Title:       "e-RS was not found at its address",
		Happened:    "e-RS Login cannot find e-RS at the address that is set up on this computer.",
		ServiceDesk: []string{"Check the setting base_url."},
	}
	gatewayFailed = &problem.Problem{
		Title:    "e-RS is not available at the moment",
		Happened: "e-RS, or the network in front of it, did not respond in time.",
		Steps:    []string{"Wait a minute, then press **Try again**.", stepServiceDesk},
		Retry:    true,
	}
	unexpectedSuccess = &problem.Problem{
		Title:    "e-RS sent an unexpected answer",
		Happened: "e-RS accepted the sign-in in a way that e-RS Login does not know.",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	}
	refusedOtherwise = &problem.Problem{
		Title:    "e-RS refused to sign you in",
		Happened: "e-RS did not say why.",
		Steps:    []string{stepTryAgain, stepServiceDesk},
		Retry:    true,
	}
)
