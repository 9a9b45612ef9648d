package transport

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"github.com/ers-login/ers-login/internal/problem"
)

// fromEnvironment is http.ProxyFromEnvironment with errors for invalid values: ignoring one would
// bypass the proxy, or look for a host named "http", and fail without a visible reason. HTTP_PROXY
// and ALL_PROXY are not read.
func fromEnvironment(request *http.Request) (*url.URL, error) {
	name, address := variable("HTTPS_PROXY")
	if address == "" {
		return nil, nil
	}
	if err := checkProxyAddress(name, address); err != nil {
		return nil, err
	}
	exceptions, list := variable("NO_PROXY")
	if err := checkNoProxy(exceptions, list); err != nil {
		return nil, err
	}
	chosen, err := (&httpproxy.Config{HTTPSProxy: address, NoProxy: list}).ProxyFunc()(request.URL)
	if err != nil {
		return nil, errProxySetting // its text quotes the address
	}
	return chosen, nil
}

// variable returns an environment variable known in upper and lower case; the first that is set
// counts.
func variable(name string) (found, value string) {
	for _, found = range []string{name, strings.ToLower(name)} {
		if value = os.Getenv(found); value != "" {
			return found, value
		}
	}
	return name, ""
}

// proxyVariableError is an invalid environment variable. It does not quote the value.
type proxyVariableError struct {
	name   string
	reason problem.Phrase
}

func (e *proxyVariableError) Error() string { return e.name + " cannot be used: " + e.reason.String() }

func (e *proxyVariableError) problem() *problem.Problem {
	return proxyVariable.With("Variable", e.name).WithPhrase("Reason", e.reason).Because(e)
}

// Is reports whether target is errProxySetting.
func (e *proxyVariableError) Is(target error) bool { return target == errProxySetting }

const quotationMarks = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"

var brokenEscape = regexp.MustCompile(`%($|[^0-9A-Fa-f]|.$|.[^0-9A-Fa-f])`)

// checkProxyAddress accepts scheme://user:password@host:port, where scheme, user and port are
// optional.
func checkProxyAddress(name, address string) error {
	wrong := func(reason problem.Phrase) error { return &proxyVariableError{name, reason} }
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		scheme, rest = "http", address
	}
	scheme = strings.ToLower(scheme)
	authority, path := rest, ""
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		authority, path = rest[:at], rest[at:]
	}
	user, host, hasUser := cutLast(authority, "@")
	parsed, err := url.Parse("http://" + host)
	switch {
	case strings.Trim(address, quotationMarks) != address:
		return wrong(problem.Words("there are quotation marks around it"))
	case strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return wrong(problem.Words("there is a blank or a control character in it"))
	case strings.ContainsFunc(address, func(r rune) bool { return r > '~' }):
		return wrong(problem.Words("there are characters other than those of ASCII in it"))
	case strings.Contains(path, "@"):
		return wrong(problem.Words("there is a #, a / or a ? in its user name or password"))
	case strings.Contains(user, "@"):
		return wrong(problem.Words("there is a second @ in it"))
	case scheme != "http" && scheme != "https" && scheme != "socks5" && scheme != "socks5h":
		return wrong(problem.Words("it does not start with http://, https:// or socks5://"))
	case hasUser && brokenEscape.MatchString(user):
		return wrong(problem.Words("there is a % in its user name or password that begins no escape"))
	case strings.Trim(path, "/") != "":
		return wrong(problem.Words("there is more in it than a host name and a port (addresses of PAC files are not supported)"))
	case err == nil && parsed.Hostname() == "", host == "":
		return wrong(problem.Words("there is no host name in it"))
	case err != nil || strings.ContainsAny(parsed.Hostname(), "\"'`\\|<>{}^%,;=()") || !validPort(parsed):
		return wrong(problem.Words("its host name or port cannot be understood"))
	}
	if _, err := url.Parse(scheme + "://" + authority); err != nil {
		return wrong(problem.Words("there are characters in its user name or password that must be escaped"))
	}
	return nil
}

func validPort(address *url.URL) bool {
	if address.Port() == "" {
		return !strings.HasSuffix(address.Host, ":")
	}
	port, err := strconv.ParseUint(address.Port(), 10, 16)
	return err == nil && port > 0
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return "", text, false
	}
	return text[:at], text[at+len(separator):], true
}

// checkNoProxy accepts names, addresses and networks, separated by commas.
func checkNoProxy(name, list string) error {
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		switch {
		case strings.ContainsAny(entry, quotationMarks):
			return &proxyVariableError{name, problem.Words("there are quotation marks in it")}
		case strings.Contains(entry, "://"):
			return &proxyVariableError{name, problem.Words("there is an address in it where a host name is wanted")}
		case strings.ContainsAny(entry, " \t\r\n;|"):
			return &proxyVariableError{name, problem.Words("its names are not separated by commas")}
		}
	}
	return nil
}
