#!/usr/bin/env bash
# Shows what people see when their server cheats: a real server that lies, the real wardline.
# Needs a build: cmake --preset release && cmake --build --preset release
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
bin="${1:-$root/build/release/bin}"
folder="$(mktemp -d /tmp/wardline-demo-XXXXXX)"
server_pid=""

clean_up() {
    # Without its standard input the server ends by itself and takes its databases with it.
    if [[ -n "$server_pid" ]]; then exec {to_server}>&-; fi
    if [[ -n "$server_pid" ]]; then wait "$server_pid" 2>/dev/null || true; fi
    rm -rf "$folder"
}
trap clean_up EXIT

for program in cheating-wardlined wardline wardline-admin; do
    if [[ ! -x "$bin/$program" ]]; then
        echo "There is no $bin/$program: build first (cmake --build --preset release)." >&2
        exit 2
    fi
done

say() { printf '\n%s\n' "$*"; }
headline() { printf '\n== %s ==\n' "$*"; }

key_of() {
    local file="$folder/$1.key"
    [[ -f "$file" ]] || (umask 077 && head -c 32 /dev/urandom | base64 >"$file")
    echo "$file"
}
quietly() {
    local program="$1" who="$2"
    shift 2
    "$bin/$program" --home "$folder/$who" --key-file "$(key_of "$who")" "$@"
}
# Shows the command as a person types it, what they see, and the exit code that a script sees.
failures=0
show() {
    local expected="$1" who="$2" code=0
    shift 2
    local line="wardline" word
    for word in "$@"; do
        if [[ "$word" == *" "* ]]; then word="\"$word\""; fi
        line+=" $word"
    done
    printf '\n%s$ %s\n' "$who" "$line"
    quietly wardline "$who" "$@" 2>&1 | sed 's/^/    /' || code="${PIPESTATUS[0]}"
    printf '    (exit code %s)\n' "$code"
    if [[ "$code" != "$expected" ]]; then
        printf '    !! expected exit code %s\n' "$expected"
        failures=$((failures + 1))
    fi
}
lie() {
    echo "$1" >&"$to_server"
    local answer
    IFS= read -r answer <&"$from_server"
    [[ "$answer" == "now $1" ]]
}
uri_in() { sed -n 's/.*"uri":"\([^"]*\)".*/\1/p'; }

echo "Starting a server of which the operator is not to be trusted ..."
mkfifo "$folder/to-server" "$folder/from-server"
"$bin/cheating-wardlined" <"$folder/to-server" >"$folder/from-server" &
server_pid=$!
exec {to_server}>"$folder/to-server" {from_server}<"$folder/from-server"
read -r _ port <&"$from_server"
read -r _ token <&"$from_server"

(umask 077 && echo "root of the demonstration" >"$folder/root.pass" &&
    echo "vault of the demonstration" >"$folder/vault.pass")
quietly wardline-admin admin init --server "127.0.0.1:$port" --token "$token" \
    --clinic "Praxis Nord" --root-out "$folder/root.sealed" \
    --root-password-file "$folder/root.pass" --vault-out "$folder/vault.sealed" \
    --vault-password-file "$folder/vault.pass" --json >/dev/null
invite="$(quietly wardline-admin admin staff invite anna --role reception --json | uri_in)"
quietly wardline-admin admin team create practice --founders anna --json >/dev/null
quietly wardline anna enrol --json "$invite" >/dev/null
invite="$(quietly wardline anna patient invite 4711 --json | uri_in)"
quietly wardline patient enrol --json "$invite" >/dev/null
say "Praxis Nord has an administrator, a receptionist (anna) and a patient (4711)."

headline "While the server is honest"
show 0 patient send "May I come on Tuesday?"
show 0 anna read 4711

headline "1. It adds a reader"
say "The server says that one more device has to get the key of each message: one of its own."
lie add-reader
show 5 patient send --class clinical "The rash is back."
lie honest
say "Nothing was sent. Anna sees nothing new, and the message waits on the patient's device:"
show 0 anna read 4711

headline "2. It swaps a key"
say "A new patient writes for the first time. The server hands out a key of its own for anna's phone."
invite="$(quietly wardline anna patient invite 4712 --json | uri_in)"
quietly wardline newcomer enrol --json "$invite" >/dev/null
lie swap-key
show 5 newcomer send "I need an appointment."
lie honest

headline "3. It hides a message"
say "The patient writes two more messages. The server leaves one of them out."
quietly wardline patient send "It itches at night." >/dev/null
quietly wardline patient send "It began on Monday." >/dev/null
lie hide-message
show 5 anna read 4711
lie honest

headline "Honest again"
say "Everything is there, and what waited was sent."
show 0 anna read 4711

if ((failures > 0)); then
    echo "$failures of these did not end as they should." >&2
    exit 1
fi
