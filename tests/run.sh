#!/bin/bash
# Everything CI runs: installs packages, builds and tests the release build, then the whole suite
# under the address and undefined behaviour sanitizers, fuzzing, formatting, shell syntax and
# clang-tidy. Every stage runs even if one before it failed; the exit code is 1 if any did.
#
#     tests/run.sh           everything
#     tests/run.sh --quick   the release build's tests only
#
# As root, or as a user with sudo (needed only while packages are missing).
set -uo pipefail

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }

quick=no
case "${1:-}" in
    "") ;;
    --quick) quick=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1
logs="$root/build/logs"
mkdir -p "$logs"
rm -f "$logs"/*.log
jobs="$(nproc)"
# What was compiled in one working tree serves for another on the same machine.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=true

# Files are handed to clang-tidy for so long.
tidy_seconds=300
# Each fuzz target runs for so long.
fuzz_seconds=60
# What runs under the sanitizers, by label; and by name what of it does not. edge.crowd judges memory,
# and a sanitizer's own lies beside the program's. edge.process uses up all file descriptors: then the
# undefined behaviour sanitizer, which asks the kernel by a pipe whether an object can be read, takes
# every object for none. edge.tls_scan is about a TLS that is not ours.
sanitized='^(unit|database|server|e2e|adversary|audit|model|edge|sanitizer)$'
not_sanitized='^edge\.(crowd|process|tls_scan)$'
# Everything ends by then, so that a hanging stage is reported and not killed from outside.
deadline=5000

summary=()
failed=0

# A stage's limit, cut to what is left.
within() {  # LIMIT
    local left=$((deadline - SECONDS))
    [ "$1" -le "$left" ] && echo "$1" || echo $((left > 1 ? left : 1))
}

summarize() {  # NAME CODE SECONDS
    local result=ok
    [ "$2" -eq 0 ] || { result=FAILED; failed=1; }
    summary+=("$(printf '%-16s %-7s %5d s' "$1" "$result" "$3")")
    return "$2"
}

# stage NAME LIMIT COMMAND...: runs it with a time limit and keeps its log and its result.
stage() {
    local name="$1" limit started=$SECONDS
    limit="$(within "$2")"
    shift 2
    printf '\n=== %s\n' "$name"
    # shellcheck disable=SC2086
    timeout ${timeout_options:-} --kill-after=30 "$limit" "$@" < /dev/null 2>&1 | tee "$logs/$name.log"
    summarize "$name" "${PIPESTATUS[0]}" $((SECONDS - started))
}

# begin NAME LIMIT COMMAND...: a stage at the lowest priority, beside those that follow, which wait
# more than they work. finish NAME: waits, and says what came of it.
declare -A beside
begin() {
    local name="$1" limit started=$SECONDS
    limit="$(within "$2")"
    shift 2
    printf '\n=== %s begins, beside what follows\n' "$name"
    {
        nice -n 19 timeout --kill-after=30 "$limit" "$@" < /dev/null > "$logs/$name.log" 2>&1
        echo "$? $((SECONDS - started))" > "$logs/.$name"
    } &
    beside[$name]=$!
}
finish() {
    local code seconds
    wait "${beside[$1]}"
    read -r code seconds < "$logs/.$1"
    rm "$logs/.$1"
    printf '\n=== %s, which ran beside\n' "$1"
    cat "$logs/$1.log"
    summarize "$1" "$code" "$seconds"
}

# The tracked files that match, or without git (a source archive) all of them.
files() {
    if git -c safe.directory="$root" rev-parse --git-dir > /dev/null 2>&1; then
        git -c safe.directory="$root" ls-files -- "$@" | while read -r file; do
            [ -e "$file" ] && echo "$file"
        done
    else
        local pattern names=()
        for pattern in "$@"; do names+=(-o -path "./$pattern"); done
        find . -path ./build -prune -o -type f \( "${names[@]:1}" \) -print | sed 's|^\./||'
    fi
}

build() {  # PRESET [TARGET]
    cmake --preset "$1" && cmake --build --preset "$1" --parallel "$jobs" ${2:+--target "$2"}
}

run_tests() {  # PRESET
    ctest --preset "$1" --parallel "$jobs" --no-tests=error
}

check_format() {
    local unformatted
    unformatted="$(files '*.cpp' '*.hpp' | xargs -r clang-format-19 --dry-run 2>&1 |
        sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: warning: code should be.*/\1/p' | sort -u)"
    [ -z "$unformatted" ] && return 0
    printf 'not formatted, run: clang-format-19 -i FILE\n%s\n' "$unformatted"
    return 1
}

