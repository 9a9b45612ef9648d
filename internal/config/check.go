package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
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
	address, err := parseAddress(value, maxBaseURL, "http")
	switch {
	case err != nil:
		return "", err
	case !isLoopback(address.Hostname()):
		return "", errors.New("it is not an address of this computer itself")
	case address.Port() == "":
		return "", errors.New("it has no port")
	case strings.ContainsAny(value, "?# "):
		return "", errors.New("it has more in it than a host name, a port and a path")
	}
	if port, err := strconv.ParseUint(address.Port(), 10, 16); err != nil || strconv.FormatUint(port, 10) != address.Port() {
		return "", errors.New("its port is not a number from 0 to 65535")
	}
	return value, nil
}

// parseAddress checks what all addresses need. Errors do not repeat the address, which may have a
// password in it.
func parseAddress(value string, limit int, schemes ...string) (*url.URL, error) {
	address, err := url.Parse(value)
	scheme, _, _ := strings.Cut(strings.ToLower(value), "://")
	switch {
	case len(value) > limit:
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	case err == nil && address.User != nil, err != nil && strings.Contains(value, "@"):
		return nil, errors.New("it has a user name in it")
	case strings.ContainsFunc(value, func(r rune) bool { return r > '~' }):
		return nil, errors.New("it has characters other than those of ASCII")
	case !slices.Contains(schemes, scheme):
		return nil, fmt.Errorf("it does not start with %s://", strings.Join(schemes, ":// or "))
	case err != nil:
		return nil, errors.New("it is not an address")
	case address.Hostname() == "":
		return nil, errors.New("it has no host name")
	}
	return address, nil
}

// Bounds of texts, in bytes. The client ids of the NHS API platform have 32.
const (
	maxClientID  = 256
	maxScope     = 500
	maxProxyUser = 256
	maxHost      = 253 // DNS has no longer ones
)

// matching makes the check of a text with a regular expression.
func matching(expression, otherwise string) func(string) (string, error) {
	compiled := regexp.MustCompile(expression)
	return func(value string) (string, error) {
		if !compiled.MatchString(value) {
			return "", errors.New(otherwise)
		}
		return value, nil
	}
}

// atMost makes a check of a text that is no longer than some bytes.
func atMost(limit int, check func(string) (string, error)) func(string) (string, error) {
	return func(value string) (string, error) {
		if len(value) > limit {
			return "", fmt.Errorf("it is longer than %d bytes", limit)
		}
		return check(value)
	}
}

// label is a part of a host name.
const label = `[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?`

var (
	checkASID     = matching(`^[0-9]{12}$`, "it is not 12 digits")
	checkClientID = atMost(maxClientID, matching(`^[!-~]+$`,
		"it has a blank in it, or characters other than those of ASCII"))
	// A password would follow the colon: basic credentials (RFC 7617) cannot contain one.
	checkProxyUser = atMost(maxProxyUser, matching(`^[^:]*$`, "it has a colon in it"))

	checkWords = atMost(maxScope, matching(`^[ -~]*$`,
		"it has characters other than those of ASCII"))
	// No path has two points in a row, which lead out of it.
	checkPaths = matching(`^(\.?[-a-zA-Z0-9_/ ])+\.?$`,
		"it has other characters in it than letters, digits, - _ . and /")
	// checkHex is for a SHA-1 fingerprint.
	checkHex      = matching(`^[0-9A-F]{40}$`, "it is not 40 hexadecimal digits")
	checkHostName = matching(`^`+label+`(\.`+label+`)*$`,
		"it is not a host name or an IP address")
)

// checkScope returns words with single blanks between them.
func checkScope(value string) (string, error) {
	return checkWords(strings.Join(strings.Fields(value), " "))
}

// endpoints is the number of addresses that an OAuth 2 server has.
const endpoints = 3

// checkEndpoints returns three relative paths with single blanks between them.
func checkEndpoints(value string) (string, error) {
	words := strings.Fields(value)
	if len(words) != endpoints {
		return "", fmt.Errorf("it is not %d words", endpoints)
	}
	return checkPaths(strings.Join(words, " "))
}

func checkBaseURL(value string) (string, error) {
	value = strings.TrimRight(value, "/")
	address, err := parseAddress(value, maxBaseURL, "https")
	if err == nil && strings.ContainsAny(value, "?#") {
		err = errors.New("it has a query or a fragment")
	}
	if err == nil {
		err = checkPort(address)
	}
	return value, err
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

// checkThumbprint returns a thumbprint as upper-case digits. Windows' certificate dialog shows
// pairs, and copies an invisible mark in front.
func checkThumbprint(value string) (string, error) {
	return checkHex(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == ':' {
			return -1
		}
		return unicode.ToUpper(r)
	}, value))
}

// checkServerName returns a host name in lower case, or an IP address.
func checkServerName(value string) (string, error) {
	value = strings.ToLower(value)
	if net.ParseIP(value) != nil {
		return value, nil
	}
	if len(value) > maxHost {
		value = ""
	}
	return checkHostName(value)
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
	address, err := parseAddress(value, maxProxy, "http", "https")
	scheme, _, _ := strings.Cut(strings.ToLower(value), "://")
	switch {
	case scheme != "http" && scheme != "https":
		return "", errors.New("it is neither one of the words nor an address that starts with http:// or https://")
	case err != nil:
		return "", err
	case address.Path != "" || strings.ContainsAny(value, "?#\"'"):
		return "", errors.New("it has more in it than a host name and a port")
	case address.Port() == "":
		return "", errors.New("it has no port")
	}
	return value, checkPort(address)
}
