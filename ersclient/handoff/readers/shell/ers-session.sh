#!/bin/sh
# Prints who is signed in to e-RS on this computer, and calls e-RS with their session.
#
#   ers-session.sh                                says who is signed in
#   ers-session.sh PATH CERTIFICATE KEY [CA]      and GETs PATH, with the organisation's endpoint certificate (PEM files)
#
# Linux. Needs secret-tool (Debian: libsecret-tools) and curl. The exit status is 0 if a user is signed in, 1 if not, 2 for wrong
# arguments, 3 if the keyring cannot be read and 4 if e-RS has refused the call or cannot be reached.
#
# The names in the entry are JSON with \u escapes, which takes jq to show; what identifies people and places is plain ASCII.
set -eu

case $# in 0 | 3 | 4) ;; *) echo "usage: $0 [PATH CERTIFICATE KEY [CA]]" >&2; exit 2 ;; esac

command -v secret-tool >/dev/null || { echo "The keyring cannot be read: secret-tool is not installed" >&2; exit 3; }
complaints=$(mktemp) || exit 3
trap 'rm -f "$complaints"' EXIT

# secret-tool ends with 1 whatever is wrong, and begins what it says of that with its name: GLib's warnings, which are on stderr as well,
# mean nothing. It is silent if there is no entry, and if there is one that is locked or no text: a search, which never asks the user
# anything, finds that one.
if ! session=$(secret-tool lookup service ers-login username session 2>"$complaints"); then
  trouble=$(sed -n 's/^secret-tool: //p' "$complaints")
  if [ -z "$trouble" ]; then
    found=$(secret-tool search service ers-login username session 2>/dev/null) || found=
    [ -n "$found" ] || { echo "Nobody is signed in to e-RS."; exit 1; }
    trouble="there is an entry, and it is locked or no text"
  fi
  echo "The keyring cannot be read: $trouble" >&2
  exit 3
fi

# Within version 1 the entry is one flat object on one line, without white space between its members.
member() { printf '%s\n' "$session" | sed -n 's/.*[{,]"'"$1"'":"\([^"\\]*\)".*/\1/p'; }

case $session in
  '{"version":1,'*) ;;
  *) echo "The entry is not one of version 1." >&2; exit 3 ;;
esac
# Times are UTC and of one width, so that they compare as texts. A session that does not say when it is over, is.
end=$(member expiresAt)
case $end in
  [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z) ;;
  *) end= ;;
esac
[ "$end" \> "$(date -u +%Y-%m-%dT%H:%M:%SZ)" ] || { echo "Nobody is signed in to e-RS."; exit 1; }
echo "$(member userIdentifier) is signed in to e-RS as $(member businessFunction) at $(member orgIdentifier), until $end"
[ $# -gt 0 ] || exit 0

# The headers go to curl through its stdin: other users can see the arguments of a process. printf is part of the shell.
status=$(printf 'XAPI_ASID: %s\nHTTP_X_SESSION_KEY: %s\n' "$(member asid)" "$(member sessionKey)" |
  curl --silent --show-error --proto =https --http1.1 --max-time 30 -H @- --cert "$2" --key "$3" ${4:+--cacert "$4"} \
    --output /dev/null --write-out '%{http_code}' "$(member baseURL)$1") || exit 4
echo "e-RS answered $status"
case $status in 2??) ;; *) exit 4 ;; esac
