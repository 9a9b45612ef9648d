// Package history remembers which organisation and business function each user chose last, so that the window can offer that
// pair first and a sign-in costs one key press (AUT-005 still has the user choose). It keeps the pairs that a user has marked with a
// star too, so that they come next, each in a place of its own: the digit that chooses it must not come to mean another pair.
//
// With it goes the clinician that the user worked for, so that one key press does for that too.
//
// Workstations are shared, and a file that lists who works at one should not lie about. So a user is kept as a hash of their
// 12-digit national id, salted and made slow (PBKDF2, RFC 8018) since a million million ids are soon tried, and there is no
// time of day, and the clinician's id is encrypted with another hash of the user's: the order of the list is all that is known of when. Only the latest [Limit] users are kept, with
// [MostFavourites] favourites each.
//
// What is lost with the file is a convenience, so nothing here stops a sign-in. But a file that cannot be read is never
// thrown away either: it is set aside with .bak at the end of its name.
package history

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/adrg/xdg"

	"github.com/ers-login/ers-login/ersclient"
	"github.com/ers-login/ers-login/internal/atomicfile"
	"github.com/ers-login/ers-login/internal/bounded"
)

// Limit is how many users are remembered.
const Limit = 50

// MostFavourites is how many favourites of one user are kept.
const MostFavourites = 40

// FirstPlace is the lowest place of a favourite. The place before it is that of the pair chosen
// last.
const FirstPlace = 2

const (
	version = 1
	// rounds slows the search for the id behind a hash; it belongs to the file's version.
	rounds = 100_000
	// maxFile bounds the file, in bytes, and maxText one text in it. Both are far above real files.
	maxFile = 8 << 20
	maxText = 200
	// maxIdentifier bounds a clinician's id, in characters, so that it stays below maxText when sealed.
	maxIdentifier = 50
	// minSalt is the shortest salt, in characters; rand.Text makes longer ones.
	minSalt = 16
)

// History is what one account of a workstation remembers. It is safe for concurrent use.
type History struct {
	path string

	// disk is held while the file is read and written, which can take long, and is taken before mu.
	disk sync.Mutex
	// mu is held for moments only: the window asks thousands of times for one picture.
	mu      sync.Mutex
	content content
	// last caches the last user, since a sign-in asks twice and hashing is slow on purpose.
	last struct {
		identifier, salt, user string
		// sealing encrypts what only this user's id opens; nil before it is needed.
		sealing cipher.AEAD
	}
}

// content is the file.
type content struct {
	Version int    `json:"version"`
	Salt    string `json:"salt"`
	// Choices starts with the latest.
	Choices []choice `json:"choices"`
	// Favourites has the user first who has marked one latest, and a user's in the order in which
	// they were marked.
	Favourites []favourite `json:"favourites,omitempty"`
}

// favourite is a marked pair.
type favourite struct {
	choice
	Place int `json:"place"`
}

type choice struct {
	User             string `json:"user"`
	OrgIdentifier    string `json:"orgIdentifier"`
	BusinessFunction string `json:"businessFunction"`
	// OnBehalfOf is the clinician's id, sealed: see [History.seal]. Earlier versions of the program
	// leave it out.
	OnBehalfOf string `json:"onBehalfOf,omitempty"`
}

// DefaultFile returns the usual place of the file, in the platform's folder for state.
func DefaultFile() string { return filepath.Join(xdg.StateHome, "ers-login", "history.json") }

// Open reads the history at path. A missing file is an empty history.
//
// The History works even with an error: it starts empty then. A file that cannot be understood has
// been set aside as path.bak, replacing an earlier one.
func Open(path string) (*History, error) {
	h := &History{path: path}
	read, err := load(path)
	h.content = read
	return h, err
}

// Last returns the pair that a user chose last. Its OrgName is empty: compare with [ersclient.Permission.Same].
func (h *History) Last(userIdentifier string) (ersclient.Permission, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.content.Choices) == 0 {
		return ersclient.Permission{}, false
	}
	user, err := h.user(userIdentifier)
	if err != nil {
		// Hashing fails only where the system forbids it. Then no user is found, and Remember
		// returns the error.
		return ersclient.Permission{}, false
	}
	i := slices.IndexFunc(h.content.Choices, func(c choice) bool { return c.User == user })
	if i < 0 {
		return ersclient.Permission{}, false
	}
	found := h.content.Choices[i]
	return ersclient.Permission{
		BusinessFunction: ersclient.BusinessFunction(found.BusinessFunction),
		OrgIdentifier:    found.OrgIdentifier,
		OnBehalfOf:       h.unseal(userIdentifier, found.OnBehalfOf),
	}, true
}

