#!/usr/bin/env bash
# Dependencies point down only, between crates and between the modules of the executor; no other
# runtime is in the tree; unsafe code stays where it is looked for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
failed=0

complain() {
    echo "layers: $1" >&2
    failed=1
}

# What of ours a crate stands on, directly or not.
ours() {
    cargo tree -p "$1" -e normal --all-features --prefix none --format '{p}' |
        cut -d' ' -f1 | { grep -E '^pintle' || true; } | { grep -vx "$1" || true; } |
        sort -u | xargs
}

# crate, and all of ours that it may stand on
while read -r crate allowed; do
    found=$(ours "$crate")
    [ "$found" = "$allowed" ] || complain "$crate stands on '$found', not on '$allowed'"
done <<'CRATES'
pintle-sync
pintle-macros
pintle-timer pintle-sync
pintle-reactor pintle-sync
pintle pintle-macros pintle-reactor pintle-sync pintle-timer
CRATES

# With default features: hyper, an optional one, brings tokio's channels.
if cargo tree -p pintle -e normal --prefix none --format '{p}' | grep -E '^(tokio|async-std|smol) '; then
    complain "another runtime is in the tree of pintle"
fi

# module of the executor, and the modules above it, which it must not name (but for its docs)
while read -r module above; do
    found=$(grep -rnE "crate::($above)\b" "executor/src/$module" "executor/src/$module.rs" 2>/dev/null |
        grep -vE '^[^:]+:[0-9]+:\s*//' || true)
    [ -z "$found" ] || complain "executor/src/$module names a module above it:
$found"
done <<'MODULES'
task queue|park|steal|blocking|worker|runtime
park queue|steal|blocking|worker|runtime
queue steal|blocking|worker|runtime
steal blocking|worker|runtime
blocking queue|park|steal|worker|runtime
MODULES

# Where unsafe code may be. Each place has its reasons in its module's documentation.
allowed='^(executor/src/(task|queue)/|executor/src/worker/(current|guest|local|schedule)\.rs|executor/src/task_tools/local_set/home\.rs|executor/src/blocking/pool\.rs|executor/sync/src/(guard|wait_list)\.rs|executor/sync/src/(mutex|rwlock|once|oneshot|mpsc|semaphore)/|(executor|executor/sync)/tests/(allocations|left_behind)\.rs|reactor/src/hyper|loom-tests/|benches/)'
found=$(git ls-files -co --exclude-standard '*.rs' | grep -vE "$allowed" |
    xargs grep -nE '^[^/"]*\bunsafe\b' || true)
[ -z "$found" ] || complain "unsafe code outside the places for it:
$found"

exit "$failed"
