package certstore

import "github.com/ers-login/ers-login/internal/problem"

var (
	notAThumbprint = &problem.Problem{
		Code:  "CERT-THUMBPRINT",
		Title: "The certificate thumbprint is not valid",
		Happened: "The setting {{.Setting}} must be a certificate's SHA-1 thumbprint: 40 digits from " +
			"0 to 9 and A to F.",
		ServiceDesk: []string{
			"Copy the thumbprint from the certificate's details, or from what certutil -user " +
				"-store My shows.",
		},
	}
	notFound = &problem.Problem{
		Code:  "CERT-STORE_NOT_FOUND",
		Title: "Your organisation's certificate is not on this computer",
		Happened: "The setting {{.Setting}} names the certificate with the thumbprint " +
			"{{.Thumbprint}}. e-RS Login looked in {{.Places}} and did not find it.",
		ServiceDesk: []string{
			"Import the certificate with its key into one of the two, or correct the " +
				"thumbprint. A renewed certificate has another one.",
		},
	}
	unreadable = &problem.Problem{
		Code:  "CERT-STORE_UNREADABLE",
		Title: "Windows' certificate store could not be read",
		Happened: "The setting {{.Setting}} names a certificate, and Windows did not let e-RS Login " +
			"look for it in {{.Place}}.",
	}
	invalid = &problem.Problem{
		Code:     "CERT-STORE_INVALID",
		Title:    "Your organisation's certificate is damaged",
		Happened: "The certificate in {{.Place}} that the setting {{.Setting}} names could not be understood.",
		ServiceDesk: []string{
			"Import the certificate again.",
		},
	}
	keyMissing = &problem.Problem{
		Code:     "CERT-STORE_KEY_MISSING",
		Title:    "The key of your organisation's certificate is missing",
		Happened: "The certificate \"{{.Name}}\" is in {{.Place}} (setting {{.Setting}}), but without its private key.",
		ServiceDesk: []string{
			"Delete the certificate there, and import it from the PKCS#12 file (.p12 or .pfx) " +
				"that has the key. A .cer or .crt file has none.",
		},
	}
	keyDenied = &problem.Problem{
		Code:  "CERT-STORE_KEY_DENIED",
		Title: "You are not allowed to use your organisation's certificate",
		Happened: "The certificate \"{{.Name}}\" is in {{.Place}} (setting {{.Setting}}), but Windows does not let your account use " +
			"its private key.",
		ServiceDesk: []string{
			"In certlm.msc, open the certificate's menu, then All Tasks, Manage Private Keys, " +
				"and add the user or a group with Read. If the right is already there, the key " +
				"itself is missing: import the certificate again.",
		},
	}
	keyPrompt = &problem.Problem{
		Code:  "CERT-STORE_KEY_PROMPT",
		Title: "Windows wants to ask before your organisation's certificate is used",
		Happened: "The private key of the certificate \"{{.Name}}\" in {{.Place}} (setting " +
			"{{.Setting}}) is set to ask for consent or a password each time. e-RS Login needs " +
			"to use the key without asking.",
		ServiceDesk: []string{
			"Import the certificate again, without strong private key protection.",
		},
	}
	keySmartcard = &problem.Problem{
		Code:  "CERT-STORE_KEY_SMARTCARD",
		Title: "The certificate is on a smartcard",
		Happened: "The certificate \"{{.Name}}\" in {{.Place}} (setting {{.Setting}}) has its private " +
			"key on a smartcard. Your organisation's certificate must be on the computer " +
			"itself: a person's smartcard is for signing in.",
		ServiceDesk: []string{
			"Set {{.Setting}} to the thumbprint of the organisation's endpoint certificate. " +
				"Windows lists the certificates of an inserted smartcard beside it.",
		},
	}
	keyLegacy = &problem.Problem{
		Code:  "CERT-STORE_KEY_LEGACY",
		Title: "The key of your organisation's certificate is too old",
		Happened: "The private key of the certificate \"{{.Name}}\" in {{.Place}} (setting " +
			"{{.Setting}}) is held by a provider that e-RS Login cannot use.",
		ServiceDesk: []string{
			"Import the PKCS#12 file again with certutil -csp \"Microsoft Software Key Storage " +
				"Provider\" -importpfx My FILE NoExport.",
		},
	}
	keyUnsupported = &problem.Problem{
		Code:  "CERT-STORE_KEY_UNSUPPORTED",
		Title: "The key of your organisation's certificate cannot be used",
		Happened: "e-RS Login cannot use this kind of private key, of the certificate \"{{.Name}}\" in " +
			"{{.Place}} (setting {{.Setting}}). It must be RSA, or ECDSA on one of the curves " +
			"P-256, P-384 and P-521.",
	}
	keyMismatch = &problem.Problem{
		Code:     "CERT-STORE_KEY_MISMATCH",
		Title:    "Certificate and key do not belong together",
		Happened: "The private key that Windows has for \"{{.Name}}\" in {{.Place}} (setting {{.Setting}}) is not the certificate's.",
		ServiceDesk: []string{
			"Delete the certificate there, and import the PKCS#12 file (.p12 or .pfx) again.",
		},
	}
	keyFailed = &problem.Problem{
		Code:  "CERT-STORE_KEY_FAILED",
		Title: "Windows could not use your organisation's certificate",
		Happened: "The private key of the certificate \"{{.Name}}\" in {{.Place}} (setting {{.Setting}}) could not be used " +
			"({{.Status}}).",
		Steps: []string{
			"Press **Try again**.",
			"If it happens again, contact your local service desk and quote the reference below.",
		},
		Retry: true,
	}
)
