package transport_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/ersclient/hscn"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/testing/clienttest"
)

// Values in the variables that curl reads too. A message that the name "http" was not found does
// not help.
func TestTheEnvironmentsProxy(t *testing.T) {
	const base = "https://ers.example/ers-api"
	for name, one := range map[string]struct {
		variables map[string]string
		want      string
		// variable is that in the error.
		variable string
	}{
		"none":                           {},
		"an address":                     {map[string]string{"HTTPS_PROXY": "http://proxy.example:3128"}, "proxy.example:3128", ""},
		"lower case":                     {map[string]string{"https_proxy": "http://proxy.example:3128/"}, "proxy.example:3128", ""},
		"both":                           {map[string]string{"HTTPS_PROXY": "http://a.example:1", "https_proxy": "'"}, "a.example:1", ""},
		"no scheme":                      {map[string]string{"HTTPS_PROXY": "proxy.example:3128"}, "proxy.example:3128", ""},
		"no port":                        {map[string]string{"HTTPS_PROXY": "http://proxy.example"}, "proxy.example:80", ""},
		"https, no port":                 {map[string]string{"HTTPS_PROXY": "https://proxy.example"}, "proxy.example:443", ""},
		"an address of six":              {map[string]string{"HTTPS_PROXY": "http://[::1]:3128"}, "[::1]:3128", ""},
		"SOCKS":                          {map[string]string{"HTTPS_PROXY": "socks5://proxy.example"}, "proxy.example:1080", ""},
		"a password":                     {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2%23%40@proxy.example:1"}, "proxy.example:1", ""},
		"a name in capitals":             {map[string]string{"HTTPS_PROXY": "HTTP://PROXY.example:1"}, "PROXY.example:1", ""},
		"another variable":               {map[string]string{"HTTP_PROXY": "\"http://x", "ALL_PROXY": "socks://x y"}, "", ""},
		"an exception":                   {map[string]string{"HTTPS_PROXY": "proxy.example:1", "NO_PROXY": "a.example, .example"}, "", ""},
		"an exception of another":        {map[string]string{"HTTPS_PROXY": "proxy.example:1", "no_proxy": "a.example,10.0.0.0/8,[::1]"}, "proxy.example:1", ""},
		"broken exceptions and no proxy": {map[string]string{"NO_PROXY": "\"x\""}, "", ""},

		"double quotation marks":       {map[string]string{"HTTPS_PROXY": "\"http://hunter2:x@proxy.example:3128\""}, "", "HTTPS_PROXY"},
		"single quotation marks":       {map[string]string{"https_proxy": "'http://proxy.example:3128'"}, "", "https_proxy"},
		"typographic ones":             {map[string]string{"HTTPS_PROXY": "\u201chttp://proxy.example:3128\u201d"}, "", "HTTPS_PROXY"},
		"a quotation mark within":      {map[string]string{"HTTPS_PROXY": "http://\"proxy.example\":3128"}, "", "HTTPS_PROXY"},
		"a blank before":               {map[string]string{"HTTPS_PROXY": " http://proxy.example:3128"}, "", "HTTPS_PROXY"},
		"a blank behind":               {map[string]string{"HTTPS_PROXY": "http://proxy.example:3128 "}, "", "HTTPS_PROXY"},
		"a blank within":               {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2 x@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"a line":                       {map[string]string{"HTTPS_PROXY": "http://proxy.example:3128\r\n"}, "", "HTTPS_PROXY"},
		"# in the password":            {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2#x@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"/ in the password":            {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2/x@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"? in the password":            {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2?x@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"@ in the password":            {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2@x@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"% in the password":            {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2%x@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"% at the end":                 {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2%@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"a letter with an accent":      {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2\u00df@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"[ in the password":            {map[string]string{"HTTPS_PROXY": "http://clerk:hunter2[x@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"no scheme, # in the password": {map[string]string{"HTTPS_PROXY": "clerk:hunter2#x@proxy.example:3128"}, "", "HTTPS_PROXY"},
		"a PAC file":                   {map[string]string{"HTTPS_PROXY": "http://wpad.example/proxy.pac"}, "", "HTTPS_PROXY"},
		"two addresses":                {map[string]string{"HTTPS_PROXY": "http://a.example:1,http://b.example:1"}, "", "HTTPS_PROXY"},
		"the words of Windows":         {map[string]string{"HTTPS_PROXY": "http=a.example:1;https=b.example:1"}, "", "HTTPS_PROXY"},
		"another scheme":               {map[string]string{"HTTPS_PROXY": "ftp://proxy.example:21"}, "", "HTTPS_PROXY"},
		"SOCKS without a number":       {map[string]string{"HTTPS_PROXY": "socks://proxy.example:1080"}, "", "HTTPS_PROXY"},
		"two schemes":                  {map[string]string{"HTTPS_PROXY": "http://http://proxy.example:3128"}, "", "HTTPS_PROXY"},
		"one slash":                    {map[string]string{"HTTPS_PROXY": "http:/proxy.example:3128"}, "", "HTTPS_PROXY"},
		"a port that is none":          {map[string]string{"HTTPS_PROXY": "http://proxy.example:port"}, "", "HTTPS_PROXY"},
		"a port too high":              {map[string]string{"HTTPS_PROXY": "http://proxy.example:65536"}, "", "HTTPS_PROXY"},
		"an empty port":                {map[string]string{"HTTPS_PROXY": "http://proxy.example:"}, "", "HTTPS_PROXY"},
		"no host":                      {map[string]string{"HTTPS_PROXY": "http://"}, "", "HTTPS_PROXY"},
		"no host, a port":              {map[string]string{"HTTPS_PROXY": "http://:3128"}, "", "HTTPS_PROXY"},
		"exceptions in quotation marks": {
			map[string]string{"HTTPS_PROXY": "proxy.example:1", "NO_PROXY": "\"localhost,ers.example\""}, "", "NO_PROXY",
		},
		"exceptions with semicolons": {
			map[string]string{"HTTPS_PROXY": "proxy.example:1", "no_proxy": "localhost;ers.example"}, "", "no_proxy",
		},
		"exceptions with blanks": {
			map[string]string{"HTTPS_PROXY": "proxy.example:1", "NO_PROXY": "localhost ers.example"}, "", "NO_PROXY",
		},
		"an address as an exception": {
			map[string]string{"HTTPS_PROXY": "proxy.example:1", "NO_PROXY": "https://ers.example"}, "", "NO_PROXY",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
				t.Setenv(variable, one.variables[variable])
			}
			proxy, err := transport.ProxyFor(transport.ProxyOf("environment"), base)
			client, made := hscn.New(hscn.Config{ASID: "000000000000", Config: transport.Config{BaseURL: base}})
			require.NoError(t, made)
			defer client.Close()
			require.Equal(t, one.want, client.ProxyAddress())
			if one.variable == "" {
				require.NoError(t, err)
				require.Equal(t, one.want, proxy)
				return
			}
			for _, err := range []error{err, client.Reach(t.Context())} {
				found := clienttest.ProblemOf(t, "NET-PROXY_SETTING", err)
				require.Contains(t, found.Expand(found.Happened), "The environment variable "+one.variable+" cannot be used. ")
				require.Contains(t, found.Expand(found.ServiceDesk[0]), one.variable)
				requireNoPassword(t, err)
				require.NotContains(t, found.Expand(found.Happened), "hunter2")
			}
		})
	}
}
