package transport

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// fromEnvironment is http.ProxyFromEnvironment with errors for invalid values: ignoring one would
// bypass the proxy, or look for a host named "http", and fail without a visible reason. HTTP_PROXY
// and ALL_PROXY are not read. The error is a *problem.Problem that does not quote the value.
func fromEnvironment(request *http.Request) (*url.URL, error) {
	name, address := variable("HTTPS_PROXY")
	if address == "" {
		return nil, nil
	}
	exceptions, list := variable("NO_PROXY")
	switch {
	case !isProxyAddress(address):
		return nil, wrongVariable(name)
	case !isNoProxy(list):
		return nil, wrongVariable(exceptions)
	}
	chosen, err := (&httpproxy.Config{HTTPSProxy: address, NoProxy: list}).ProxyFunc()(request.URL)
	if err != nil {
		return nil, wrongVariable(name) // its text quotes the address
	}
	return chosen, nil
}

func wrongVariable(name string) error {
	return proxyVariable.With("Variable", name).Because(errors.New(name + " is not written as it has to be"))
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

// proxyForm is scheme://user:password@host:port, where scheme, user and port are optional, with the
// characters of RFC 3986, section 3.2. Its group is the port.
var proxyForm = regexp.MustCompile(`(?i)^(?:(?:https?|socks5h?)://)?(?:(?:[a-z0-9._~!$&'()*+,;=:-]|%[0-9a-f]{2})*@)?` +
	`(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]+))?/*$`)

func isProxyAddress(address string) bool {
	found := proxyForm.FindStringSubmatch(address)
	if found == nil {
		return false
	}
	port, err := strconv.ParseUint(found[1], 10, 16)
	return found[1] == "" || err == nil && port > 0
}

// isNoProxy reports whether a list has names, addresses and networks, separated by commas.
func isNoProxy(list string) bool {
	return !strings.Contains(list, "://") && !slices.ContainsFunc(strings.Split(list, ","), func(entry string) bool {
		return strings.ContainsAny(strings.TrimSpace(entry), " \t\r\n;|\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb")
	})
}
