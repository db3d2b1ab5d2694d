#!/usr/bin/env bash
# The loom models. Arguments go to `cargo test`, those after `--` to the test program:
#   .ci/loom.sh --test blocking -- --nocapture
# LOOM_MAX_PREEMPTIONS=4 looks further than the bounds the models name; go by it file by file (--test), since a
# few models do not end in reasonable time then.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A target folder of its own: the flag would make cargo build everything anew, each way, each time.
RUSTFLAGS="${RUSTFLAGS:-} --cfg loom" \
    cargo test -p pintle-loom-tests --profile loom --target-dir target/loom "$@"
