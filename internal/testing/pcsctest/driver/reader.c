/* A driver for pcscd around the one of vsmartcard: the same virtual reader, but it tells of its card without delay, and it fails
 * when asked to. What is not defined here, pcscd finds in the library that this one is linked with. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From pcsc-lite's ifdhandler.h. */
typedef unsigned long DWORD;
typedef long RESPONSECODE;
#define IFD_SUCCESS 0
#define IFD_COMMUNICATION_ERROR 612
#define TAG_IFD_POLLING_THREAD_WITH_TIMEOUT 0x0FB3

/* The daemon calls this instead of sleeping 400 ms between two looks at the card. */
static RESPONSECODE wait_for_event(DWORD lun, int timeout)
{
	(void)lun;
	(void)timeout;
	usleep(5000);
	return IFD_SUCCESS;
}

RESPONSECODE IFDHGetCapabilities(DWORD lun, DWORD tag, DWORD *length, unsigned char *value)
{
	RESPONSECODE (*next)(DWORD, DWORD, DWORD *, unsigned char *) = dlsym(RTLD_NEXT, "IFDHGetCapabilities");
	RESPONSECODE (*wait)(DWORD, int) = wait_for_event;

	if (tag == TAG_IFD_POLLING_THREAD_WITH_TIMEOUT && *length >= sizeof wait) {
		memcpy(value, &wait, sizeof wait);
		*length = sizeof wait;
		return IFD_SUCCESS;
	}
	return next ? next(lun, tag, length, value) : IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHICCPresence(DWORD lun)
{
	RESPONSECODE (*next)(DWORD) = dlsym(RTLD_NEXT, "IFDHICCPresence");
	const char *broken = getenv("PCSCTEST_BROKEN"); /* the reader fails while there is such a file */

	if (next == NULL || (broken != NULL && access(broken, F_OK) == 0))
		return IFD_COMMUNICATION_ERROR;
	return next(lun);
}
