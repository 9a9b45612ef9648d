package cis2

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// Bounds, in characters, of what a server or a setting gives.
const (
	maxClientID     = 256
	maxCode         = 2048
	maxAccessToken  = 600 // That of the entry that other applications read.
	maxRefreshToken = 4096
	maxName         = 200
	// maxOrganisations bounds the organisations taken from userinfo.
	maxOrganisations = 2000
	// longestLife bounds a token's life.
	longestLife = 30 * 24 * time.Hour
)

// RefreshToken renews a sign-in once. It is masked, and lives in memory alone.
type RefreshToken struct{ secret.Text }

// NewRefreshToken wraps a refresh token.
func NewRefreshToken(token string) RefreshToken { return RefreshToken{secret.New(token)} }

// Tokens is what a code or a refresh token was redeemed for. Times are by this computer's clock.
type Tokens struct {
	Access ersclient.AccessToken
	// AccessEnds is when Access ends, counted from before the call.
	AccessEnds time.Time
	// Refresh is zero if the server gave none: the sign-in ends with Access.
	Refresh RefreshToken
	// RefreshEnds is when the last refresh token ends; zero if the server does not say.
	RefreshEnds time.Time
}

// end returns when something ends that has a number of seconds left from a time on.
func end(seconds string, from time.Time) (time.Time, error) {
	left, err := strconv.ParseInt(seconds, 10, 64)
	switch {
	case err != nil:
		return time.Time{}, errors.New("a number of seconds is none")
	case left <= 0 || left > int64(longestLife/time.Second):
		return time.Time{}, fmt.Errorf("a token that ends in %d seconds", left)
	}
	// Without the monotonic reading: that clock stands still while a computer sleeps.
	return from.Round(0).Add(time.Duration(left) * time.Second), nil
}

// decodeTokens reads the answer of a token call that was asked for at a time.
func decodeTokens(body []byte, asked time.Time) (Tokens, error) {
	root, _ := transport.ParseObject(body) // its error is root's
	access, refresh, kind := root.Text("access_token"), root.Text("refresh_token"), root.Text("token_type")
	// The gateway sends these numbers as strings.
	expires, refreshExpires := strings.TrimSpace(root.TextOrNumber("expires_in")), strings.TrimSpace(root.TextOrNumber("refresh_token_expires_in"))
	switch {
	case root.Err() != nil:
		return Tokens{}, root.Err()
	case !transport.IsToken(access, maxAccessToken):
		return Tokens{}, fmt.Errorf("the access token is missing, longer than %d characters or no token", maxAccessToken)
	case kind != "" && !strings.EqualFold(kind, "Bearer"):
		return Tokens{}, errors.New("the access token is not a bearer token")
	case expires == "":
		return Tokens{}, errors.New("the answer does not say when the access token ends")
	case refresh != "" && !transport.IsToken(refresh, maxRefreshToken):
		return Tokens{}, errors.New("the refresh token is too long or no token")
	}
	ends, err := end(expires, asked)
	if err != nil {
		return Tokens{}, err
	}
	tokens := Tokens{Access: ersclient.NewAccessToken(access), AccessEnds: ends, Refresh: NewRefreshToken(refresh)}
	if refresh != "" && refreshExpires != "" {
		if tokens.RefreshEnds, err = end(refreshExpires, asked); err != nil {
			return Tokens{}, err
		}
	}
	return tokens, nil
}

// UserInfo is what the server says of the user. Every field may be empty. Texts are single lines of
// at most 200 characters.
type UserInfo struct {
	// Identifier is the 12-digit national id.
	Identifier string
	// Name is the whole name. Some servers give only that, and some only the other two.
	Name, GivenName, FamilyName string
	// OrgNames are those of the organisations that the user works for, by ODS code.
	OrgNames map[string]string
}

// decodeUserInfo reads userinfo leniently: a member of another type than expected is left out.
func decodeUserInfo(body []byte) (UserInfo, error) {
	root, err := transport.ParseObject(body)
	if err != nil {
		return UserInfo{}, err
	}
	info := UserInfo{
		Identifier: identifier(text(root, "nhsid_useruid"), text(root, "sub")),
		Name:       text(root, "name"),
		GivenName:  text(root, "given_name"),
		FamilyName: text(root, "family_name"),
		OrgNames:   map[string]string{},
	}
	for one := range root.List("nhsid_user_orgs") {
		if code := text(one, "org_code"); code != "" && len(info.OrgNames) < maxOrganisations {
			info.OrgNames[code] = text(one, "org_name")
		}
	}
	return info, nil
}

// identifier returns the first 12-digit id. A broker's sub may be something else.
func identifier(texts ...string) string {
	for _, one := range texts {
		if len(one) == 12 && strings.Trim(one, "0123456789") == "" {
			return one
		}
	}
	return ""
}

// text returns a member that is a string or a number, or "".
func text(from transport.Object, name string) string {
	return problem.Clean(from.TextOrNumber(name), maxName)
}

// decodeError reads the error of OAuth 2 (RFC 6749, section 5.2) with the gateway's message id, or
// that of the software which the gateway runs on. The issue's code is the error, its first detail
// the description, and its diagnostics are all of it.
func decodeError(body []byte, clean func(string) string) transport.Outcome {
	root, err := transport.ParseObject(body)
	if err != nil {
		return transport.Outcome{}
	}
	code, description := text(root, "error"), text(root, "error_description")
	if code == "" && description == "" {
		fault := root.Object("fault")
		code, description = text(fault.Object("detail"), "errorcode"), text(fault, "faultstring")
	}
	return outcomeOf(clean(code), clean(description), clean(text(root, "message_id")))
}

func outcomeOf(code, description, messageID string) transport.Outcome {
	if code == "" && description == "" {
		return transport.Outcome{}
	}
	about := code
	if messageID != "" {
		about += " (message " + messageID + ")"
	}
	diagnostics := strings.Trim(about+": "+description, ": ")
	return transport.Outcome{Issues: []transport.Issue{{Code: code, Details: []string{description}, Diagnostics: diagnostics}}}
}
