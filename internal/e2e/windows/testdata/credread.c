/*
 * Reads a generic credential as any other program on Windows does, and prints what is in it: credread TARGET. The exit status is 2
 * if there is none.
 */
#include <stdio.h>
#include <windows.h>
#include <wincred.h>

int wmain(int argc, wchar_t **argv)
{
    CREDENTIALW *credential;
    if (argc != 2)
        return 1;
    if (!CredReadW(argv[1], CRED_TYPE_GENERIC, 0, &credential)) {
        printf("error %lu\n", GetLastError());
        return GetLastError() == ERROR_NOT_FOUND ? 2 : 1;
    }
    printf("target %ls\nuser %ls\npersist %lu\nsize %lu\nblob ", credential->TargetName, credential->UserName, credential->Persist,
           credential->CredentialBlobSize);
    for (DWORD i = 0; i < credential->CredentialBlobSize; i++)
        printf("%02x", credential->CredentialBlob[i]);
    printf("\n");
    CredFree(credential);
    return 0;
}
