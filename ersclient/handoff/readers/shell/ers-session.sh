#!/bin/sh
# Prints who is signed in to e-RS on this computer and on which platform, and calls e-RS with their session.
#
#   ers-session.sh                                  says who is signed in
#   ers-session.sh PATH [CERTIFICATE KEY [CA]]      and GETs PATH. HSCN takes the organisation's endpoint certificate (PEM files),
#                                                   FHIR does not use it
#
# Linux. Needs secret-tool (Debian: libsecret-tools) and curl. The exit status is 0 if a user is signed in, 1 if not, 2 for wrong
# arguments, 3 if the keyring cannot be read and 4 if e-RS has refused the call or cannot be reached.
#
# The names in the entry are JSON with \u escapes, which takes jq to show; what identifies people and places is plain ASCII.
set -eu

usage() { echo "usage: $0 [PATH [CERTIFICATE KEY [CA]]] (on HSCN, a call takes the certificate)" >&2; exit 2; }
case $# in 0 | 1 | 3 | 4) ;; *) usage ;; esac

command -v secret-tool >/dev/null || { echo "The keyring cannot be read: secret-tool is not installed" >&2; exit 3; }
complaints=$(mktemp) || exit 3
trap 'rm -f "$complaints"' EXIT

# Sets session to the entry of an account, and returns 1 if there is none. secret-tool ends with 1 whatever is wrong, and begins what it
# says of that with its name: GLib's warnings, which are on stderr as well, mean nothing. It is silent if there is no entry, and if there
# is one that is locked or no text: a search, which never asks the user anything, finds that one.
look() {
  session=$(secret-tool lookup service ers-login username "$1" 2>"$complaints") && return
  trouble=$(sed -n 's/^secret-tool: //p' "$complaints")
  if [ -z "$trouble" ]; then
    found=$(secret-tool search service ers-login username "$1" 2>/dev/null) || found=
    [ -n "$found" ] || return 1
    trouble="there is an entry, and it is locked or no text"
  fi
  echo "The keyring cannot be read: $trouble" >&2
  exit 3
}

# Within version 1 an entry is one flat object on one line, without white space between its members.
member() { printf '%s\n' "$session" | sed -n 's/.*[{,]"'"$1"'":"\([^"\\]*\)".*/\1/p'; }
number() { printf '%s\n' "$session" | sed -n 's/.*[{,]"'"$1"'":\([0-9]*\)[,}].*/\1/p'; }

# Sets session and platform, and returns 1 if no user is signed in. Times are UTC and of one width, so that they compare as texts. A
# session that does not say when it is over, is.
read_session() {
  for platform in FHIR HSCN; do
    case $platform in
      FHIR) account=fhir-session start='{"version":1,"platform":"fhir",' ends=tokenExpiresAt ;;
      HSCN) account=session start='{"version":1,' ends=expiresAt ;;
    esac
    look "$account" || continue
    case $session in "$start"*) ;; *) echo "The entry is not one of version 1." >&2; exit 3 ;; esac
    end=$(member "$ends")
    case $end in
      [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z) ;;
      *) continue ;;
    esac
    [ "$end" \> "$(date -u +%Y-%m-%dT%H:%M:%SZ)" ] && return
  done
  return 1
}

# The headers of a call, for curl's stdin: other users can see the arguments of a process. printf is part of the shell.
headers() {
  if [ "$platform" = HSCN ]; then
    printf 'XAPI_ASID: %s\nHTTP_X_SESSION_KEY: %s\n' "$(member asid)" "$(member sessionKey)"
    return
  fi
  printf 'Authorization: Bearer %s\nNHSD-End-User-Organisation-ODS: %s\nNHSD-eRS-Business-Function: %s\n' \
    "$(member accessToken)" "$(member orgIdentifier)" "$(member businessFunction)"
  behalf=$(member onBehalfOf)
  [ -z "$behalf" ] || printf 'NHSD-eRS-On-Behalf-Of-User-ID: %s\n' "$behalf"
  read -r id </proc/sys/kernel/random/uuid
  printf 'X-Correlation-ID: %s\nAccept: application/fhir+json\n' "$id"
}

# GETs a path of e-RS, and sets status.
call() {
  url="$(member baseURL)$1" ca=${4-}
  if [ "$platform" = HSCN ]; then
    [ $# -gt 1 ] || usage
    set -- --http1.1 --cert "$2" --key "$3"
  else
    set --
  fi
  status=$(headers | curl --silent --show-error --proto =https --max-time 30 -H @- "$@" ${ca:+--cacert "$ca"} \
    --output /dev/null --write-out '%{http_code}' "$url") || exit 4
}

read_session || { echo "No user is signed in to e-RS."; exit 1; }
echo "$(member userIdentifier) is signed in to e-RS ($platform) as $(member businessFunction) at $(member orgIdentifier)," \
  "until $(member expiresAt)"
[ $# -gt 0 ] || exit 0
call "$@"
if [ "$platform $status" = "FHIR 401" ]; then
  # The token may have been renewed in this moment: once more with the new one, if there is one.
  tried="$(number generation) $(number revision)"
  if read_session && [ "$platform" = FHIR ] && [ "$(number generation) $(number revision)" != "$tried" ]; then
    call "$@"
  fi
fi
echo "e-RS answered $status"
case $status in 2??) ;; *) exit 4 ;; esac
