#!/usr/bin/env bash
# Everything about the code that is not a test: format, lints, docs, layers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo fmt --all --check
cargo clippy --workspace --all-targets --all-features -- -D warnings
# Under the flag other code is compiled, so it is linted too.
RUSTFLAGS="${RUSTFLAGS:-} --cfg loom" cargo clippy -p pintle-loom-tests -p pintle-model-checked --all-targets \
    --target-dir target/loom -- -D warnings
RUSTFLAGS="${RUSTFLAGS:-} --cfg counted" cargo clippy -p pintle --test shared_memory --target-dir target/counted \
    -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features
.ci/layers.sh
