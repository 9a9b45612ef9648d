/*
 * Prints who is signed in to e-RS on this computer and on which platform, and calls e-RS with their session.
 *
 *   ers-session                      says who is signed in
 *   ers-session PATH [SUBJECT]       and GETs PATH. HSCN takes the endpoint certificate of that subject in the user's certificate store,
 *                                    FHIR does not use it
 *
 * Windows: cl ers-session.c advapi32.lib crypt32.lib ole32.lib winhttp.lib, or with MinGW
 *
 *   x86_64-w64-mingw32-gcc -municode -o ers-session.exe ers-session.c -lcrypt32 -lole32 -lwinhttp
 *
 * The exit status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if the Credential Manager cannot be read and 4 if
 * e-RS has refused the call or cannot be reached.
 *
 * The tests compile it and run its reading under Wine. Its call to e-RS has not been run.
 */
#ifndef UNICODE
#define UNICODE
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdio.h>
#include <wchar.h>
#include <wincred.h>
#include <wincrypt.h>
#include <objbase.h>
#include <winhttp.h>

enum { SIGNED_IN, SIGNED_OUT, USAGE, KEYRING, CALL };

/* The entry has 1,200 bytes at most, of ASCII. */
#define SIZE 1201

/* A platform of e-RS, and its entry. */
typedef struct {
    const wchar_t *name, *target;
    const char *start, *end;
    BOOL fhir;
} PLATFORM;

static const PLATFORM fhir = {L"FHIR", L"ers-login:fhir-session", "{\"version\":1,\"platform\":\"fhir\",", "tokenExpiresAt", TRUE},
                      hscn = {L"HSCN", L"ers-login:session", "{\"version\":1,", "expiresAt", FALSE};

/*
 * Copies a text member, which is empty if there is none. Within version 1 the entry is one flat object without white space between its
 * members, so that looking for one is enough; what is beyond ASCII stays escaped.
 */
static void member(const char *entry, const char *name, wchar_t value[SIZE])
{
    char start[64];
    const char *from, *to;

    value[0] = 0;
    snprintf(start, sizeof start, "\"%s\":\"", name);
    from = strstr(entry, start);
    if (from == NULL)
        return;
    from += strlen(start);
    for (to = from; *to != 0 && *to != '"'; to++)
        if (*to == '\\' && to[1] != 0)
            to++;
    value[MultiByteToWideChar(CP_UTF8, 0, from, (int)(to - from), value, SIZE - 1)] = 0;
}

/* Times are UTC and of one width, so that they compare as texts. A session that does not say when it is over, is. */
static BOOL expired(const char *entry, const char *name)
{
    static const wchar_t form[] = L"0000-00-00T00:00:00Z";
    wchar_t end[SIZE], now[32];
    SYSTEMTIME utc;
    size_t i;

    member(entry, name, end);
    for (i = 0; i < sizeof form / sizeof *form; i++)
        if (form[i] == L'0' ? end[i] < L'0' || end[i] > L'9' : end[i] != form[i])
            return TRUE;
    GetSystemTime(&utc);
    swprintf(now, sizeof now / sizeof *now, L"%04u-%02u-%02uT%02u:%02u:%02uZ", utc.wYear, utc.wMonth, utc.wDay, utc.wHour, utc.wMinute,
             utc.wSecond);
    return wcscmp(now, end) >= 0;
}

