package cis2

import "time"

// ReadCallback is readCallback, for the fuzz tests: the code or the failure of a query.
func ReadCallback(query, state string) (code string, failed error, ours bool) {
	came, ours := readCallback(query, state)
	if came.failed != nil {
		return came.code.Reveal(), came.failed, ours
	}
	return came.code.Reveal(), nil, ours
}

// DecodeTokens is decodeTokens.
func DecodeTokens(body []byte, asked time.Time) (Tokens, error) { return decodeTokens(body, asked) }

// DecodeUserInfo is decodeUserInfo.
func DecodeUserInfo(body []byte) (UserInfo, error) { return decodeUserInfo(body) }

// DecodeError returns all that decodeError makes of a body.
func DecodeError(body []byte) string {
	return decodeError(body, func(text string) string { return text }).Text()
}
