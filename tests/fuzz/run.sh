#!/bin/bash
# Runs the fuzz targets for a time each: tests/fuzz/run.sh SECONDS [TARGET...]
#
#   FUZZ_BUILD  the tree that holds them (default build/asan, which is configured and built here)
#   FUZZ_JOBS   how many run at one time (default 2)
#
# What a run learns is kept below the build tree and goes on from there; the corpus in the repository
# stays as small as it is. An input that is a finding is left in the build tree, and its path printed.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:?usage: tests/fuzz/run.sh SECONDS [TARGET...]}
shift
build=${FUZZ_BUILD:-build/asan}
jobs=${FUZZ_JOBS:-2}

all=()
for source in tests/fuzz/*_fuzz.cpp; do
    all+=("$(basename "$source" .cpp)")
done
targets=("${@:-${all[@]}}")

if [ -z "${FUZZ_BUILD:-}" ]; then
    [ -f "$build/build.ninja" ] || cmake --preset asan >/dev/null
fi
cmake --build "$build" --target "${targets[@]}"

run_one() {
    local target=$1 work=$build/fuzzing/$1
    mkdir -p "$work/learnt" "$work/found"
    if "$build/bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
        -artifact_prefix="$work/found/" -print_final_stats=1 "$work/learnt" \
        "tests/fuzz/corpus/$target" >"$work/log" 2>&1; then
        echo "$target: nothing in $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") runs"
    else
        echo "$target: FOUND something, see $work/log and $work/found/"
        return 1
    fi
}
export -f run_one
export build seconds
printf '%s\n' "${targets[@]}" | xargs -P "$jobs" -I '{}' bash -c 'run_one {}'
