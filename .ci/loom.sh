#!/usr/bin/env bash
# The loom models: those of Pintle, and those of the crate that shows how to check one's own code.
# Arguments go to `cargo test`, those after `--` to the test program:
#   .ci/loom.sh --test blocking -- --nocapture
#   .ci/loom.sh -p pintle-model-checked
# LOOM_MAX_PREEMPTIONS=4 looks further than the bounds the models name; go by it file by file (--test), since a
# few models do not end in reasonable time then.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(-p pintle-loom-tests -p pintle-model-checked)
[[ " $* " == *" -p "* ]] && packages=()
# No examples in the documentation: they run outside of any model.
targets=(--tests)
[[ " $* " == *" --test "* ]] && targets=()

# A target folder of its own: the flag would make cargo build everything anew, each way, each time.
RUSTFLAGS="${RUSTFLAGS:-} --cfg loom" cargo test "${packages[@]}" "${targets[@]}" \
    --profile loom --target-dir target/loom "$@"
