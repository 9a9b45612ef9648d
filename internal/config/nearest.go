package config

import (
	"slices"
	"strings"
)

// near returns the known name that another one probably means, or nothing: two changes, or one in
// three letters of a long name, but at most one in two letters.
func near(name string, known []string) string {
	if found, n := nearest(name, known); n <= max(2, len(found)/3) && 2*n <= len(found) {
		return found
	}
	return ""
}

// nearest returns the known name that takes the fewest changes to reach, and how many.
func nearest(name string, known []string) (best string, fewest int) {
	name = normal(name)
	for _, one := range known {
		if n := changes(name, normal(one)); best == "" || n < fewest {
			best, fewest = one, n
		}
	}
	return best, fewest
}

func keysOf(table []Setting) []string {
	keys := make([]string, len(table))
	for i, setting := range table {
		keys[i] = setting.Key
	}
	return keys
}

// normal writes a key as the table would: baseURL, base-url and BASE_URL become base_url or close
// to it.
func normal(key string) string {
	if len(key) > 64 {
		key = key[:64]
	}
	return strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(strings.ToLower(key))
}

// changes counts the bytes to insert, remove, replace or transpose to make b of a (Damerau and
// Levenshtein's distance, in its optimal string alignment form).
func changes(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// Parts and words of a name that suggest a secret.
var (
	secretParts = []string{
		"passphrase", "password", "passwd", "passcode", "secret", "ticket", "token", "sessionkey", "session_key", "credential",
	}
	secretWords = []string{"pwd", "pin", "pass"}
)

// looksLikeSecret returns the first name, of an unknown key or one below it, that sounds like a
// secret, and reports whether there is one. A misspelt key of the table does not count: for
// passphrase-file, the right name helps more.
func looksLikeSecret(table []Setting, key string, value any) (string, bool) {
	return smellBelow(keysOf(table), key, value, 4)
}

func smellBelow(known []string, key string, value any, depth int) (string, bool) {
	if meant, n := nearest(key, known); n <= 2 && sounds(meant) {
		return "", false
	}
	if sounds(normal(key)) {
		return key, true
	}
	below, ok := value.(map[string]any)
	if !ok || depth == 0 {
		return "", false
	}
	for inner, value := range below {
		if found, ok := smellBelow(known, inner, value, depth-1); ok {
			return key + "." + found, true
		}
	}
	return "", false
}

// sounds reports whether a name is one under which secrets are kept.
func sounds(name string) bool {
	for _, part := range secretParts {
		if strings.Contains(name, part) {
			return true
		}
	}
	words := strings.Split(name, "_")
	return slices.ContainsFunc(secretWords, func(word string) bool { return slices.Contains(words, word) })
}
