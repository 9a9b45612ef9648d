/*
 * Prints who is signed in to e-RS on this computer, and calls e-RS with their session.
 *
 *   ers-session                      says who is signed in
 *   ers-session PATH SUBJECT         and GETs PATH, with the endpoint certificate of that subject in the user's certificate store
 *
 * Windows: cl ers-session.c advapi32.lib crypt32.lib winhttp.lib, or with MinGW
 *
 *   x86_64-w64-mingw32-gcc -municode -o ers-session.exe ers-session.c -lcrypt32 -lwinhttp
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
#include <winhttp.h>

enum { SIGNED_IN, SIGNED_OUT, USAGE, KEYRING, CALL };

/* The entry has 1,200 bytes at most, of ASCII. */
#define SIZE 1201

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
static BOOL expired(const char *entry)
{
    static const wchar_t form[] = L"0000-00-00T00:00:00Z";
    wchar_t end[SIZE], now[32];
    SYSTEMTIME utc;
    size_t i;

    member(entry, "expiresAt", end);
    for (i = 0; i < sizeof form / sizeof *form; i++)
        if (form[i] == L'0' ? end[i] < L'0' || end[i] > L'9' : end[i] != form[i])
            return TRUE;
    GetSystemTime(&utc);
    swprintf(now, sizeof now / sizeof *now, L"%04u-%02u-%02uT%02u:%02u:%02uZ", utc.wYear, utc.wMonth, utc.wDay, utc.wHour, utc.wMinute,
             utc.wSecond);
    return wcscmp(now, end) >= 0;
}

/* GETs a path with a certificate, and returns the status; 0 if there is none, and why in *error. */
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
        WinHttpSetOption(request, WINHTTP_OPTION_CLIENT_CERT_CONTEXT, (void *)certificate, sizeof *certificate) &&
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

static int call(const char *entry, const wchar_t *path, const wchar_t *subject)
{
    static wchar_t base[SIZE], asid[SIZE], key[SIZE], url[SIZE + 2048], headers[2 * SIZE + 64];
    HCERTSTORE store = CertOpenSystemStoreW(0, L"MY");
    PCCERT_CONTEXT certificate = store == NULL ? NULL : CertFindCertificateInStore(store, X509_ASN_ENCODING | PKCS_7_ASN_ENCODING, 0,
                                                                                    CERT_FIND_SUBJECT_STR_W, subject, NULL);
    DWORD status = 0, error = 0;

    if (certificate == NULL) {
        fwprintf(stderr, L"There is no certificate of that subject in your store.\n");
    } else {
        member(entry, "baseURL", base);
        member(entry, "asid", asid);
        member(entry, "sessionKey", key);
        swprintf(url, sizeof url / sizeof *url, L"%ls%ls", base, path);
        swprintf(headers, sizeof headers / sizeof *headers, L"XAPI_ASID: %ls\r\nHTTP_X_SESSION_KEY: %ls", asid, key);
        status = get(url, headers, certificate, &error);
        SecureZeroMemory(headers, sizeof headers);
        SecureZeroMemory(key, sizeof key);
        CertFreeCertificateContext(certificate);
        if (status == 0)
            fwprintf(stderr, L"e-RS cannot be reached: error %lu\n", error);
        else
            wprintf(L"e-RS answered %lu\n", status);
    }
    if (store != NULL)
        CertCloseStore(store, 0);
    return status >= 200 && status < 300 ? SIGNED_IN : CALL;
}

int wmain(int argc, wchar_t **argv)
{
    char entry[SIZE];
    wchar_t user[SIZE], role[SIZE], organisation[SIZE], end[SIZE];
    CREDENTIALW *credential;
    DWORD size;

    if (argc != 1 && argc != 3) {
        fwprintf(stderr, L"usage: %ls [PATH SUBJECT]\n", argv[0]);
        return USAGE;
    }
    if (!CredReadW(L"ers-login:session", CRED_TYPE_GENERIC, 0, &credential)) {
        if (GetLastError() == ERROR_NOT_FOUND) {
            wprintf(L"Nobody is signed in to e-RS.\n");
            return SIGNED_OUT;
        }
        fwprintf(stderr, L"The Credential Manager cannot be read: error %lu\n", GetLastError());
        return KEYRING;
    }
    /* The bytes are UTF-8, and there is no NUL at their end. */
    size = credential->CredentialBlobSize < SIZE - 1 ? credential->CredentialBlobSize : SIZE - 1;
    memcpy(entry, credential->CredentialBlob, size);
    entry[size] = 0;
    SecureZeroMemory(credential->CredentialBlob, credential->CredentialBlobSize);
    CredFree(credential);
    if (strncmp(entry, "{\"version\":1,", 13) != 0) {
        fwprintf(stderr, L"The entry is not one of version 1.\n");
        return KEYRING;
    }
    if (expired(entry)) {
        wprintf(L"Nobody is signed in to e-RS.\n");
        return SIGNED_OUT;
    }
    member(entry, "userIdentifier", user);
    member(entry, "businessFunction", role);
    member(entry, "orgIdentifier", organisation);
    member(entry, "expiresAt", end);
    wprintf(L"%ls is signed in to e-RS as %ls at %ls, until %ls\n", user, role, organisation, end);
    return argc == 1 ? SIGNED_IN : call(entry, argv[1], argv[2]);
}