/* GETs a path, with a certificate unless it is NULL, and returns the status; 0 if there is none, and why in *error. */
static DWORD get(const wchar_t *url, const wchar_t *headers, PCCERT_CONTEXT certificate, DWORD *error)
{
    wchar_t host[256], path[2048];
    URL_COMPONENTS parts = {.dwStructSize = sizeof parts, .lpszHostName = host, .dwHostNameLength = 256, .lpszUrlPath = path,
                            .dwUrlPathLength = 2048};
    HINTERNET session = NULL, connection = NULL, request = NULL;
    DWORD status = 0, size = sizeof status, redirects = WINHTTP_DISABLE_REDIRECTS;

    if (WinHttpCrackUrl(url, 0, 0, &parts) && parts.nScheme == INTERNET_SCHEME_HTTPS &&
        (session = WinHttpOpen(L"ers-session", WINHTTP_ACCESS_TYPE_DEFAULT_PROXY, NULL, NULL, 0)) != NULL &&
        (connection = WinHttpConnect(session, host, parts.nPort, 0)) != NULL &&
        (request = WinHttpOpenRequest(connection, L"GET", path, NULL, WINHTTP_NO_REFERER, WINHTTP_DEFAULT_ACCEPT_TYPES,
                                      WINHTTP_FLAG_SECURE)) != NULL &&
        WinHttpSetTimeouts(request, 30000, 30000, 30000, 30000) &&
        (certificate == NULL ||
         WinHttpSetOption(request, WINHTTP_OPTION_CLIENT_CERT_CONTEXT, (void *)certificate, sizeof *certificate)) &&
        /* The session key would go along to wherever a redirect leads. */
        WinHttpSetOption(request, WINHTTP_OPTION_DISABLE_FEATURE, &redirects, sizeof redirects) &&
        WinHttpSendRequest(request, headers, (DWORD)-1, WINHTTP_NO_REQUEST_DATA, 0, 0, 0) && WinHttpReceiveResponse(request, NULL))
        WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, NULL, &status, &size, NULL);
    *error = GetLastError();
    if (request != NULL)
        WinHttpCloseHandle(request);
    if (connection != NULL)
        WinHttpCloseHandle(connection);
    if (session != NULL)
        WinHttpCloseHandle(session);
    return status;
}

/* Writes the headers of a call. */
static void headers_of(const char *entry, const PLATFORM *platform, wchar_t *headers, size_t length)
{
    static wchar_t secret[SIZE];
    wchar_t first[SIZE], function[SIZE], behalf[SIZE], id[40] = L"";
    GUID random;

    if (!platform->fhir) {
        member(entry, "asid", first);
        member(entry, "sessionKey", secret);
        swprintf(headers, length, L"XAPI_ASID: %ls\r\nHTTP_X_SESSION_KEY: %ls", first, secret);
    } else {
        member(entry, "accessToken", secret);
        member(entry, "orgIdentifier", first);
        member(entry, "businessFunction", function);
        member(entry, "onBehalfOf", behalf);
        if (CoCreateGuid(&random) == S_OK && StringFromGUID2(&random, id, 40) == 39)
            id[37] = 0; /* the closing brace; the opening one is skipped below */
        /* e-RS refuses the header On-Behalf-Of unless the user acts for a clinician. */
        swprintf(headers, length,
                 L"Authorization: Bearer %ls\r\nNHSD-End-User-Organisation-ODS: %ls\r\nNHSD-eRS-Business-Function: %ls%ls%ls\r\n"
                 L"X-Correlation-ID: %ls\r\nAccept: application/fhir+json",
                 secret, first, function, *behalf ? L"\r\nNHSD-eRS-On-Behalf-Of-User-ID: " : L"", behalf, *id ? id + 1 : L"");
    }
    SecureZeroMemory(secret, sizeof secret);
}

/* GETs a path of e-RS, and returns the status; 0 if e-RS cannot be called. */
static DWORD call(const char *entry, const PLATFORM *platform, const wchar_t *path, const wchar_t *subject)
{
    static wchar_t base[SIZE], url[SIZE + 2048], headers[3 * SIZE];
    HCERTSTORE store = platform->fhir ? NULL : CertOpenSystemStoreW(0, L"MY");
    PCCERT_CONTEXT certificate = store == NULL ? NULL : CertFindCertificateInStore(store, X509_ASN_ENCODING | PKCS_7_ASN_ENCODING, 0,
                                                                                    CERT_FIND_SUBJECT_STR_W, subject, NULL);
    DWORD status = 0, error = 0;

    if (certificate == NULL && !platform->fhir) {
        fwprintf(stderr, L"There is no certificate of that subject in your store.\n");
    } else {
        member(entry, "baseURL", base);
        swprintf(url, sizeof url / sizeof *url, L"%ls%ls", base, path);
        headers_of(entry, platform, headers, sizeof headers / sizeof *headers);
        status = get(url, headers, certificate, &error);
        SecureZeroMemory(headers, sizeof headers);
        if (certificate != NULL)
            CertFreeCertificateContext(certificate);
        if (status == 0)
            fwprintf(stderr, L"e-RS cannot be reached: error %lu\n", error);
    }
    if (store != NULL)
        CertCloseStore(store, 0);
    return status;
}

