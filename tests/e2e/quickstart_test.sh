#!/bin/bash
# Runs deploy/quickstart.sh --once twice in one folder, with the programs given: the first run holds
# the conversation, the second continues with it; neither writes elsewhere, and the server's folder
# holds none of the words. Then a run that is killed wherever an invite is made and not yet kept, and
# one that goes on. At last the audit trail that the first left behind is exported and verified.
#
#     quickstart_test.sh ROOT PROGRAMS FHIR-SCHEMA-FOLDER
set -euo pipefail

root="$1"
programs="$2"
schema="$3"
scratch="$(mktemp -d)"
server_pid=
trap '[ -z "$server_pid" ] || kill "$server_pid" 2> /dev/null; rm -rf "$scratch"' EXIT

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    tail -n 40 "$scratch"/out.* "$scratch"/dir/server/wardlined.log >&2 || true
    exit 1
}

run() {  # NUMBER
    (cd "$scratch" && "$root/deploy/quickstart.sh" --once --dir dir --programs "$programs") \
        > "$scratch/out.$1" 2>&1 < /dev/null || fail "run $1 ended with $?"
}

sees() {  # NAME TEXT: whether the newest output's block of NAME has it (wrapped lines joined)
    sed -n "/^$1 sees\$/,/^\(.* sees\|==> .*\)\$/p" "$newest" | tr -s ' \n' ' ' | grep -qF "$2"
}

question="Is there another appointment next week?"
note="The blood pressure check is due."

run 1
newest="$scratch/out.1"
for name in patient patient-tablet reception nurse; do
    sees "$name" "$question" || fail "$name does not see the question"
done
for name in reception nurse; do
    sees "$name" "$note" || fail "$name does not see the internal note"
done
for name in patient patient-tablet; do
    ! sees "$name" "$note" || fail "$name sees the internal note"
done
grep -q ': none found\.$' "$newest" || fail "the texts were not looked for, or were found"

[ "$(ls -A "$scratch/dir" | sort | tr '\n' ' ')" = "clients server " ] ||
    fail "something else lies in the folder: $(ls -A "$scratch/dir")"
[ -z "$(find "$scratch/dir" -perm /077 ! -type l -print -quit)" ] ||
    fail "others can get at $(find "$scratch/dir" -perm /077 ! -type l -print -quit)"

run 2
newest="$scratch/out.2"
sees patient-tablet "$question" || fail "the second run does not continue with the first"
[ "$(sed -n '/^patient sees$/,/ sees$/p' "$newest" | grep -cF "Good morning, I have")" = 1 ] ||
    fail "the second run said everything again"

# --- Broken off

# The programs, which do what they are told with the words BREAK_AT and tell nobody: the script is
# killed before it hears of it.
broken="$scratch/broken"
mkdir "$broken"
cat > "$broken/wardlined" << SCRIPT
#!/bin/bash
[ "\$1" = setup-token ] || echo \$\$ > "$scratch/server.pid"
exec "$programs/wardlined" "\$@"
SCRIPT
for program in wardline wardline-admin; do
    cat > "$broken/$program" << SCRIPT
#!/bin/bash
[[ "\$*" == *"\$BREAK_AT"* ]] || exec "$programs/$program" "\$@"
"$programs/$program" "\$@" > /dev/null && kill -KILL "\$(cat "$scratch/script.pid")"
SCRIPT
done
chmod +x "$broken"/*

break_off() {  # WORDS
    (
        cd "$scratch"
        export BREAK_AT="$1"
        echo "$BASHPID" > script.pid
        exec "$root/deploy/quickstart.sh" --once --dir dir2 --programs "$broken"
    ) > "$scratch/out.broken" 2>&1 < /dev/null &
    local result=0
    { wait "$!"; } 2> /dev/null || result=$?
    [ "$result" = 137 ] || fail "the run to be broken off at \"$1\" ended with $result"
    # What the script would have stopped.
    kill -TERM "$(cat "$scratch/server.pid")"
    tail --pid="$(cat "$scratch/server.pid")" -f /dev/null
}

for words in "init --server" "staff invite nurse" "enrol wardline:" "patient invite" "device add"; do
    break_off "$words"
done
(cd "$scratch" && "$root/deploy/quickstart.sh" --once --dir dir2 --programs "$programs") \
    > "$scratch/out.3" 2>&1 < /dev/null || fail "the run after those that were broken off ended with $?"
newest="$scratch/out.3"
for name in patient patient-tablet reception nurse; do
    sees "$name" "$question" || fail "after being broken off $name does not see the question"
done

# --- The audit trail

as() {  # PROGRAM NAME COMMAND...
    local program="$1" home="$scratch/dir/clients/$2"
    shift 2
    "$programs/$program" --home "$home" --key-file "$home/key" "$@"
}
trail() { as wardline-admin auditor audit "$@" > "$scratch/out.trail" 2>&1 || fail "audit $*"; }

"$programs/wardlined" --data "$scratch/dir/server" --config "$scratch/dir/server/wardlined.toml" \
    --log-level warn < /dev/null 2>> "$scratch/dir/server/wardlined.log" &
server_pid=$!
for _ in $(seq 100); do
    as wardline-admin admin staff list > /dev/null 2>&1 && break
    sleep 0.3
done
invite="$(as wardline-admin admin staff invite auditor --role auditor --json)" || fail "no invite"
mkdir -m 700 "$scratch/dir/clients/auditor"
head -c 32 /dev/urandom > "$scratch/dir/clients/auditor/key"
chmod 600 "$scratch/dir/clients/auditor/key"
uri="$(python3 -c 'import json, sys; print(json.load(sys.stdin)["uri"])' <<< "$invite")"
as wardline auditor enrol "$uri" > "$scratch/out.trail" 2>&1 || fail "the auditor cannot enrol"

trail verify
trail witness --file "$scratch/heads.jsonl"
trail export --out "$scratch/trail.jsonl"
trail export --format fhir --out "$scratch/trail.fhir"
kill "$server_pid"
wait "$server_pid" || fail "the server ended with $?"
server_pid=
"$programs/wardline-admin" audit verify "$scratch/trail.jsonl" --head "$scratch/heads.jsonl" \
    > "$scratch/out.trail" 2>&1 || fail "the export does not verify"
python3 -B "$root/tests/audit/verify.py" "$scratch/trail.jsonl" --head "$scratch/heads.jsonl" \
    > "$scratch/out.trail" || fail "a page of Python does not verify the export"
python3 -B "$root/tests/audit/fhir_schema.py" "$schema" "$scratch/trail.fhir" \
    > "$scratch/out.trail" || fail "the export is no FHIR"
grep -q '"kind":"message"' "$scratch/trail.jsonl" || fail "the export has no messages"
echo "passed"
