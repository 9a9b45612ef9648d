// Package desktop is the operating system's side of the program: its display, session bus and tray, starting at log-in, bringing a window
// to the front and minimising it, messages where there is no window, the console, and processes that outlive this one.
//
// Each file is for one of them and one system; nothing here knows of sessions, settings or the flow.
package desktop
