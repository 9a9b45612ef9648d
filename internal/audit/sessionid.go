package audit

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/problem"
	"github.com/ers-login/ers-login/internal/secret"
)

// SessionID is how the records name a session. Every value but [Full] means [Digest], so that a
// mistake reveals nothing.
type SessionID string

const (
	// Digest is "sha256:" and the first 16 hex digits of the SHA-256 of the session's id.
	Digest SessionID = "digest"
	// Full is the id itself, which is a secret while the session lives.
	Full SessionID = "full"
)

// digestBytes suffice: among a billion sessions, two share a digest with a chance of one in forty.
const digestBytes = 8

// longestSessionID bounds a full id, in characters.
const longestSessionID = 300

// of names a session. No key has no name.
func (f SessionID) of(key ersclient.SessionKey) string {
	switch {
	case key.IsZero():
		return ""
	case f == Full:
		return problem.Clean(key.Reveal(), longestSessionID)
	default:
		return nameOf(digestOf(key.Text))
	}
}

func digestOf(text secret.Text) [sha256.Size]byte { return sha256.Sum256([]byte(text.Reveal())) }

func nameOf(digest [sha256.Size]byte) string {
	return "sha256:" + hex.EncodeToString(digest[:digestBytes])
}
