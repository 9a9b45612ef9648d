package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ers-login/ers-login/internal/problem"
)

// maxBaseURL bounds the base URL, in bytes: package handoff passes it to other applications, and
// has this much room.
const maxBaseURL = 200

// checkAddress is checkBaseURL for the FHIR platform, whose servers may be on this computer: a
// broker, or a stand-in.
func checkAddress(value string) (string, error) {
	if address, err := url.Parse(value); err == nil && address.Scheme == "http" && isLoopback(address.Hostname()) {
		checked, err := checkBaseURL("https" + strings.TrimPrefix(value, "http"))
		return "http" + strings.TrimPrefix(checked, "https"), err
	}
	return checkBaseURL(value)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkDirectory returns the word none, or an address.
func checkDirectory(value string) (string, error) {
	if value == NoDirectory {
		return value, nil
	}
	return checkAddress(value)
}

// checkRedirectURI returns the URI unchanged: the NHS API platform compares it as a text.
func checkRedirectURI(value string) (string, error) {
	address, err := url.Parse(value)
	switch {
	case len(value) > maxBaseURL:
		return "", fmt.Errorf("it is longer than %d bytes", maxBaseURL)
	case err != nil:
		return "", errors.New("it is not an address")
	case address.Scheme != "http":
		return "", errors.New("it does not start with http://")
	case !isLoopback(address.Hostname()):
		return "", errors.New("it is not an address of this computer itself")
	case address.Port() == "":
		return "", errors.New("it has no port")
	case address.User != nil || strings.ContainsAny(value, "?# "):
		return "", errors.New("it has more in it than a host name, a port and a path")
	}
	if port, err := strconv.ParseUint(address.Port(), 10, 16); err != nil || strconv.FormatUint(port, 10) != address.Port() {
		return "", errors.New("its port is not a number from 0 to 65535")
	}
	return value, nil
}

// maxClientID bounds a client id, in bytes. The NHS API platform's have 32.
const maxClientID = 256

func checkClientID(value string) (string, error) {
	switch {
	case len(value) > maxClientID:
		return "", fmt.Errorf("it is longer than %d bytes", maxClientID)
	case !isVisible(value):
		return "", errors.New("it has a blank in it, or characters other than those of ASCII")
	}
	return value, nil
}

func isVisible(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' })
}

// maxScope bounds scopes and levels, in bytes.
const maxScope = 500

// checkScope returns words with single blanks between them.
func checkScope(value string) (string, error) {
	value = strings.Join(strings.Fields(value), " ")
	switch {
	case len(value) > maxScope:
		return "", fmt.Errorf("it is longer than %d bytes", maxScope)
	case !isVisible(strings.ReplaceAll(value, " ", "")):
		return "", errors.New("it has characters other than those of ASCII")
	}
	return value, nil
}

// endpoints is the number of addresses that an OAuth 2 server has.
const endpoints = 3

// checkEndpoints returns three relative paths with single blanks between them.
func checkEndpoints(value string) (string, error) {
	words := strings.Fields(value)
	if len(words) != endpoints {
		return "", fmt.Errorf("it is not %d words", endpoints)
	}
	for _, word := range words {
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") != "" || strings.Contains(word, "..") {
			return "", errors.New("it has other characters in it than letters, digits, - _ . and /")
		}
	}
	return strings.Join(words, " "), nil
}

func checkBaseURL(value string) (string, error) {
	value = strings.TrimRight(value, "/")
	address, err := url.Parse(value)
	switch {
	case len(value) > maxBaseURL:
		return "", fmt.Errorf("it is longer than %d bytes", maxBaseURL)
	case strings.ContainsFunc(value, func(r rune) bool { return r > '~' }):
		return "", errors.New("it has characters other than those of ASCII")
	case err != nil:
		// The parser's error repeats the address, which may have a password in it.
		return "", errors.New("it is not an address")
	case address.Scheme != "https":
		return "", errors.New("it does not start with https://")
	case address.Hostname() == "":
		return "", errors.New("it has no host name")
	case address.User != nil:
		return "", errors.New("it has a user name in it")
	case strings.ContainsAny(value, "?#"):
		return "", errors.New("it has a query or a fragment")
	}
	if err := checkPort(address); err != nil {
		return "", err
	}
	return value, nil
}

