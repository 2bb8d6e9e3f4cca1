#!/bin/bash
# A small clinic on this machine, with a real conversation in it: installs what is missing, builds,
# starts a server on the loopback interface, enrols an administrator, a second officer, a
# receptionist, a nurse and a patient, lets them talk, shows what each of them saw and beside it
# what the server holds, and stays up until Ctrl-C.
#
#     deploy/quickstart.sh [--once] [--dir DIR] [--programs FOLDER]
#
#     --once             end cleanly after the conversation
#     --dir DIR          where it lives (default: ./wardline-quickstart): DIR/server and
#                        DIR/clients/NAME. Run again with the same DIR, it continues there.
#     --programs FOLDER  use the programs in FOLDER: install and build nothing
#
# As root, or as a user with sudo (needed only while packages are missing).
set -euo pipefail

usage() { sed -n '2,14s/^# \{0,1\}//p' "$0"; }
fail() {
    printf 'quickstart: %s\n' "$1" >&2
    exit "${2:-1}"
}
step() { printf '\n%s==> %s%s\n' "$bold" "$1" "$plain"; }

once=no
dir=wardline-quickstart
programs=
while [ $# -gt 0 ]; do
    case "$1" in
        --once) once=yes ;;
        --dir) [ $# -ge 2 ] || fail "--dir needs a folder" 2; dir="$2"; shift ;;
        --dir=*) dir="${1#*=}" ;;
        --programs) [ $# -ge 2 ] || fail "--programs needs a folder" 2; programs="$2"; shift ;;
        --programs=*) programs="${1#*=}" ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi

# --- Programs

if [ -z "$programs" ]; then
    step "Packages and programs"
    "$root/deploy/install-packages.sh"
    (
        cd "$root"
        # As in tests/run.sh, so that each finds what the other has compiled.
        export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=true
        cmake --preset release > /dev/null
        cmake --build --preset release --target wardlined wardline wardline-admin
    )
    programs="$root/build/release/bin"
fi
programs="$(cd "$programs" && pwd)" || fail "there is no folder $programs"
for program in wardlined wardline wardline-admin; do
    [ -x "$programs/$program" ] || fail "there is no program $programs/$program"
done

umask 077
mkdir -p "$dir"
dir="$(cd "$dir" && pwd)"
server="$dir/server"
clients="$dir/clients"
mkdir -p "$server" "$clients"

# --- Server

free_port() {  # 8443, or the next one that nobody listens on
    local port
    for port in 8443 $(seq 18443 18543); do
        if ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
            echo "$port"
            return
        fi
    done
    fail "no free port found on 127.0.0.1"
}

server_pid=
stop_server() {
    [ -n "$server_pid" ] || return 0
    kill -TERM "$server_pid" 2> /dev/null || true
    wait "$server_pid" 2> /dev/null || true
    server_pid=
}
staying=no
leave() {
    local result=$?
    stop_server
    if [ "$staying" = yes ] && [ "$result" -eq 0 ]; then
        printf '\nThe server has stopped; run again to continue in %s.\n' "$dir"
    elif [ "$result" -ne 0 ]; then
        echo "quickstart: stopped; run it again to continue in $dir" >&2
    fi
}
trap leave EXIT
trap '[ "$staying" = yes ] && exit 0; exit 130' INT
trap '[ "$staying" = yes ] && exit 0; exit 143' TERM HUP

# The port is part of every invite and every client's home, so it stays the same from run to run.
config="$server/wardlined.toml"
if [ ! -e "$config" ]; then
    printf '# Written by deploy/quickstart.sh.\nlisten = "127.0.0.1:%s"\n' "$(free_port)" > "$config"
fi
address="$(sed -n 's/^listen = "\(.*\)"$/\1/p' "$config")"

ready() {
    python3 - "$address" << 'PYTHON'
import http.client, ssl, sys
context = ssl._create_unverified_context()  # Only whether it is ready; the clients pin the key.
connection = http.client.HTTPSConnection(sys.argv[1], timeout=2, context=context)
try:
    connection.request("GET", "/readyz")
    sys.exit(0 if connection.getresponse().status == 200 else 1)
except OSError:
    sys.exit(1)
PYTHON
}

