// Package browser is the web browser of a desktop for tests: a real Chromium, which freedesktop.org's
// xdg-open starts as it starts a user's. Its pages are driven and photographed by its DevTools
// protocol: keys and clicks on a screen without a window manager would miss a page that is still
// loading, or that another window covers.
package browser
