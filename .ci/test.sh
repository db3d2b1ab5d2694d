#!/usr/bin/env bash
# All tests: units, behaviour, doc examples; what operations do to shared memory; then the proof that the loom
# models can fail, and that they pass. Needs Rust, nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo test --workspace --all-features
.ci/counts.sh
cargo proof replay
.ci/loom.sh
