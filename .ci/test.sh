#!/usr/bin/env bash
# All tests: units, behaviour, doc examples, then the quick loom models. Needs Rust, nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo test --workspace --all-features
.ci/loom.sh