// Remember keeps the pair that a user has chosen, and writes the file, after reading it again:
// another session of the user may have changed it. A file that cannot be understood is set aside as
// by [Open] and written anew, with an error. After an error the choice holds until the program
// ends.
func (h *History) Remember(userIdentifier string, permission ersclient.Permission) error {
	if len(permission.OrgIdentifier) > maxText || len(permission.BusinessFunction) > maxText || len(permission.OnBehalfOf) > maxIdentifier {
		return errors.New("could not remember the choice: it is too long")
	}
	return h.change(userIdentifier, func(c *content, user string) error {
		others := slices.DeleteFunc(c.Choices, func(c choice) bool { return c.User == user })
		latest := chosen(user, permission)
		var err error
		if latest.OnBehalfOf, err = h.seal(userIdentifier, permission.OnBehalfOf); err != nil {
			return err
		}
		c.Choices = append([]choice{latest}, others...)
		c.Choices = c.Choices[:min(len(c.Choices), Limit)]
		return nil
	})
}

// FavouritePlaces returns the pairs that a user has marked as favourites, each with its place, which stays
// while the pair is marked. It answers from memory. Like [History.Last], it leaves OrgName empty.
func (h *History) FavouritePlaces(userIdentifier string) map[ersclient.Permission]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.content.Favourites) == 0 {
		return nil
	}
	user, err := h.user(userIdentifier)
	if err != nil {
		return nil // as in Last
	}
	places := map[ersclient.Permission]int{}
	for _, star := range h.content.Favourites {
		if star.User == user {
			places[star.permission()] = star.Place
		}
	}
	return places
}

// Mark makes a pair a user's favourite, in a place or, if another favourite has it, in the lowest
// free one. A pair that is marked already keeps its place. The file is written as by
// [History.Remember].
func (h *History) Mark(userIdentifier string, permission ersclient.Permission, place int) error {
	if len(permission.OrgIdentifier) > maxText || len(permission.BusinessFunction) > maxText {
		return errors.New("could not keep the favourite: it is too long")
	}
	return h.change(userIdentifier, func(c *content, user string) error {
		marked := chosen(user, permission)
		own, others := favouritesOf(c, user)
		if !slices.ContainsFunc(own, func(f favourite) bool { return f.choice == marked }) {
			if len(own) >= MostFavourites {
				return fmt.Errorf("could not keep the favourite: there are %d already", MostFavourites)
			}
			own = append(own, favourite{marked, freePlace(own, place)})
		}
		c.Favourites = keepLatestUsers(append(own, others...))
		return nil
	})
}

// Unmark takes a favourite of a user away; the others keep their places. The file is written as by
// [History.Remember].
func (h *History) Unmark(userIdentifier string, permission ersclient.Permission) error {
	return h.change(userIdentifier, func(c *content, user string) error {
		own, others := favouritesOf(c, user)
		own = slices.DeleteFunc(own, func(f favourite) bool { return f.choice == chosen(user, permission) })
		c.Favourites = keepLatestUsers(append(own, others...))
		return nil
	})
}

// favouritesOf splits the favourites into those of a user and of others.
func favouritesOf(c *content, user string) (own, others []favourite) {
	for _, star := range c.Favourites {
		if star.User == user {
			own = append(own, star)
		} else {
			others = append(others, star)
		}
	}
	return own, others
}

// freePlace returns a place that none of a user's favourites has: the wanted one, or the lowest.
func freePlace(own []favourite, wanted int) int {
	taken := func(place int) bool {
		return slices.ContainsFunc(own, func(f favourite) bool { return f.Place == place })
	}
	if wanted >= FirstPlace && wanted < FirstPlace+MostFavourites && !taken(wanted) {
		return wanted
	}
	lowest := FirstPlace
	for taken(lowest) {
		lowest++
	}
	return lowest
}

// keepLatestUsers leaves out the favourites of users beyond the [Limit].
func keepLatestUsers(stars []favourite) []favourite {
	seen := map[string]bool{}
	for i, star := range stars {
		seen[star.User] = true
		if len(seen) > Limit {
			return stars[:i]
		}
	}
	return stars
}

func chosen(user string, permission ersclient.Permission) choice {
	return choice{User: user, OrgIdentifier: permission.OrgIdentifier, BusinessFunction: string(permission.BusinessFunction)}
}

func (c choice) permission() ersclient.Permission {
	return ersclient.Permission{BusinessFunction: ersclient.BusinessFunction(c.BusinessFunction), OrgIdentifier: c.OrgIdentifier}
}

// change reads the file anew, edits its content, and writes it. The edit stays in memory even if it
// could not be written.
func (h *History) change(userIdentifier string, edit func(*content, string) error) error {
	h.disk.Lock()
	defer h.disk.Unlock()
	read, err := load(h.path)
	changed, editErr := h.changed(userIdentifier, read, err, edit)
	if editErr != nil {
		return errors.Join(err, editErr)
	}
	if err != nil && !errors.Is(err, errAside) {
		// What cannot be read cannot be set aside either, and so must not be replaced.
		return err
	}
	return errors.Join(err, h.write(changed))
}

