package certificate

import (
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

const checkClock = "Check the date, time and time zone on this computer. If they are wrong, ask your " +
	"local service desk to correct them."

var (
	certificateNotSet = &problem.Problem{
		Code:  "CERT-NOT_SET",
		Title: "Your organisation's certificate is not set up",
		Happened: "e-RS only accepts computers that have your organisation's certificate. This " +
			"computer has none set up.",
		ServiceDesk: []string{
			"Set certificate to the PKCS#12 file (.p12 or .pfx), or certificate and key to the " +
				"two PEM files. On Windows, certificate_thumbprint can name a certificate in the " +
				"certificate store instead.",
		},
	}
	certificateTooBig = &problem.Problem{
		Code:     "CERT-TOO_BIG",
		Title:    "Your organisation's certificate could not be read",
		Happened: "The setting {{.Setting}} names {{.File}}, which is far too big to be a certificate or a key.",
		ServiceDesk: []string{
			"The setting seems to name the wrong file.",
		},
	}
	certificateNotPEM = &problem.Problem{
		Code:     "CERT-NOT_PEM",
		Title:    "Your organisation's certificate could not be read",
		Happened: "The setting {{.Setting}} names {{.File}}, and that is not a PEM file of what is wanted there.",
		ServiceDesk: []string{
			"The name of a PKCS#12 file must end in .p12 or .pfx. Convert other kinds of file to PEM.",
		},
	}
	certificateInvalid = &problem.Problem{
		Code:     "CERT-INVALID",
		Title:    "Your organisation's certificate is damaged",
		Happened: "The certificate in {{.File}} (setting {{.Setting}}) could not be understood.",
		ServiceDesk: []string{
			"Copy or export the file again.",
		},
	}
	keyMissing = &problem.Problem{
		Code:     "CERT-KEY_MISSING",
		Title:    "The key of your organisation's certificate is missing",
		Happened: "There is no private key in {{.File}} (setting {{.Setting}}).",
		ServiceDesk: []string{
			"Set key to the PEM file with the private key.",
		},
	}
	keyEncrypted = &problem.Problem{
		Code:  "CERT-KEY_ENCRYPTED",
		Title: "The key of your organisation's certificate is encrypted",
		Happened: "The private key in {{.File}} (setting {{.Setting}}) is encrypted in a way that " +
			"e-RS Login cannot open, or there is no passphrase for it.",
		ServiceDesk: []string{
			"Convert the key with openssl pkcs8 -topk8 -v2 aes256 -in \"{{.File}}\" -out " +
				"NEW.key. If openssl cannot open it, add -provider legacy -provider default. Store " +
				"the passphrase with ers-login passphrase.",
		},
	}
	keyInvalid = &problem.Problem{
		Code:     "CERT-KEY_INVALID",
		Title:    "The key of your organisation's certificate is damaged",
		Happened: "The private key in {{.File}} (setting {{.Setting}}) could not be understood.",
		ServiceDesk: []string{
			"Copy or export the file again.",
		},
	}
	keyKind = &problem.Problem{
		Code:  "CERT-KEY_KIND",
		Title: "The key of your organisation's certificate cannot be used",
		Happened: "e-RS Login cannot use this kind of private key, in {{.File}} (setting " +
			"{{.Setting}}). It must be RSA, Ed25519, or ECDSA on one of the named curves " +
			"P-256, P-384 and P-521.",
		ServiceDesk: []string{
			"Ask for a new certificate with one of these kinds of key.",
		},
	}
	keyTwice = &problem.Problem{
		Code:     "CERT-KEY_TWICE",
		Title:    "There is more than one key for your organisation's certificate",
		Happened: "{{.File}} (setting {{.Setting}}) has several private keys in it, and only one can be the certificate's.",
		ServiceDesk: []string{
			"Take the keys that do not belong to the certificate out of the file.",
		},
	}
	storeKeyTwice = &problem.Problem{
		Code:     keyTwice.Code,
		Title:    "There is more than one key for your organisation's certificate",
		Happened: "{{.File}} (setting {{.Setting}}) has several private keys in it, and only one can be the certificate's.",
		ServiceDesk: []string{
			"See the names of the keys with keytool -list -keystore \"{{.File}}\". Take one of " +
				"them out with keytool -importkeystore -srckeystore \"{{.File}}\" -srcalias NAME " +
				"-destkeystore NEW.p12 -deststoretype PKCS12.",
		},
	}
	keyMismatch = &problem.Problem{
		Code:     "CERT-KEY_MISMATCH",
		Title:    "Certificate and key do not belong together",
		Happened: "The private key in {{.File}} (setting {{.Setting}}) is not that of your organisation's certificate.",
		ServiceDesk: []string{
			"After a renewal, replace both files.",
		},
	}
	wrongPassphrase = &problem.Problem{
		Code:     "CERT-PASSPHRASE",
		Title:    "The passphrase of your organisation's certificate is wrong",
		Happened: "{{.File}} (setting {{.Setting}}) could not be opened with the passphrase that is stored for it.",
		ServiceDesk: []string{
			"Store the passphrase of this file again with ers-login passphrase, or correct the " +
				"file that passphrase_file names.",
			"If it is right, the file may be damaged: copy or export it again.",
		},
	}
	notPKCS12 = &problem.Problem{
		Code:     "CERT-PKCS12",
		Title:    "Your organisation's certificate could not be read",
		Happened: "The setting {{.Setting}} names {{.File}}, and that is not a PKCS#12 file with one key and its certificate.",
		ServiceDesk: []string{
			"The name of a PEM file must not end in .p12 or .pfx. Export a PKCS#12 file with " +
				"its private key.",
		},
	}
	pkcs12Form = &problem.Problem{
		Code:     "CERT-PKCS12_ENCRYPTION",
		Title:    "Your organisation's certificate could not be read",
		Happened: "{{.File}} (setting {{.Setting}}) is a PKCS#12 file in a form or an encryption that e-RS Login cannot open.",
		ServiceDesk: []string{
			"Convert the file with openssl pkcs12 -nodes -in \"{{.File}}\" -out KEY.pem and then " +
				"openssl pkcs12 -export -in KEY.pem -out NEW.p12, with a passphrase of ordinary " +
				"letters. If openssl cannot open the file, add -legacy to the first command.",
			"Set certificate to NEW.p12, and store its passphrase with ers-login passphrase. Delete " +
				"KEY.pem: its key is not encrypted.",
			"On Windows, you can also try to import the file into the certificate store, and set certificate_thumbprint.",
		},
	}
	certificateExpired = &problem.Problem{
		Code:  transport.CertificateRanOut.Code,
		Title: "Your organisation's certificate has expired",
		Happened: "The endpoint certificate \"{{.Name}}\" in {{.Place}} (setting {{.Setting}}) was valid until {{.Until}}. By " +
			"this computer's clock it is {{.Now}}.",
		Steps: []string{
			checkClock,
			"If they are right, contact your local service desk and quote the reference below.",
		},
		ServiceDesk: []string{
			"Ask for a new endpoint certificate and install it.",
		},
	}
	certificateNotYetValid = &problem.Problem{
		Code:  "CERT-NOT_YET_VALID",
		Title: "Your organisation's certificate is not valid yet",
		Happened: "The endpoint certificate \"{{.Name}}\" in {{.Place}} (setting {{.Setting}}) is valid from {{.From}}. By this " +
			"computer's clock it is only {{.Now}}.",
		Steps: []string{
			checkClock,
			"If they are right, contact your local service desk and quote the reference below.",
		},
	}
	certificateUsage = &problem.Problem{
		Code:  "CERT-USAGE",
		Title: "Your organisation's certificate is for another purpose",
		Happened: "The certificate \"{{.Name}}\" in {{.Place}} (setting {{.Setting}}) was not made for computers that connect to " +
			"e-RS: its extended key usage does not have client authentication.",
		ServiceDesk: []string{
			"Check that {{.Setting}} names the organisation's endpoint certificate, and not a " +
				"server's certificate. If it does, ask for a new one.",
		},
	}
)

// A certificate, its chain and its key are short; operating systems' bundles have 200 KB.
var (
	certificateFile = &fileKind{1 << 20, certificateMissing, certificateUnreadable, certificateTooBig}
	bundleFile      = &fileKind{10 << 20, bundleMissing, bundleUnreadable, bundleUnreadable}
)

var (
	certificateMissing = &problem.Problem{
		Code:        "CERT-MISSING",
		Title:       "A certificate file is missing",
		Happened:    "The setting {{.Setting}} names {{.File}}, and there is no such file.",
		ServiceDesk: []string{"Correct {{.Setting}}, or put the file there."},
	}
	certificateUnreadable = &problem.Problem{
		Code:        "CERT-UNREADABLE",
		Title:       "A certificate file could not be read",
		Happened:    "The setting {{.Setting}} names {{.File}}, and e-RS Login cannot read it.",
		ServiceDesk: []string{"Make sure that {{.File}} is a file that this user is allowed to read."},
	}
	bundleMissing = &problem.Problem{
		Code:        "CA-MISSING",
		Title:       "A certificate file is missing",
		Happened:    "The setting {{.Setting}} names {{.File}}, and there is no such file.",
		ServiceDesk: []string{"Correct {{.Setting}}, or put the file there."},
	}
	bundleUnreadable = &problem.Problem{
		Code:        "CA-UNREADABLE",
		Title:       "A certificate file could not be read",
		Happened:    "The setting {{.Setting}} names {{.File}}, and e-RS Login cannot read it.",
		ServiceDesk: []string{"Make sure that {{.File}} is a file that this user is allowed to read."},
	}
)

// BundleProblems are those of the file that ca_bundle names.
var BundleProblems = problem.Family{bundleMissing, bundleUnreadable, bundleEmpty}

var bundleEmpty = &problem.Problem{
	Code:     "CA-EMPTY",
	Title:    "The file of trusted certificates is empty",
	Happened: "The setting {{.Setting}} names {{.File}}, and there is no certificate in it that can be read.",
	ServiceDesk: []string{
		"Put the NHS root certificate there in PEM form. It begins with BEGIN CERTIFICATE.",
	},
}

var (
	isEmpty    = &problem.Problem{Happened: "The file is empty."}
	isCutOff   = &problem.Problem{Happened: "A block in the file is damaged, or its end is missing."}
	isARequest = &problem.Problem{
		Happened: "The file is a request for a certificate, and not the certificate that was issued for it.",
	}
	isAPKCS7 = &problem.Problem{
		Happened: "The file is a PKCS#7 file (.p7b).",
		ServiceDesk: []string{
			"Convert the PKCS#7 file with openssl pkcs7 -print_certs -in \"{{.File}}\" -out " +
				"NEW.pem. Add -inform DER if it is not text.",
		},
	}
	isOpenSSH = &problem.Problem{
		Happened: "The file is a key in OpenSSH's own form.",
		ServiceDesk: []string{
			"Convert the OpenSSH key in place with ssh-keygen -p -m PKCS8 -f \"{{.File}}\".",
		},
	}
	isAPublicKey = &problem.Problem{Happened: "The file is a public key."}
	isAPKCS12    = &problem.Problem{
		Happened: "The file is a PKCS#12 file.",
		ServiceDesk: []string{
			"Give the PKCS#12 file a name that ends in .p12, set certificate to it, and leave " +
				"key empty.",
		},
	}
	isAKeystore = &problem.Problem{
		Happened: "The file is a Java keystore of the old kind.",
		ServiceDesk: []string{
			"Convert the Java keystore with keytool -importkeystore -srckeystore \"{{.File}}\" " +
				"-destkeystore NEW.p12 -deststoretype PKCS12.",
		},
	}
	isAPKCS12Bundle = &problem.Problem{
		Happened: "The file is a PKCS#12 file.",
		ServiceDesk: []string{
			"Take its certificates out with openssl pkcs12 -nokeys -in \"{{.File}}\" -out NEW.pem.",
		},
	}
	isACertificate = &problem.Problem{Happened: "The file is a certificate."}
	isAKey         = &problem.Problem{Happened: "The file has a private key in it, and no certificate."}
)
