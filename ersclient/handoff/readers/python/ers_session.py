#!/usr/bin/env python3
"""Prints who is signed in to e-RS on this computer and on which platform, and calls e-RS with their session.

    ers_session.py                                  says who is signed in
    ers_session.py PATH [CERTIFICATE KEY [CA]]      and GETs PATH. HSCN takes the organisation's endpoint certificate (PEM
                                                    files), FHIR does not use it

Linux, Windows and macOS. Needs the module keyring; on Windows, the setting windows_aliases of e-RS Login has to be on, as it is
unless it was switched off. The exit status is 0 if a user is signed in, 1 if not, 2 for wrong arguments, 3 if the keyring
cannot be read and 4 if e-RS has refused the call or cannot be reached.

The tests run it on Linux; on Windows and macOS it has not been run.
"""

import base64
import http.client
import json
import ssl
import sys
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import urlsplit

LOGIN = "/org/freedesktop/secrets/collection/login"  # where e-RS Login writes, unless there is no such collection
MOMENT = 0.05  # seconds until another look at a keyring that may be busy with a write
SIGNED_IN, SIGNED_OUT, USAGE, KEYRING, CALL = range(5)


def get_password(service, account):
    """On Linux this is the Secret Service and nothing else: keyring.get_password asks KDE's wallet after it, which opens a window
    and waits for the user wherever no user is signed in; and it looks into the default collection alone.
    """
    import keyring  # here, so that without it the exit status is not that of "signed out"
    if not sys.platform.startswith("linux"):
        return keyring.get_password(service, account)
    from keyring.backends import SecretService
    backend = SecretService.Keyring()
    backend.preferred_collection = LOGIN
    for again in (True, False):  # GNOME's keyring may deny its collection for a moment: see read_entry
        try:
            return backend.get_password(service, account)
        except Exception as error:
            if type(error).__name__ not in ("InitError", "DBusErrorResponse"):
                raise
        if again:
            time.sleep(MOMENT)
    del backend.preferred_collection  # there is no such collection: the default one, as with KWallet and KeePassXC
    return backend.get_password(service, account)


def read_session():
    """Returns the session, or None if no user is signed in. Its member "platform" says on which: HSCN's entry has none."""
    return read_entry("fhir-session", "fhir", "tokenExpiresAt") or read_entry("session", "hscn", "expiresAt")


def read_entry(account, platform, end):
    """Returns the session in an entry, or None if there is none that can be used."""
    for looks_left in (2, 1, 0):
        try:
            text = get_password("ers-login", account)
            break
        except Exception as error:
            # Linux: it went between being found and being read, or GNOME's keyring denied its collection for a moment, as it
            # sometimes does while an entry is written. Only another look tells which.
            if type(error).__name__ != "ItemNotFoundException":
                raise
            if not looks_left:
                return None
        time.sleep(MOMENT)
    if text is None:
        return None
    mac_prefix = "go-keyring-base64:"  # how the entry is stored on macOS
    if text.startswith(mac_prefix):
        text = base64.b64decode(text[len(mac_prefix):]).decode()
    session = json.loads(text)
    if session["version"] != 1 or session.setdefault("platform", "hscn") != platform:
        raise ValueError("the entry is not one of version 1")
    return None if expired(session, end) else session


def expired(session, end):
    """Reports whether a session is over, or has no end."""
    try:
        end = datetime.strptime(session[end], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except (KeyError, TypeError, ValueError):
        return True
    return datetime.now(timezone.utc) >= end


def headers(session):
    """Returns the headers of a call."""
    if session["platform"] == "hscn":
        return {"XAPI_ASID": session["asid"], "HTTP_X_SESSION_KEY": session["sessionKey"]}
    found = {
        "Authorization": "Bearer " + session["accessToken"],
        "NHSD-End-User-Organisation-ODS": session["orgIdentifier"],
        "NHSD-eRS-Business-Function": session["businessFunction"],
        "X-Correlation-ID": str(uuid.uuid4()),
        "Accept": "application/fhir+json",
    }
    if session["onBehalfOf"]:  # e-RS refuses the header unless the user acts for a clinician
        found["NHSD-eRS-On-Behalf-Of-User-ID"] = session["onBehalfOf"]
    return found


def call(session, path, certificate=None, key=None, authority=None):
    """GETs a path of e-RS, and returns the status. http.client sends header names as they are written, unlike urllib."""
    tls = ssl.create_default_context(cafile=authority)
    if session["platform"] == "hscn":
        tls.load_cert_chain(certificate, key)
    base = urlsplit(session["baseURL"])
    if base.scheme != "https":
        raise ValueError("the platform's address is not one of HTTPS")
    connection = http.client.HTTPSConnection(base.hostname, base.port, timeout=30, context=tls)
    try:
        connection.request("GET", base.path + path, headers=headers(session))
        return connection.getresponse().status
    finally:
        connection.close()


def call_renewed(session, arguments):
    """Calls e-RS, and once more if it refuses a token that was renewed in this moment."""
    status = call(session, *arguments)
    if status != 401 or session["platform"] != "fhir":
        return status
    again = read_session()
    if again is None or again["platform"] != "fhir" or revision(again) == revision(session):
        return status
    return call(again, *arguments)


def revision(session):
    return session["generation"], session["revision"]


def usage():
    print("usage: ers_session.py [PATH [CERTIFICATE KEY [CA]]] (on HSCN, a call takes the certificate)", file=sys.stderr)
    return USAGE


def main(arguments):
    if len(arguments) not in (0, 1, 3, 4):
        return usage()
    try:
        session = read_session()
    except Exception as error:  # the backends of keyring raise errors of their own kinds, not keyring.errors alone
        # The text of an error may quote the entry.
        print("The keyring cannot be read:", type(error).__name__, file=sys.stderr)
        return KEYRING
    if session is None:
        print("No user is signed in to e-RS.")
        return SIGNED_OUT
    print("{userName} ({userIdentifier}) is signed in to e-RS ({0}) as {businessFunction} at {orgName} ({orgIdentifier}), "
          "until {expiresAt}".format(session["platform"].upper(), **session))
    if not arguments:
        return SIGNED_IN
    if session["platform"] == "hscn" and len(arguments) == 1:
        return usage()
    try:
        status = call_renewed(session, arguments)
    except (OSError, http.client.HTTPException) as error:
        print("e-RS cannot be reached:", error, file=sys.stderr)
        return CALL
    except (KeyError, ValueError) as error:  # the entry is not as it should be; the text may quote the session key
        print("e-RS cannot be called:", type(error).__name__, file=sys.stderr)
        return CALL
    print("e-RS answered", status)
    return SIGNED_IN if 200 <= status < 300 else CALL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
