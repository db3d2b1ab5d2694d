#!/usr/bin/env bash
# What operations do to memory that workers share: the shim's locks and atomics are compiled so that they count.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One test at a time: they look at who wrote a cache line last. A target folder of its own, because of the flag.
RUSTFLAGS="${RUSTFLAGS:-} --cfg counted" cargo test -p pintle --test shared_memory --target-dir target/counted \
    -- --test-threads=1
