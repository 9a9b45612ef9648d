package cis2

import "time"

// ReadCallback is readCallback, for the fuzz tests: the code or the failure of a query.
func ReadCallback(query, state string) (code string, ours bool, failed error) {
	came, ours := readCallback(query, state)
	if came.failed != nil {
		return came.code.Reveal(), ours, came.failed
	}
	return came.code.Reveal(), ours, nil
}

// SetCallbackTimeout replaces the bound of each step of a connection to an Attempt.
func SetCallbackTimeout(client *Client, d time.Duration) { client.callbackTimeout = d }

// DecodeTokens is decodeTokens.
func DecodeTokens(body []byte, asked time.Time) (Tokens, error) { return decodeTokens(body, asked) }

// DecodeUserInfo is decodeUserInfo.
func DecodeUserInfo(body []byte) (UserInfo, error) { return decodeUserInfo(body) }

// DecodeError returns all that decodeError makes of a body.
func DecodeError(body []byte) string {
	return decodeError(body, func(text string) string { return text }).Text()
}
