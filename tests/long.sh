#!/bin/bash
# The full figures that CI runs only a little of. Prints at the end what ran and what was found; the
# exit code is 1 if anything failed, 3 if nothing failed and something could not be run here.
#
#     tests/long.sh                    every section, one after the other: about half a day on two cores
#     tests/long.sh kills power        these sections
#     tests/long.sh --short            every section with CI's figures: whether all of it works
#
# Sections:
#     kills      200 kills of server, databases and clients while 50 clients send
#     power      50 power cuts under the databases, and two controls that must lose messages
#     faults     a full disk, a silent database, a disk that does not sync
#     canaries   1,000 marked texts, looked for in all that the server keeps
#     flat       what a message costs in small clinics and in large ones, and how long it takes
#     model      10,000 schedules of each model
#     fuzz       ten minutes of each fuzz target
#     edge       the edge's tests, slow and many in full
#     tsan       the test programs under the thread sanitizer
#
# As root, or some sections are not run and say so. Seeds are printed and replay a schedule:
# tests/chaos/README.md. Logs lie in build/logs/long-*.log.
set -uo pipefail

usage() { sed -n '2,23s/^# \{0,1\}//p' "$0"; }

all=(kills power faults canaries flat model fuzz edge tsan)
short=no
chosen=()
for argument in "$@"; do
    case "$argument" in
        --short) short=yes ;;
        -h | --help) usage; exit 0 ;;
        *)
            if [[ " ${all[*]} " != *" $argument "* ]]; then
                usage >&2
                exit 2
            fi
            chosen+=("$argument")
            ;;
    esac
done
[ "${#chosen[@]}" -gt 0 ] || chosen=("${all[@]}")

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1
logs="$root/build/logs"
mkdir -p "$logs"
jobs="$(nproc)"
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=true
not_run=77

figure() { [ "$short" = yes ] && echo "$2" || echo "$1"; }  # FULL SHORT

summary=()
failed=0
lacking=0

# section NAME COMMAND...: runs it, keeps its log, and its line for the table: the last one that
# begins with "NAME: ", or that speaks of passed tests.
section() {
    local name="$1" started=$SECONDS log="$logs/long-$1.log" result found
    shift
    printf '\n=== %s\n' "$name"
    "$@" < /dev/null 2>&1 | tee "$log"
    case "${PIPESTATUS[0]}" in
        0) result=ok ;;
        "$not_run") result="NOT RUN"; lacking=1 ;;
        *) result=FAILED; failed=1 ;;
    esac
    found="$(grep -E '^[a-z-]+: |% tests passed' "$log" | grep -v ': done in ' | tail -n 1)"
    summary+=("$(printf '%-11s %-8s %6d s  %s' "$name" "$result" $((SECONDS - started)) "$found")")
}

built=no
release() {  # Everything that the sections below run, once.
    [ "$built" = yes ] && return 0
    cmake --preset release > "$logs/long-build.log" 2>&1 &&
        cmake --build --preset release --parallel "$jobs" >> "$logs/long-build.log" 2>&1 &&
        built=yes && return 0
    echo "the release build fails: $logs/long-build.log"
    return 1
}

practice="$root/build/release/chaos/long-practice"
chaos() {  # ARGUMENTS...
    python3 -B tests/chaos/chaos.py --programs build/release/bin --practice "$practice" "$@"
}

make_practice() {
    [ -e "$practice/practice.json" ] && return 0
    python3 -B tests/chaos/chaos.py --programs build/release/bin practice "$practice"
}

run_kills() { release && make_practice && chaos kills --count "$(figure 200 5)"; }
run_power() { release && make_practice && chaos power --count "$(figure 50 1)"; }
run_canaries() { release && make_practice && chaos canaries --count "$(figure 1000 100)"; }

# Full figures are judged; short ones, which say little, are only shown.
bench() {  # COMMAND
    build/release/bin/wardline-bench "$1" "$(figure --check --short)" --json
}
value_of() {  # NAME JSON
    sed -n "s/.*\"$1\":\(-\{0,1\}[0-9.]*\).*/\1/p" <<< "$2"
}

run_flat() {
    local cost latency bad=0
    release && chaos flat --teams 2 "$(figure 50 12)" || return 1
    cost="$(bench flat | tee /dev/stderr | tail -n 1)" || bad=1
    latency="$(bench latency | tee /dev/stderr | tail -n 1)" || bad=1
    echo "flat: at most $(value_of worst_ratio "$cost") times the processor time;" \
        "$(value_of beyond_p50_ms "$latency") and $(value_of beyond_p99_ms "$latency") ms" \
        "beyond a commit (p50, p99)"
    return "$bad"
}

# Each of the three, whatever becomes of the others; "not run" only where none failed.
run_faults() {
    local fault code worst=0 line="faults:"
    release && make_practice || return 1
    for fault in disk-full frozen sync-error; do
        chaos "$fault"
        code=$?
        case "$code" in
            0) line+=" $fault ok" ;;
            "$not_run") line+=" $fault NOT RUN"; [ "$worst" -ne 0 ] || worst=$code ;;
            *) line+=" $fault FAILED"; worst=1 ;;
        esac
    done
    echo "$line"
    return "$worst"
}

run_model() {
    release || return 1
    build/release/bin/model_tests --seeds "$(figure 10000 500)" || return 1
    echo "model: $(figure '10,000' 500) seeds of each model"
}

# From the corpus on, and from what earlier runs in this tree have learnt.
run_fuzz() {
    local seconds
    seconds="$(figure 600 10)"
    tests/fuzz/run.sh "$seconds" || return 1
    echo "fuzz: $(find tests/fuzz -name '*_fuzz.cpp' | wc -l) targets, $seconds s each"
}

run_edge() {
    local crowd=(--readers 1000 --reconnects 5000 --samples 2000 --seconds 20 --strict)
    [ "$short" = no ] || crowd=(--readers 100 --reconnects 500 --samples 200 --seconds 2)
    release || return 1
    ctest --preset release --label-regex '^edge$' --exclude-regex '^edge\.crowd$' --no-tests=error ||
        return 1
    python3 -B tests/edge/crowd_test.py build/release/bin/wardlined \
        build/release/bin/wardline-crowd "${crowd[@]}" || return 1
    echo "edge: all tests passed; crowd: ${crowd[*]}"
}

# A node is one thread, and so is a client beside its connection's: the tests that run both sides in
# one process are the ones that can race.
run_tsan() {
    cmake --preset tsan && cmake --build --preset tsan --parallel "$jobs" --target sanitized || return 1
    tests/sanitizers/run.sh tsan '^(unit|database|server|e2e|model|adversary|sanitizer)$'
}

for name in "${chosen[@]}"; do
    section "$name" "run_$name"
done

printf '\n=== What ran (%d s; %s; logs in build/logs)\n' "$SECONDS" \
    "$(figure 'full figures' 'short figures')"
printf '%s\n' "${summary[@]}"
rm -rf "$practice"
if [ "$failed" -ne 0 ]; then
    printf '\nFAILED\n'
    exit 1
fi
if [ "$lacking" -ne 0 ]; then
    printf '\nNOT ALL OF IT WAS RUN: this machine lacks what the sections above name\n'
    exit 3
fi
