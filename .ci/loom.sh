#!/usr/bin/env bash
# The loom models. Arguments go to `cargo test`, those after `--` to the test program:
#   .ci/loom.sh --test blocking -- --nocapture
# LOOM_MAX_PREEMPTIONS=3 looks further, and takes longer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A target folder of its own: the flag would make cargo build everything anew, each way, each time.
RUSTFLAGS="${RUSTFLAGS:-} --cfg loom" \
    cargo test -p pintle-loom-tests --profile loom --target-dir target/loom "$@"
