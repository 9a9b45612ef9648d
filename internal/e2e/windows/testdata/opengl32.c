/*
 * Stands for Mesa's opengl32.dll: OpenGL that accepts every call and draws nothing, on a desktop
 * without OpenGL. It records in opengl32.log next to it where it was loaded from, and by which program.
 */
#define _GDI32_ /* What windows.h would import is defined here. */
#include <windows.h>
#include <stdio.h>
#include <string.h>

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, LPVOID reserved) {
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) {
    char path[MAX_PATH], program[MAX_PATH], log[MAX_PATH + 16];
    GetModuleFileNameA(self, path, sizeof path);
    GetModuleFileNameA(NULL, program, sizeof program);
    /* The path has the case used by the loading program: OPENGL32.dll, or opengl32.dll. */
    const char *name = strrchr(path, '\\');
    if (name) {
      snprintf(log, sizeof log, "%.*s\\opengl32.log", (int)(name - path), path);
      FILE *file = fopen(log, "a");
      if (file) {
        fprintf(file, "%s in %s\n", path, program);
        fclose(file);
      }
    }
  }
  return TRUE;
}

#define EXPORT __declspec(dllexport)

/* What follows "gl": nothing is refused, and each object is the first one. */
static UINT64 WINAPI nothing(void) { return 0; }
static UINT64 WINAPI one(void) { return 1; }

static const char *WINAPI string(unsigned name) {
  switch (name) {
    case 0x1f02: return "2.1 of the tests"; /* GL_VERSION */
    case 0x8b8c: return "1.20";             /* GL_SHADING_LANGUAGE_VERSION */
    case 0x1f03: return "";                 /* GL_EXTENSIONS */
    default: return "stand-in";
  }
}

/* 4096 is enough of everything, such as the size of a texture. */
static void WINAPI integers(unsigned name, int *values) { (void)name; *values = 4096; }

/* Shaders and programs compile and link, without messages. */
static void WINAPI statuses(unsigned object, unsigned name, int *value) {
  (void)object;
  *value = name == 0x8b81 || name == 0x8b82 ? 1 : 0; /* GL_COMPILE_STATUS, GL_LINK_STATUS */
}

#define FUNCTION(name) ((PROC)(void *)(name))

EXPORT PROC WINAPI wglGetProcAddress(const char *name) {
  if (!strcmp(name, "glGetString")) return FUNCTION(string);
  if (!strcmp(name, "glGetIntegerv")) return FUNCTION(integers);
  if (!strcmp(name, "glGetShaderiv") || !strcmp(name, "glGetProgramiv")) return FUNCTION(statuses);
  if (!strncmp(name, "glCreate", 8)) return FUNCTION(one);
  /* Of wgl's own extensions there are none. */
  return strncmp(name, "gl", 2) ? NULL : FUNCTION(nothing);
}

static HDC drawing;
static HGLRC current;

EXPORT HGLRC WINAPI wglCreateContext(HDC dc) { (void)dc; return (HGLRC)1; }
EXPORT BOOL WINAPI wglDeleteContext(HGLRC context) { (void)context; return TRUE; }
EXPORT BOOL WINAPI wglMakeCurrent(HDC dc, HGLRC context) { drawing = dc; current = context; return TRUE; }
EXPORT BOOL WINAPI wglShareLists(HGLRC a, HGLRC b) { (void)a; (void)b; return TRUE; }
EXPORT HDC WINAPI wglGetCurrentDC(void) { return drawing; }
EXPORT HGLRC WINAPI wglGetCurrentContext(void) { return current; }

/* gdi32's functions of these names without "wgl" call these. There is one format. */
EXPORT int WINAPI wglChoosePixelFormat(HDC dc, const PIXELFORMATDESCRIPTOR *wanted) { (void)dc; (void)wanted; return 1; }
EXPORT int WINAPI wglGetPixelFormat(HDC dc) { (void)dc; return 1; }
EXPORT BOOL WINAPI wglSetPixelFormat(HDC dc, int format, const PIXELFORMATDESCRIPTOR *wanted) {
  (void)dc; (void)wanted;
  return format == 1;
}
EXPORT BOOL WINAPI wglSwapBuffers(HDC dc) { (void)dc; return TRUE; }
EXPORT int WINAPI wglDescribePixelFormat(HDC dc, int format, UINT size, PIXELFORMATDESCRIPTOR *found) {
  (void)dc; (void)format;
  if (found && size >= sizeof *found) {
    memset(found, 0, sizeof *found);
    found->nSize = sizeof *found;
    found->nVersion = 1;
    found->dwFlags = PFD_DRAW_TO_WINDOW | PFD_SUPPORT_OPENGL | PFD_DOUBLEBUFFER | PFD_GENERIC_ACCELERATED;
    found->iPixelType = PFD_TYPE_RGBA;
    found->cColorBits = 24;
    found->cRedBits = found->cGreenBits = found->cBlueBits = found->cAlphaBits = 8;
    found->cDepthBits = 24;
    found->cStencilBits = 8;
  }
  return 1;
}
