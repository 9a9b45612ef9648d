//go:build !windows

package certstore

import "github.com/ers-login/ers-login/internal/problem"

// systemStores returns CERT-WINDOWS_ONLY.
func systemStores() ([]store, error) { return nil, windowsOnly.With("Setting", setting) }

var windowsOnly = &problem.Problem{
	Code:  "CERT-WINDOWS_ONLY",
	Title: "Your organisation's certificate is not set up for this computer",
	Happened: "The setting {{.Setting}} names a certificate in the Windows certificate store. " +
		"This only works on Windows.",
	ServiceDesk: []string{
		"Remove the setting {{.Setting}}, and set certificate to a file instead.",
	},
}