check_shell() {
    local bad=0 script
    for script in $(files '*.sh') .ci/run; do
        bash -n "$script" || bad=1
    done
    return $bad
}

# What the last twenty commits changed, newest first, or, in a history shorter than that, the pure
# folders.
tidy_sources() {
    if git -c safe.directory="$root" rev-parse -q --verify HEAD~20 > /dev/null 2>&1; then
        git -c safe.directory="$root" log --format= --name-only HEAD~20..HEAD -- '*.cpp' |
            awk 'NF && !seen[$0]++'
    else
        files 'protocol/*.cpp' 'audit/*.cpp' 'retention/*.cpp'
    fi
}

# clang-tidy needs 10 to 30 s a file, so it stops starting new ones after a while and says so.
tidy_one() {  # UNTIL FILE
    if [ "$(date +%s)" -ge "$1" ]; then
        echo "not reached in time: $2"
        return 0
    fi
    clang-tidy-19 --quiet -p build/tidy "$2" 2>&1 | grep -v ' warnings generated\.$'
    return "${PIPESTATUS[0]}"
}

# Without precompiled headers: a file is looked at with what it includes, and in half the time.
check_tidy() {
    local until=$(($(date +%s) + tidy_seconds))
    cmake --preset release -B build/tidy -D WARDLINE_PCH=OFF > /dev/null || return 1
    # Only what the build compiles: clang-tidy has no command line for anything else.
    tidy_sources | while read -r file; do
        [ -e "$file" ] && grep -qF "\"$root/$file\"" build/tidy/compile_commands.json &&
            echo "$file"
    done | xargs -r -P "$jobs" -n 1 bash -c 'tidy_one "$@"' bash "$until"
}

export -f files build run_tests check_format check_shell tidy_sources tidy_one check_tidy
export root jobs tidy_seconds
# with HOW NAME LIMIT FUNCTION ARGUMENTS...: a function of this file as a stage.
with() {
    local how="$1" name="$2" limit="$3"
    shift 3
    # shellcheck disable=SC2016
    "$how" "$name" "$limit" bash -c 'set -o pipefail; "$@"' bash "$@"
}

# In the foreground: sudo may have to ask for a password on the terminal.
timeout_options=--foreground with stage packages 1200 deploy/install-packages.sh
with stage release-build 2400 build release
built=$?
if [ "$quick" = no ]; then
    with stage format 300 check_format
    with stage shell 60 check_shell
    with begin asan-build 2400 build asan sanitized
fi
if [ "$built" -eq 0 ]; then
    with stage release-tests 2400 run_tests release
    with stage demo 300 tests/demo-cheating-server.sh
fi
if [ "$quick" = no ]; then
    finish asan-build
    sanitizers=$?
    [ -e build/release/compile_commands.json ] && with begin tidy 1500 check_tidy
    if [ "$sanitizers" -eq 0 ]; then
        with stage asan-tests 1800 tests/sanitizers/run.sh asan "$sanitized" "$not_sanitized"
        with stage fuzz 1500 tests/fuzz/run.sh "$fuzz_seconds"
    fi
    [ -z "${beside[tidy]:-}" ] || finish tidy
fi

for name in asan-tests release-tests; do
    log="$logs/$name.log"
    [ -e "$log" ] || continue
    printf '\n%s:\n' "$name"
    sed -n '/% tests passed/,/^Total Test time/p; /^The following tests FAILED/,/^Errors while/p' "$log"
done
printf '\n=== Summary (%d s; logs in build/logs)\n' "$SECONDS"
printf '%s\n' "${summary[@]}"
if [ "$failed" -ne 0 ]; then
    printf '\nFAILED\n'
    exit 1
fi
