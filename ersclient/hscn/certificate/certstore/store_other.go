//go:build !windows

package certstore

import "github.com/ers-login/ers-login/internal/problem"

// systemStores returns CERT-WINDOWS_ONLY.
func systemStores() ([]store, error) { return nil, windowsOnly.With("Setting", setting) }

var windowsOnly = &problem.Problem{
	Code:     "CERT-WINDOWS_ONLY",
	Title:    "Your organisation's certificate is not set up for this computer",
	Happened: "The setting {{.Setting}} names a certificate of Windows' certificate store. It works on Windows only.",
	Steps: []string{
		stepReference,
		"For the service desk: take the setting {{.Setting}} out, and have certificate name a file instead.",
	},
}