/* Reads a platform's entry. Returns SIGNED_IN, SIGNED_OUT or KEYRING. */
static int read_entry(char entry[SIZE], const PLATFORM *platform)
{
    CREDENTIALW *credential;
    DWORD size;

    if (!CredReadW(platform->target, CRED_TYPE_GENERIC, 0, &credential)) {
        if (GetLastError() == ERROR_NOT_FOUND)
            return SIGNED_OUT;
        fwprintf(stderr, L"The Credential Manager cannot be read: error %lu\n", GetLastError());
        return KEYRING;
    }
    /* The bytes are UTF-8, and there is no NUL at their end. */
    size = credential->CredentialBlobSize < SIZE - 1 ? credential->CredentialBlobSize : SIZE - 1;
    memcpy(entry, credential->CredentialBlob, size);
    entry[size] = 0;
    SecureZeroMemory(credential->CredentialBlob, credential->CredentialBlobSize);
    CredFree(credential);
    if (strncmp(entry, platform->start, strlen(platform->start)) != 0) {
        fwprintf(stderr, L"The entry is not one of version 1.\n");
        return KEYRING;
    }
    return expired(entry, platform->end) ? SIGNED_OUT : SIGNED_IN;
}

/* Reads whichever entry there is, and sets *platform. */
static int read_session(char entry[SIZE], const PLATFORM **platform)
{
    int found;

    *platform = &fhir;
    found = read_entry(entry, *platform);
    if (found != SIGNED_OUT)
        return found;
    *platform = &hscn;
    return read_entry(entry, *platform);
}

/* Copies generation and revision, which stand beside one another and are followed by the token. */
static void revision_of(const char *entry, char revision[64])
{
    const char *from = strstr(entry, "\"generation\":"), *to = from == NULL ? NULL : strstr(from, ",\"accessToken\":");

    revision[0] = 0;
    if (to != NULL && to - from < 64) {
        memcpy(revision, from, (size_t)(to - from));
        revision[to - from] = 0;
    }
}

static int usage(const wchar_t *name)
{
    fwprintf(stderr, L"usage: %ls [PATH [SUBJECT]] (on HSCN, a call takes the subject)\n", name);
    return USAGE;
}

int wmain(int argc, wchar_t **argv)
{
    static char entry[SIZE];
    char tried[64], again[64];
    wchar_t user[SIZE], role[SIZE], organisation[SIZE], end[SIZE];
    const PLATFORM *platform;
    DWORD status;
    int found;

    if (argc > 3)
        return usage(argv[0]);
    found = read_session(entry, &platform);
    if (found == SIGNED_OUT)
        wprintf(L"No user is signed in to e-RS.\n");
    if (found != SIGNED_IN)
        return found;
    member(entry, "userIdentifier", user);
    member(entry, "businessFunction", role);
    member(entry, "orgIdentifier", organisation);
    member(entry, "expiresAt", end);
    wprintf(L"%ls is signed in to e-RS (%ls) as %ls at %ls, until %ls\n", user, platform->name, role, organisation, end);
    if (argc == 1)
        return SIGNED_IN;
    if (argc == 2 && !platform->fhir)
        return usage(argv[0]);
    status = call(entry, platform, argv[1], argc == 3 ? argv[2] : NULL);
    if (status == 401 && platform->fhir) {
        /* The token may have been renewed in this moment: once more with the new one, if there is one. */
        revision_of(entry, tried);
        if (read_session(entry, &platform) == SIGNED_IN && platform->fhir) {
            revision_of(entry, again);
            if (strcmp(tried, again) != 0)
                status = call(entry, platform, argv[1], NULL);
        }
    }
    if (status == 0)
        return CALL;
    wprintf(L"e-RS answered %lu\n", status);
    return status >= 200 && status < 300 ? SIGNED_IN : CALL;
}