// checkPort accepts an address without a port, but not one with a colon and nothing behind it.
func checkPort(address *url.URL) error {
	if port := address.Port(); port != "" || strings.HasSuffix(address.Host, ":") {
		if number, err := strconv.Atoi(port); err != nil || number < 1 || number > 65535 {
			return errors.New("its port is not a number from 1 to 65535")
		}
	}
	return nil
}

// maxEnvironmentName bounds the name of an environment, in characters: it is shown beside the
// user's name, in large text too.
const maxEnvironmentName = 18

func checkEnvironmentName(value string) (string, error) {
	value = strings.TrimSpace(value)
	switch {
	case utf8.RuneCountInString(value) > maxEnvironmentName:
		return "", fmt.Errorf("it is longer than %d characters", maxEnvironmentName)
	case problem.Clean(value, maxEnvironmentName) != value:
		return "", errors.New("it has characters that cannot be shown")
	case strings.EqualFold(value, LiveEnvironment):
		return LiveEnvironment, nil
	}
	return value, nil
}

func checkASID(value string) (string, error) {
	if len(value) != 12 || strings.Trim(value, "0123456789") != "" {
		return "", errors.New("it is not 12 digits")
	}
	return value, nil
}

// thumbprintDigits is the length of a SHA-1 fingerprint in hexadecimal digits.
const thumbprintDigits = 40

// checkThumbprint returns a thumbprint as upper-case digits. Windows' certificate dialog shows
// pairs, and copies an invisible mark in front.
func checkThumbprint(value string) (string, error) {
	value = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == ':' {
			return -1
		}
		return unicode.ToUpper(r)
	}, value)
	if len(value) != thumbprintDigits || strings.Trim(value, "0123456789ABCDEF") != "" {
		return "", fmt.Errorf("it is not %d hexadecimal digits", thumbprintDigits)
	}
	return value, nil
}

// maxHost bounds a host name, in bytes: DNS has no longer ones.
const maxHost = 253

// checkServerName returns a host name in lower case, or an IP address.
func checkServerName(value string) (string, error) {
	value = strings.ToLower(value)
	if net.ParseIP(value) != nil {
		return value, nil
	}
	if len(value) > maxHost || strings.Trim(value, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		return "", errors.New("it is not a host name or an IP address")
	}
	for label := range strings.SplitSeq(value, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "", errors.New("it is not a host name or an IP address")
		}
	}
	return value, nil
}

// maxProxy bounds the proxy's address, in bytes: a host name has 253 at most.
const maxProxy = 300

// checkProxy returns one of the words, or the address of a proxy: scheme, host and port.
// Credentials are refused: settings are shown in many places.
func checkProxy(value string) (string, error) {
	if value == ProxyFromEnvironment || value == ProxyNone {
		return value, nil
	}
	value = strings.TrimRight(value, "/")
	scheme, _, _ := strings.Cut(strings.ToLower(value), "://")
	address, err := url.Parse(value)
	switch {
	case len(value) > maxProxy:
		return "", fmt.Errorf("it is longer than %d bytes", maxProxy)
	case strings.Contains(value, "@"):
		return "", errors.New("it has a user name in it")
	case strings.ContainsFunc(value, func(r rune) bool { return r > '~' }):
		return "", errors.New("it has characters other than those of ASCII")
	case strings.ContainsAny(value, "\"'`"):
		return "", errors.New("it has quotation marks in it")
	case strings.ContainsAny(value, " \t"):
		return "", errors.New("it has a blank in it")
	case scheme != "http" && scheme != "https":
		return "", errors.New("it is neither one of the words nor an address that starts with http:// or https://")
	case err != nil:
		return "", errors.New("it is not an address")
	case address.Hostname() == "":
		return "", errors.New("it has no host name")
	case address.Path != "" || strings.ContainsAny(value, "?#"):
		return "", errors.New("it has more in it than a host name and a port")
	case address.Port() == "":
		return "", errors.New("it has no port")
	}
	if err := checkPort(address); err != nil {
		return "", err
	}
	return value, nil
}

// maxProxyUser bounds the name for the proxy, in bytes.
const maxProxyUser = 256

// checkProxyUser refuses a colon: basic credentials (RFC 7617) cannot contain one, and a password
// would follow it.
func checkProxyUser(value string) (string, error) {
	switch {
	case len(value) > maxProxyUser:
		return "", fmt.Errorf("it is longer than %d bytes", maxProxyUser)
	case strings.Contains(value, ":"):
		return "", errors.New("it has a colon in it")
	}
	return value, nil
}
