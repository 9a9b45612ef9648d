// Package directory finds the names of organisations by their ODS codes, which the answers of the
// e-RS FHIR API lack: in NHS England's open directory (Organisation Data Service, ORD), which needs
// no sign-in.
//
// Names are decoration: roles are shown by code at once, and names fill in. So the directory is
// asked in the background, four times a second at most, where it wants fewer than five, and each
// name is kept on disk for 30 days. Nothing is asked about people: a request has the code of an
// organisation alone.
//
// The directory writes names in capitals; [DisplayName] makes them readable.
package directory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ers-login/ers-login/ersclient/transport"
	"github.com/ers-login/ers-login/internal/problem"
)

const (
	// perSecond is the highest rate of requests.
	perSecond = 4
	// maxAsked bounds the codes that one [Directory.Find] asks for: a quarter of an hour's requests.
	maxAsked = 3000
	maxCode  = 64  // bytes of a code
	maxName  = 200 // characters of a name
)

// Config holds the parameters of a Directory.
type Config struct {
	// BaseURL is the directory's address, to which a code is appended. Empty means that nothing is
	// asked: names are then those of the cache. A nil Pace is four requests a second.
	transport.Config
	// File is the cache's path; empty means none. Its folder is made if it is missing.
	File string
}

// Service names the directory to a user.
var Service = problem.Words("the directory of organisations")

// Directory finds names. It is safe for concurrent use.
type Directory struct {
	// client is nil if nothing is asked.
	client *transport.Client
	cache  *cache
	// asking holds one element while the directory is asked.
	asking chan struct{}
}

// New makes a Directory and reads its cache. It does not connect. The Directory is usable if the
// error is [ErrCache], and nil with any other, which is about the address.
func New(config Config) (*Directory, error) {
	var client *transport.Client
	if config.BaseURL != "" {
		if config.Pace == nil {
			config.Pace = transport.PaceOf(perSecond)
		}
		config.Service = Service
		var err error
		if client, err = transport.New(config.Config); err != nil {
			// The cause says what is wrong with the address.
			return nil, fmt.Errorf("the address of the directory cannot be used: %w", problem.Of(err).Cause)
		}
	}
	kept, err := openCache(config.File, time.Now)
	return &Directory{client, kept, make(chan struct{}, 1)}, err
}

// Close closes idle connections.
func (d *Directory) Close() {
	if d.client != nil {
		d.client.Close()
	}
}

// Known returns the name of an organisation for display, if it is in the cache. It does not block
// on the network.
func (d *Directory) Known(code string) (name string, ok bool) {
	kept, fresh := d.cache.get(code)
	if !fresh || kept.Name == "" {
		return "", false
	}
	return DisplayName(kept.Name), true
}

// Find calls found for each of the codes that has a name, first those of the cache, then those of
// the directory as they come, in order. It returns once all are asked, and blocks until then: call
// it in the background. found must not call Find.
//
// A code that the directory does not know, or answers without a usable name, is not asked again for
// a day. After any other error the rest is left for the next Find. The error is for the log and no
// Problem, since a user misses nothing: that of a call, that of writing the cache ([ErrCache]), or
// both.
func (d *Directory) Find(ctx context.Context, codes []string, found func(code, name string)) error {
	var missing []string
	asked := map[string]bool{}
	for _, code := range codes {
		if asked[code] || !isCode(code) {
			continue
		}
		asked[code] = true
		if name, ok := d.Known(code); ok {
			found(code, name)
		} else if _, fresh := d.cache.get(code); !fresh && len(missing) < maxAsked {
			missing = append(missing, code)
		}
	}
	if d.client == nil || len(missing) == 0 {
		return nil
	}
	select {
	case d.asking <- struct{}{}:
		defer func() { <-d.asking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var failed error
	for _, code := range missing {
		kept, fresh := d.cache.get(code) // another Find may have asked meanwhile
		if !fresh {
			if kept.Name, failed = d.ask(ctx, code); failed != nil {
				break
			}
			d.cache.put(code, kept.Name)
		}
		if kept.Name != "" {
			found(code, DisplayName(kept.Name))
		}
	}
	return errors.Join(failed, d.cache.write())
}

var callDirectory = transport.Call{Name: "directory", Method: http.MethodGet, Success: http.StatusOK, Safe: true}

// ask returns the name of an organisation as the directory writes it, or "" if it has none that can
// be used.
func (d *Directory) ask(ctx context.Context, code string) (string, error) {
	var name string
	var unusable error
	err := d.client.Send(ctx, transport.Request{
		Call: callDirectory, Step: code, Header: http.Header{"Accept": {"application/json"}},
		Read: func(body []byte) error {
			name, unusable = decodeName(body, code)
			return unusable
		},
		Refused: func(cause *transport.StatusError) error { return cause },
	})
	var refused *transport.StatusError
	switch {
	case err == nil:
		return name, nil
	case unusable != nil, errors.As(err, &refused) && (refused.Status == http.StatusNotFound || refused.Status == http.StatusGone):
		// One organisation's record must not keep those of the others away.
		return "", nil
	}
	return "", problem.Of(err).Cause
}

// decodeName reads the directory's answer about a code.
func decodeName(answer []byte, code string) (string, error) {
	root, err := transport.ParseObject(answer)
	if err != nil {
		return "", err
	}
	organisation := root.Object("Organisation")
	if id := organisation.Object("OrgId"); id.Has("extension") && !strings.EqualFold(id.Text("extension"), code) {
		return "", errors.New("the answer is about another organisation")
	}
	name := problem.Clean(organisation.Text("Name"), maxName)
	if name == "" {
		return "", errors.New("the answer has no name")
	}
	return name, nil
}

// isCode reports whether a text can be an ODS code.
func isCode(code string) bool {
	return code != "" && len(code) <= maxCode && !strings.ContainsFunc(code, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
}
