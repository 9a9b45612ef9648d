// Package graphics finds out whether this desktop offers what Fyne draws with. It links OpenGL, so that only package main imports it:
// what is tested without a display, and what only reads the keyring, does without.
package graphics

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/go-gl/glfw/v3.4/glfw"
)

// Probe tries what Fyne draws with: an invisible window with an OpenGL context like Fyne's. It runs
// in a separate process (app.ProbeCommand), since a broken driver crashes or hangs its caller.
//
// It returns the exit status: 0 if all works. Otherwise it writes the reason to said.
func Probe(said io.Writer) int {
	err := openContext()
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(said, err) // The status says it too.
	return 1
}

func openContext() (err error) {
	// The binding panics where it meets an error that it does not know.
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic in the graphics library: %v", cause)
		}
	}()
	if err := glfw.Init(); err != nil {
		return fmt.Errorf("could not reach the desktop: %w", err)
	}
	defer glfw.Terminate()
	glfw.WindowHint(glfw.Visible, glfw.False)
	// As Fyne does: OpenGL ES 2.0 on ARM processors but Apple's, and else OpenGL 2.1.
	glfw.WindowHint(glfw.ContextVersionMajor, 2)
	if strings.HasPrefix(runtime.GOARCH, "arm") && runtime.GOOS != "darwin" {
		glfw.WindowHint(glfw.ClientAPI, glfw.OpenGLESAPI)
	} else {
		glfw.WindowHint(glfw.ContextVersionMinor, 1)
	}
	window, err := glfw.CreateWindow(10, 10, "", nil, nil)
	if err != nil {
		return fmt.Errorf("could not make an OpenGL context: %w", err)
	}
	window.MakeContextCurrent()
	for _, function := range []string{"glCreateShader", "glCreateProgram", "glTexImage2D", "glDrawArrays"} {
		if glfw.GetProcAddress(function) == nil {
			return errors.New("the OpenGL driver has no " + function)
		}
	}
	return nil
}