step "Server on $address, data in $server"
if (exec 3<> "/dev/tcp/${address%:*}/${address##*:}") 2> /dev/null; then
    fail "something listens on $address already; is another quickstart running in $dir?"
fi
# In a session of its own: Ctrl-C is for this script, which then stops the server in order.
setsid "$programs/wardlined" --data "$server" --config "$config" --log-level warn \
    < /dev/null 2>> "$server/wardlined.log" &
server_pid=$!
for _ in $(seq 300); do
    kill -0 "$server_pid" 2> /dev/null || {
        tail -n 5 "$server/wardlined.log" >&2
        server_pid=
        fail "the server ended; the lines above are the last of $server/wardlined.log"
    }
    ready && break
    sleep 0.2
done
ready || fail "the server is not ready after a minute; see $server/wardlined.log"
echo "ready"

# --- People

patient_id=P-1001
team=practice

# Everybody's key file lies beside their store. A person would be asked for a password instead.
random_file() { head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n' > "$1"; }
make_home() {
    mkdir -p "$clients/$1"
    [ -e "$clients/$1/key" ] || random_file "$clients/$1/key"
}
as() {  # NAME COMMAND...
    local name="$1"
    shift
    "$programs/wardline" --home "$clients/$name" --key-file "$clients/$name/key" "$@"
}
as_admin() {  # NAME COMMAND...
    local name="$1"
    shift
    "$programs/wardline-admin" --home "$clients/$name" --key-file "$clients/$name/key" "$@"
}
enrolled() { [ -e "$clients/$1/key" ] && as "$1" status --json > /dev/null 2>&1; }

json() {  # a Python expression over `it`, the object on standard input
    python3 -c 'import json, sys
it = json.load(sys.stdin)
value = eval(sys.argv[1])
print("" if value is None else value)' "$1"
}

# enrol NAME COMMAND...: makes NAME's device with the invite that the command makes. The invite is
# kept beside the key until it is used, so that an interrupted run goes on with it; one that is of
# no use any more is replaced by a new one.
enrol() {
    local name="$1" invite
    shift
    if enrolled "$name"; then
        echo "$name is enrolled"
        return
    fi
    make_home "$name"
    invite="$clients/$name/invite.json"
    if ! { [ -s "$invite" ] && redeem "$name" "$invite" 2> /dev/null; }; then
        keep_invite "$name" "$@"
        redeem "$name" "$invite"
    fi
    rm -f "$invite"
    echo "$name is enrolled"
}

# Whole or not at all, wherever a run is broken off.
keep_invite() {  # NAME COMMAND...
    local invite="$clients/$1/invite.json"
    shift
    "$@" > "$invite.new"
    mv "$invite.new" "$invite"
}

redeem() {  # NAME INVITE-FILE
    local proposal
    proposal="$(json 'it["proposal"]' < "$2")"
    [ -z "$proposal" ] || approve_with_root "$proposal"
    as "$1" enrol "$(json 'it["uri"]' < "$2")" > /dev/null
}

# Until a second officer is there, the root key stands in for the second person.
approve_with_root() {
    local state
    state="$(as_admin admin proposals --json |
        json "next((p['state'] for p in it['proposals'] if p['hash'] == '$1'), None)")"
    [ "$state" = open ] || return 0
    as_admin admin approve "$1" --root "$clients/admin/root.key" \
        --root-password-file "$clients/admin/root-password" > /dev/null
}

say() {  # NAME PATIENT-ID|- CLASS TEXT
    local name="$1" to="$2" class="$3" text="$4" options=()
    [ "$to" = - ] || options=(--to "$to")
    as "$name" send "${options[@]}" --class "$class" "$text" > /dev/null
    printf '%-10s %s\n' "$name" "$text"
}

step "A clinic and its people"
# Whether the run that made the administrator's home was broken off before there was a clinic: its
# last file is missing, or the server has heard of none.
never_founded() {
    [ ! -e "$clients/admin/vault.key" ] ||
        as admin status --json 2>&1 > /dev/null | grep -q '"code":"no_clinic"'
}
if ! enrolled admin; then
    make_home admin
    ! never_founded || rm -f "$clients"/admin/{store.db,store.db-wal,root.key,vault.key}
    make_home officer
    random_file "$clients/admin/root-password"
    random_file "$clients/officer/vault-password"
    token="$("$programs/wardlined" setup-token --data "$server")"
    # File and passphrase of the vault key belong in two hands: the officer has the passphrase.
    as_admin admin init --server "$address" --token "$token" --clinic "Practice at the Park" \
        --root-out "$clients/admin/root.key" --root-password-file "$clients/admin/root-password" \
        --vault-out "$clients/admin/vault.key" \
        --vault-password-file "$clients/officer/vault-password" > /dev/null
