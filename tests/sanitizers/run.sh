#!/bin/bash
# Runs the tests of a build with sanitizers: tests/sanitizers/run.sh PRESET LABELS [LEFT-OUT]
#
# LABELS and LEFT-OUT are regular expressions, of labels and of names. Every program writes what a
# sanitizer finds into a file of its own: a report counts, whatever became of the program, and of
# the test that started it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
root="$PWD"

preset="${1:?usage: tests/sanitizers/run.sh PRESET LABELS [LEFT-OUT]}"
labels="${2:?usage: tests/sanitizers/run.sh PRESET LABELS [LEFT-OUT]}"
left_out="${3:-}"

reports="$root/build/$preset/reports"
rm -rf "$reports"
mkdir -m 1777 "$reports"
export ASAN_OPTIONS="log_path=$reports/asan"
export UBSAN_OPTIONS="log_path=$reports/ubsan:print_stacktrace=1"
export TSAN_OPTIONS="log_path=$reports/tsan:halt_on_error=1:second_deadlock_stack=1"

result=0
ctest --preset "$preset" --parallel "$(nproc)" --no-tests=error --label-regex "$labels" \
    ${left_out:+--exclude-regex "$left_out"} || result=1
for report in "$reports"/*; do
    [ -e "$report" ] || continue
    printf '\n--- %s\n' "$report"
    cat "$report"
    result=1
done
exit "$result"
