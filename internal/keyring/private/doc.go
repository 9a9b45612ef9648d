// Package private starts a keyring for one run of the program: GNOME's, on a private D-Bus, with
// all its files in a temporary folder. The demonstration uses it where the desktop's own keyring
// cannot be used, and tests use its parts.
//
// Both programs die with this one, however it ends (PR_SET_PDEATHSIG). The folder is removed by
// [Keyring.Close], or by [RemoveLeftovers] at the next start if this program was killed. It exists on Linux
// only.
package private