fi
echo "admin is enrolled"
enrol officer as_admin admin staff invite officer --role admin --json
staff="$(as_admin admin staff list --json | json '" ".join(s["account"] for s in it["staff"])')"
invite_staff() {  # NAME ROLE
    as_admin admin staff invite "$1" --role "$2" --json
}
for person in reception:reception nurse:clinician; do
    name="${person%:*}"
    case " $staff " in
        *" s:$name "*) ;;
        *)
            make_home "$name"
            keep_invite "$name" invite_staff "$name" "${person#*:}"
            ;;
    esac
done
if ! as_admin admin chain show --json |
    json '[e["type"] for e in it["entries"]]' | grep -q "'team'"; then
    as_admin admin team create "$team" --founders reception,nurse > /dev/null
fi
# The first founder to enrol makes the team's key; the second is admitted by the first.
enrol reception invite_staff reception reception
enrol nurse invite_staff nurse clinician
if ! as nurse status --json | json 'it["teams"]' | grep -q "$team"; then
    as reception team admit nurse --team "$team" --yes > /dev/null
fi
echo "reception and nurse are the team $team"
enrol patient as reception patient invite "$patient_id" --team "$team" --json

step "A conversation"
# What an earlier run has said is not said again: the conversation goes on where it stopped.
texts='"\n".join(m["text"] or "" for m in it["messages"])'
spoken="$(as patient read --limit 1000 --json | json "$texts"
    as nurse read "$patient_id" --limit 1000 --json | json "$texts")"
turn() {  # NAME PATIENT-ID|- CLASS TEXT
    grep -qxF -- "$4" <<< "$spoken" || say "$@"
}
turn patient - appointment \
    "Good morning, I have to cancel Thursday. Is there another appointment next week?"
turn reception "$patient_id" appointment \
    "Good morning! Tuesday at 9:40 or Wednesday at 16:10 are free."
turn reception "$patient_id" internal \
    "The blood pressure check is due. Please plan ten minutes more."
turn patient - appointment "Wednesday at 16:10, please. Thank you!"
turn nurse "$patient_id" clinical \
    "See you on Wednesday. We will take your blood pressure too, so please come a little early."
echo "said"

step "The patient's second device catches up"
enrol patient-tablet as patient device add --json
# The first device admits the second, which then reads what was written before its time.
as patient status > /dev/null

show() {  # NAME COMMAND...
    printf '\n%s%s sees%s\n' "$bold" "$1" "$plain"
    as "$@"
}
step "What each of them sees"
show patient read
show patient-tablet read
show reception read "$patient_id"
show nurse read "$patient_id"

step "The conversation, and what the server holds of it"
as nurse read "$patient_id" --json | "$root/deploy/quickstart-holdings.py" "$server"

# --- By hand

if [ "$once" = yes ]; then
    step "Done"
    stop_server
    echo "The clinic is in $dir; run again to continue."
    exit 0
fi

staying=yes
command_of() {  # PROGRAM NAME
    printf '%q --home %q --key-file %q' "$programs/$1" "$clients/$2" "$clients/$2/key"
}
step "The server runs until Ctrl-C. From another terminal:"
cat << TEXT
the patient:       $(command_of wardline patient) chat
the nurse:         $(command_of wardline nurse) chat $patient_id
the receptionist:  $(command_of wardline reception) inbox
another patient:   $(command_of wardline reception) patient invite P-1002 --qr
their device:      $(printf '%q' "$programs/wardline") --home $(printf '%q' "$clients")/NAME enrol INVITE
safety numbers:    $(command_of wardline patient) verify
the clinic:        $(command_of wardline-admin admin) status
its chain:         $(command_of wardline-admin admin) chain show
TEXT
wait "$server_pid" && result=0 || result=$?
server_pid=
fail "the server ended by itself ($result); see $server/wardlined.log"
