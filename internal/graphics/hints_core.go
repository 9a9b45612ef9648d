//go:build (!gles && !arm && !arm64) || darwin

package graphics

import "github.com/go-gl/glfw/v3.4/glfw"

// contextHints ask for OpenGL 2.1, as Fyne does here.
func contextHints() {
	glfw.WindowHint(glfw.ContextVersionMajor, 2)
	glfw.WindowHint(glfw.ContextVersionMinor, 1)
}
