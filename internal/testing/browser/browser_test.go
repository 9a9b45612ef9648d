//go:build linux

package browser_test

import (
	"context"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ers-login/ers-login/internal/testing/browser"
	"github.com/ers-login/ers-login/internal/testing/desktop"
)

// The desktop opens pages with a real browser, which ends with the test.
func TestPagesOfTheDesktopsBrowser(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form method="post"><button name="x" value="first">1</button><button name="x" value="second">2</button></form>%s %s`,
			r.Method, r.PostFormValue("x"))
	}))
	defer pages.Close()
	screen, err := desktop.Start(ctx, 960, 700)
	require.NoError(t, err)
	defer func() { assert.NoError(t, screen.Close()) }()
	dir := t.TempDir()
	data, config := filepath.Join(dir, "data"), filepath.Join(dir, "config")
	installed, err := browser.Install(filepath.Join(dir, "browser"), data, config)
	require.NoError(t, err)
	require.NoError(t, installed.Close(), "it does not run yet")
	open := func(address string) {
		cmd := exec.CommandContext(ctx, "xdg-open", address)
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_DATA_HOME=" + data, "XDG_CONFIG_HOME=" + config}, screen.Env()...)
		require.NoError(t, cmd.Start())
		go func() { _ = cmd.Wait() }() // the first one has become the browser
	}

	open(pages.URL + "/?a=1&b='x'")
	first, err := installed.Page(ctx, pages.URL)
	require.NoError(t, err)
	require.NoError(t, first.Press(ctx, "second"))
	_, err = first.WaitText(ctx, "POST second")
	require.NoError(t, err)
	open(pages.URL + "/?a=1&b='x'")
	again, err := installed.Page(ctx, pages.URL)
	require.NoError(t, err)
	_, err = again.WaitText(ctx, "GET")
	require.NoError(t, err, "it is another page")
	picture := filepath.Join(dir, "page.png")
	require.NoError(t, again.Picture(ctx, picture))
	file, err := os.Open(picture)
	require.NoError(t, err)
	defer func() { assert.NoError(t, file.Close()) }()
	_, err = png.Decode(file)
	require.NoError(t, err)

	soon, end := context.WithTimeout(ctx, 100*time.Millisecond)
	defer end()
	_, err = installed.Page(soon, pages.URL)
	require.ErrorContains(t, err, "shows no page")
	require.NoError(t, installed.Close())
	require.NoError(t, installed.Close(), "it has ended")
}
