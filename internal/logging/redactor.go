package logging

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ers-login/ers-login/internal/secret"
)

const (
	// guarded is the number of secrets guarded at once. A sign-in has three or four: ticket,
	// session keys, passphrase.
	guarded = 32
	// shortest is the length in bytes below which a secret is not guarded. Masking every occurrence
	// of two letters would make lines unreadable and reveal the secret by its gaps.
	shortest = 4
	// shortestBase64 is the same for its base64 forms, of which only the middle is known.
	shortestBase64 = 8
	// rounds is how many layers of escapes are undone in search of a secret: JSON in a quoted text
	// in JSON is three.
	rounds = 3
)

// Redactor masks secrets in text: those of a known shape, and those given to guard. It is safe for
// concurrent use.
type Redactor struct {
	mu sync.RWMutex
	// live starts with the secret that was guarded longest.
	live []secret.Text
	// mask replaces every form of the guarded secrets. It is a function for the same reason as in
	// secret.Text: a struct's fields can be printed.
	mask func(string) string
	// longest is the length of the longest form, in bytes.
	longest int
}

// NewRedactor returns a Redactor that knows the shapes of secrets and guards none yet.
func NewRedactor() *Redactor { return &Redactor{} }

// Guard masks a secret from now on in any form: plain, quoted, escaped for JSON, URL or HTML, as
// hex, as base64 (also in the middle of something longer), as a list of bytes. The latest 32
// secrets are guarded; a text of less than 4 bytes is not.
func (r *Redactor) Guard(text secret.Text) {
	if len(text.Reveal()) < shortest {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// Again the latest one, if it is guarded already.
	r.live = append(slices.DeleteFunc(r.live, text.Equal), text)
	r.live = r.live[max(0, len(r.live)-guarded):]

	var all []string
	for _, text := range r.live {
		all = append(all, forms(text.Reveal())...)
	}
	// The longest first: if one form is the start of another, as with and without padding, all of
	// it must go.
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(all)+2)
	// The mask itself stays, also where a secret is a part of it, such as the passphrase "secret".
	pairs = append(pairs, secret.Mask, secret.Mask)
	for _, form := range all {
		pairs = append(pairs, form, secret.Mask)
	}
	r.mask, r.longest = strings.NewReplacer(pairs...).Replace, len(all[0])
}

// Redact returns the text with each secret masked. If one is hidden below several layers of
// escapes, the whole text is masked. It is for text and not for JSON, whose quotation marks it may
// take.
func (r *Redactor) Redact(text string) string {
	r.mu.RLock()
	mask := r.mask
	r.mu.RUnlock()
	redacted := redactOnce(text, mask)
	if hides(redacted, mask) || strings.Contains(redacted, "%") && hides(strings.ReplaceAll(redacted, "+", " "), mask) {
		return secret.Mask
	}
	return redacted
}

// hides reports whether there is a secret in a text below one or more layers of escapes.
func hides(text string, mask func(string) string) bool {
	for range rounds {
		deeper := unescape(text)
		if deeper == text {
			return false
		}
		if redactOnce(deeper, mask) != deeper {
			return true
		}
		text = deeper
	}
	return false
}

// redactStart redacts the first limit bytes of a long text, and drops the rest.
func (r *Redactor) redactStart(text string, limit int) string {
	if len(text) <= limit {
		return r.Redact(text)
	}
	r.mu.RLock()
	longest := r.longest
	r.mu.RUnlock()
	redacted := r.Redact(text[:limit])
	// The cut may have gone through a secret, whose first part is not recognised: the longest
	// possible one goes.
	return strings.ToValidUTF8(redacted[:max(0, len(redacted)-longest)], "") + cutMark
}

func redactOnce(text string, mask func(string) string) string {
	if mask != nil {
		text = mask(text)
	}
	lower := strings.ToLower(text)
	for _, shape := range shapes {
		text = shape.mask(text, lower)
	}
	return text
}

// unescape undoes one layer of backslash and percent escapes. Other text is unchanged.
func unescape(text string) string {
	if !strings.ContainsAny(text, `\%`) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		c, rest := text[i], text[i+1:]
		switch {
		case c == '%' && len(rest) >= 2 && isHex(rest[:2]):
			b.WriteByte(fromHex(rest[:2])[0])
			i += 3
		case c == '\\' && len(rest) >= 3 && rest[0] == 'x' && isHex(rest[1:3]):
			b.WriteByte(fromHex(rest[1:3])[0])
			i += 4
		case c == '\\' && len(rest) >= 5 && rest[0] == 'u' && isHex(rest[1:5]):
			code := fromHex(rest[1:5])
			b.WriteRune(rune(code[0])<<8 | rune(code[1]))
			i += 6
		case c == '\\' && rest != "":
			b.WriteByte(rest[0])
			i += 2
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdefABCDEF") == "" }

func fromHex(text string) []byte {
	// isHex has checked the text, so there is no error.
	decoded, _ := hex.DecodeString(text)
	return decoded
}

// forms returns the ways in which a text can stand in another, some of them twice.
func forms(text string) []string {
	plain := []byte(text)
	lower, upper := hex.EncodeToString(plain), strings.ToUpper(hex.EncodeToString(plain))
	all := []string{
		text,
		url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text),
		inner(strconv.Quote(text)), inner(strconv.QuoteToASCII(text)), inner(jsonText(text, true)), inner(jsonText(text, false)),
		lower, upper,
		fmt.Sprintf("% x", plain), fmt.Sprintf("% X", plain), fmt.Sprintf("%# x", plain), fmt.Sprintf("%# X", plain),
		inner(strings.TrimPrefix(fmt.Sprintf("%#v", plain), "[]byte")), inner(fmt.Sprintf("%d", plain)),
		strings.ReplaceAll(inner(fmt.Sprintf("%d", plain)), " ", ","), strings.ReplaceAll(inner(fmt.Sprintf("%d", plain)), " ", ", "),
	}
	for _, verb := range []string{"%d", "% d", "%x", "% x", "%X", "% X", "%#x", "%# x", "%#X", "%# X", "%q"} {
		runes := inner(fmt.Sprintf(verb, []rune(text)))
		all = append(all, runes, strings.ReplaceAll(runes, " ", ", "))
	}
	if len(text) >= shortestBase64 {
		for offset := range 3 {
			all = append(all, base64Middle(plain, offset, base64.RawStdEncoding), base64Middle(plain, offset, base64.RawURLEncoding))
		}
		all = append(all, base64.StdEncoding.EncodeToString(plain), base64.URLEncoding.EncodeToString(plain))
	}
	return all
}

// inner takes the first and last byte off: quotation marks or brackets.
func inner(text string) string { return text[1 : len(text)-1] }

func jsonText(text string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	// A string can always be encoded, and a strings.Builder takes it all.
	_ = encoder.Encode(text)
	return strings.TrimSuffix(b.String(), "\n")
}

// base64Middle returns the base64 of a text that follows offset other bytes (modulo 3), without the
// characters at both ends that also depend on adjacent bytes.
func base64Middle(text []byte, offset int, encoding *base64.Encoding) string {
	encoded := encoding.EncodeToString(append(make([]byte, offset), text...))
	first := (offset*8 + 5) / 6
	last := (offset + len(text)) * 8 / 6
	return encoded[first:last]
}
