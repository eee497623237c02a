#!/usr/bin/env bash
# The whole gate. Changes nothing; `scripts/fix.sh` mends what can be mended.
#
# Needs Rust (rust-toolchain.toml says which), git and a C compiler. Licences are
# checked where cargo-deny is installed; the gate says so where it is not.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%s s so far)\n' "$1" "$SECONDS"; }

# Tests run at release speed, so that the demo, the benches and they share one
# build of the dependencies. The feature keeps the named invariants checked
# after every step; release builds keep overflow checks on by themselves.
checked=(--release --features backstock-engine/checked)

step "format"
cargo fmt --all --check

step "clippy"
cargo clippy --workspace --all-targets --features backstock-engine/checked -- -D warnings

step "tests, loom models among them"
cargo test "${checked[@]}" --workspace --lib --bins --tests --no-fail-fast

step "documentation"
RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps

step "demo"
cargo run --release -- demo --exit

echo "NOT RUN: the benches; they are linted above, and run by: cargo bench -p backstock-benches"

step "dependencies"
scripts/check-dependencies.sh

step "all passed"