func (h *History) changed(userIdentifier string, read content, err error, edit func(*content, string) error) (content, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil && read.Salt != "" {
		h.content = read
	}
	if h.content.Salt == "" {
		h.content = content{Version: version, Salt: rand.Text()}
	}
	user, hashErr := h.user(userIdentifier)
	if hashErr != nil {
		return content{}, hashErr
	}
	// What the writer has in hand is not changed by the next change.
	next := h.content
	next.Choices, next.Favourites = slices.Clone(next.Choices), slices.Clone(next.Favourites)
	if err := edit(&next, user); err != nil {
		return content{}, err
	}
	h.content = next
	return next, nil
}

func (h *History) write(changed content) error {
	encoded, err := json.Marshal(changed)
	if err != nil {
		return fmt.Errorf("could not encode the history: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return fmt.Errorf("could not make the folder of the history: %w", err)
	}
	return atomicfile.Write(h.path, append(encoded, '\n'))
}

// user returns what stands in the file for a user.
func (h *History) user(identifier string) (string, error) {
	if h.last.user != "" && h.last.identifier == identifier && h.last.salt == h.content.Salt {
		return h.last.user, nil
	}
	key, err := pbkdf2.Key(sha256.New, identifier, []byte(h.content.Salt), rounds, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("could not hash the user's id: %w", err)
	}
	h.last.identifier, h.last.salt, h.last.user, h.last.sealing = identifier, h.content.Salt, hex.EncodeToString(key), nil
	return h.last.user, nil
}

// seal encrypts a clinician's id for the file, with a key that only the user's id yields: who works
// for whom is not to be read there either.
func (h *History) seal(user, clinician string) (string, error) {
	if clinician == "" {
		return "", nil
	}
	sealing, err := h.sealing(user)
	if err != nil {
		return "", err
	}
	// The cipher puts a random nonce in front.
	sealed := sealing.Seal(nil, nil, []byte(clinician), nil) //nolint:gosec // G407: there is no nonce to give
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// unseal returns what seal has encrypted, or "".
func (h *History) unseal(user, sealed string) string {
	text, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || sealed == "" {
		return ""
	}
	sealing, err := h.sealing(user)
	if err != nil {
		return ""
	}
	clinician, err := sealing.Open(nil, nil, text, nil)
	if err != nil {
		return ""
	}
	return string(clinician)
}

// sealing returns the cipher of a user, for whom h.user has been called.
func (h *History) sealing(user string) (cipher.AEAD, error) {
	if h.last.sealing != nil {
		return h.last.sealing, nil
	}
	key, err := pbkdf2.Key(sha256.New, user, []byte(h.content.Salt+" on behalf of"), rounds, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("could not hash the user's id: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err == nil {
		h.last.sealing, err = cipher.NewGCMWithRandomNonce(block)
	}
	if err != nil {
		return nil, fmt.Errorf("could not encrypt a clinician's id: %w", err)
	}
	return h.last.sealing, nil
}

var errAside = errors.New("the history could not be understood and was set aside")

// load reads a file. A missing one is empty; one that cannot be understood is set aside, with
// errAside.
func load(path string) (content, error) {
	raw, err := bounded.ReadFile(path, maxFile)
	var made content
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return content{}, nil
	case err == nil:
		if made, err = parse(raw); err == nil {
			return made, nil
		}
	case !errors.Is(err, bounded.ErrTooLarge):
		return content{}, fmt.Errorf("could not read the history: %w", err)
	}
	if renamed := os.Rename(path, path+".bak"); renamed != nil {
		return content{}, fmt.Errorf("could not set the history aside, which cannot be understood: %w", errors.Join(err, renamed))
	}
	return content{}, fmt.Errorf("%w: %w", errAside, err)
}

func parse(raw []byte) (content, error) {
	var made content
	if err := json.Unmarshal(raw, &made); err != nil {
		return content{}, err
	}
	if made.Version != version {
		return content{}, fmt.Errorf("it has version %d, and this program knows version %d", made.Version, version)
	}
	if len(made.Salt) < minSalt || len(made.Salt) > maxText {
		return content{}, errors.New("it has no salt")
	}
	all := slices.Clone(made.Choices)
	for _, star := range made.Favourites {
		all = append(all, star.choice)
	}
	for _, c := range all {
		if c.User == "" || max(len(c.User), len(c.OrgIdentifier), len(c.BusinessFunction), len(c.OnBehalfOf)) > maxText {
			return content{}, errors.New("it has a choice that is none")
		}
	}
	made.Choices = made.Choices[:min(len(made.Choices), Limit)]
	// One without a place of its own could be neither chosen nor marked.
	taken := map[favourite]bool{}
	made.Favourites = slices.DeleteFunc(made.Favourites, func(f favourite) bool {
		place := favourite{choice{User: f.User}, f.Place}
		wrong := f.Place < FirstPlace || f.Place >= FirstPlace+MostFavourites || taken[place]
		taken[place] = true
		return wrong
	})
	made.Favourites = keepLatestUsers(made.Favourites[:min(len(made.Favourites), Limit*MostFavourites)])
	return made, nil
}
