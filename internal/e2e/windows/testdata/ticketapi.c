/*
 * A stand-in for the Identity Agent's TicketApiDll.dll: the exports of the Ticket API's published interface, with nothing behind
 * them but two text files in the folder of the library.
 *
 * standin.txt says how it behaves, and is read again with each call. Each line is the name of a call without its prefix, what it
 * does, and an argument:
 *
 *     getTicketNoAuth ticket AQIC...   hands out that ticket; BUFFER_TOO_SMALL if it does not fit
 *     getTicketNoAuth letters 4000     hands out a ticket of so many letters
 *     getTicket error 80200004         fails with that code, in hexadecimal
 *     getTicket hang                   never returns
 *     getTicket crash                  writes to address 0
 *     Initialize error 80800002        returns 0, and getLastError has the code
 *     handle is 7                      the handle that Initialize returns and that is known, in decimal
 *     used is nul                      the NUL is counted in the size that is returned, "none": none is returned
 *
 * What is not in the file fails with TICKET_NOT_AVAILABLE, or succeeds where there is no ticket to hand out.
 *
 * standin.log has a line for each call: its name, the process, the thread, the handle and the size of the buffer.
 *
 * Built with CONVENTION set to __stdcall it has the calling convention of Windows; with WITHOUT_OPTIONAL or WITHOUT_REQUIRED it
 * lacks exports.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#ifndef CONVENTION
#define CONVENTION __cdecl
#endif
#define EXPORT(type) __declspec(dllexport) type CONVENTION

#define BUFFER_TOO_SMALL 0x80100004u
#define INVALID_INSTANCE_HANDLE 0x80100005u
#define TICKET_NOT_AVAILABLE 0x80100009u

static HINSTANCE self;
static DWORD last_error;
static char text[65536];

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)reason;
    (void)reserved;
    self = instance;
    return TRUE;
}

static FILE *beside(const char *name, const char *mode)
{
    char path[MAX_PATH * 2];
    GetModuleFileNameA(self, path, MAX_PATH);
    strcpy(strrchr(path, '\\') + 1, name);
    return fopen(path, mode);
}

static void note(const char *call, long handle, unsigned size)
{
    FILE *log = beside("standin.log", "ab");
    if (log) {
        fprintf(log, "%s process %lu thread %lu handle %ld size %u\n", call, GetCurrentProcessId(), GetCurrentThreadId(), handle, size);
        fclose(log);
    }
}

/* does finds what a call does; the argument goes into text. The file is replaced while we look, so it may be away for a moment. */
static const char *does(const char *call)
{
    static char what[32];
    static char line[65536];
    char name[64];
    FILE *file = NULL;
    for (int tries = 0; !file && tries < 100; tries++) {
        file = beside("standin.txt", "rb");
        if (!file)
            Sleep(1);
    }
    what[0] = text[0] = 0;
    while (file && fgets(line, sizeof line, file)) {
        char found[32] = "", argument[65536 / 2] = "";
        if (sscanf(line, "%63s %31s %32000s", name, found, argument) >= 2 && strcmp(name, call) == 0) {
            strcpy(what, found);
            strcpy(text, argument);
        }
    }
    if (file)
        fclose(file);
    return what;
}

/* misbehaves does what no call should, and returns the error that was asked for, or 0. */
static DWORD misbehaves(const char *call, const char *what)
{
    (void)call;
    if (strcmp(what, "hang") == 0)
        for (;;)
            Sleep(INFINITE);
    if (strcmp(what, "crash") == 0)
        *(volatile int *)0 = 1;
    if (strcmp(what, "error") == 0)
        return strtoul(text, NULL, 16);
    return 0;
}

static long handle(void)
{
    return strcmp(does("handle"), "is") == 0 ? atol(text) : 0x51ad;
}

static int done(DWORD code)
{
    last_error = code;
    return (int)code;
}

static void tell(unsigned *used, size_t length)
{
    int telling = strcmp(does("used"), "is") == 0;
    if (!used || (telling && strcmp(text, "none") == 0))
        return;
    *used = (unsigned)length + (telling && strcmp(text, "nul") == 0);
}

static int ticket(const char *call, long h, char *buffer, unsigned size, unsigned *used)
{
    static char ticket[65536];
    DWORD failed;
    const char *what;
    note(call, h, size);
    if (h != handle())
        return done(INVALID_INSTANCE_HANDLE);
    what = does(call);
    failed = misbehaves(call, what);
    if (failed)
        return done(failed);
    if (strcmp(what, "ticket") == 0) {
        strcpy(ticket, text);
    } else if (strcmp(what, "letters") == 0) {
        unsigned length = (unsigned)atoi(text) % sizeof ticket;
        memset(ticket, 'T', length);
        ticket[length] = 0;
    } else {
        return done(TICKET_NOT_AVAILABLE);
    }
    if (strlen(ticket) + 1 > size)
        return done(BUFFER_TOO_SMALL);
    strcpy(buffer, ticket);
    tell(used, strlen(ticket));
    return done(0);
}

EXPORT(long) _TcktApi_Initialize(void)
{
    DWORD failed;
    note("Initialize", 0, 0);
    failed = misbehaves("Initialize", does("Initialize"));
    done(failed);
    return failed ? 0 : handle();
}

EXPORT(void) _TcktApi_Finalize(long h)
{
    note("Finalize", h, 0);
}

EXPORT(DWORD) _TcktApi_getLastError(long h)
{
    note("getLastError", h, 0);
    return last_error;
}

EXPORT(int) _TcktApi_getTicket(long h, char *buffer, unsigned size, unsigned *used)
{
    return ticket("getTicket", h, buffer, size, used);
}

#ifndef WITHOUT_REQUIRED
EXPORT(int) _TcktApi_getTicketNoAuth(long h, char *buffer, unsigned size, unsigned *used)
{
    return ticket("getTicketNoAuth", h, buffer, size, used);
}
#endif

#ifndef WITHOUT_OPTIONAL
EXPORT(int) _TcktApi_getNewTicket(long h, char *buffer, unsigned size, unsigned *used)
{
    return ticket("getNewTicket", h, buffer, size, used);
}

EXPORT(int) _TcktApi_destroyTicket(long h)
{
    DWORD failed;
    note("destroyTicket", h, 0);
    failed = h == handle() ? misbehaves("destroyTicket", does("destroyTicket")) : INVALID_INSTANCE_HANDLE;
    return done(failed);
}

EXPORT(int) _TcktApi_getErrorDescription(long h, DWORD error, char *buffer, unsigned size, unsigned *used)
{
    char said[128];
    note("getErrorDescription", h, size);
    /* 8-bit characters, as Windows in Western Europe has them */
    sprintf(said, "stand-in \x93""caf\xe9\x94 0x%08lX", (unsigned long)error);
    if (strlen(said) + 1 > size)
        return done(BUFFER_TOO_SMALL);
    strcpy(buffer, said);
    tell(used, strlen(said));
    return 0;
}

EXPORT(DWORD) _TcktApi_GetGAVersion(long h, int component)
{
    note("GetGAVersion", h, (unsigned)component);
    return component == 1 ? 0x02040006 : component == 2 && h == handle() ? 0x02030001 : 0;
}
#endif
