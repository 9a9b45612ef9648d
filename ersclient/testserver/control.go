package testserver

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files that a stand-in in another process is found by.
const (
	// URLFile holds the base URL. It is written last, when everything else is ready.
	URLFile = "url"
	// ControlFile holds the address of the control endpoint, readable by its owner only.
	ControlFile = "control"
	// CAFile is the authority of the stand-in's certificate, as PEM.
	CAFile = "ca.pem"
)

type faultOrder struct {
	Call  Call  `json:"call"`
	Fault Fault `json:"fault"`
}

// Announce opens the control endpoint of a stand-in with a base URL: plain HTTP on its own loopback
// port, at a path that cannot be guessed, with what the stand-in adds to it. It writes ControlFile
// and, last, URLFile into a folder.
func (s *Server) Announce(folder, url string, add func(*http.ServeMux)) error {
	token := "/" + hex.EncodeToString(RandomBytes(16))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { Respond(w, s.Requests()) })
	Accept(mux, "/fault", func(order faultOrder) error { return s.Fail(order.Call, order.Fault) })
	add(mux)
	at, err := s.Serve("127.0.0.1:0", nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.URL.Path[:min(len(token), len(r.URL.Path))]
		if subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		http.StripPrefix(token, mux).ServeHTTP(w, r)
	}))
	if err == nil {
		err = WriteFile(filepath.Join(folder, ControlFile), 0o600, []byte("http://"+at.String()+token+"\n"))
	}
	if err == nil {
		err = WriteFile(filepath.Join(folder, URLFile), 0o644, []byte(url+"\n"))
	}
	return err
}

// Respond writes a report of the control endpoint.
func Respond(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", jsonType)
	// A client that disconnected needs no answer.
	_ = json.NewEncoder(w).Encode(value)
}

// Accept has the control endpoint take orders at a path, and carry each out.
func Accept[T any](mux *http.ServeMux, path string, carryOut func(order T) error) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var order T
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&order)
		if err == nil {
			err = carryOut(order)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// Control talks to the control endpoint of a stand-in in another process.
type Control struct {
	address string
	client  *http.Client
}

// OpenControl returns the Control of the stand-in that serves from folder.
func OpenControl(folder string) (*Control, error) {
	address, err := os.ReadFile(filepath.Join(folder, ControlFile)) //nolint:gosec // G304: the caller names the folder
	if err != nil {
		return nil, fmt.Errorf("could not find the stand-in's control endpoint: %w", err)
	}
	return &Control{
		address: strings.TrimSpace(string(address)),
		// No proxy and no idle connections: it is loopback, and tests do not call Close.
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second},
	}, nil
}

// Requests returns the calls made, as Server.Requests does.
func (c *Control) Requests(ctx context.Context) ([]Request, error) {
	var requests []Request
	err := c.Call(ctx, http.MethodGet, "/requests", nil, &requests)
	return requests, err
}

// Sessions reads the report of the present sessions, in the stand-in's own type.
func (c *Control) Sessions(ctx context.Context, report any) error {
	return c.Call(ctx, http.MethodGet, "/sessions", nil, report)
}

// Fail orders a fault, as Server.Fail does.
func (c *Control) Fail(ctx context.Context, call Call, fault Fault) error {
	return c.Call(ctx, http.MethodPost, "/fault", faultOrder{call, fault}, nil)
}

// Call sends an order and reads the report, unless it is nil.
func (c *Control) Call(ctx context.Context, method, path string, order, report any) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("stand-in %s: %w", path, err)
		}
	}()
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxRequest))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s", response.Status, bytes.TrimSpace(answer))
	}
	if report == nil {
		return nil
	}
	return json.Unmarshal(answer, report)
}
