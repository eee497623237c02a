#!/usr/bin/env bash
# The whole gate. Changes nothing; `scripts/fix.sh` mends what can be mended.
#
# Needs Rust (rust-toolchain.toml says which), git and a C compiler. The guards need
# valgrind and gungraun's runner: both are installed where they are missing, or the
# gate says what to install. Licences are checked where cargo-deny is installed; the
# gate says so where it is not.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%s s so far)\n' "$1" "$SECONDS"; }

# Tests run at release speed, so that the demo, the benches and they share one
# build of the dependencies. The feature keeps the named invariants checked
# after every step; release builds keep overflow checks on by themselves. The server and
# the tests are optimised less: to compile them takes longer than to run them.
checked=(--release --locked --features backstock-engine/checked)
for package in backstock backstock-tests; do
    checked+=(--config "profile.release.package.$package.opt-level=1")
done

step "format"
cargo fmt --all --check

# As all that follows, by the release profile: what runs while building is then
# built once.
step "clippy"
cargo clippy --workspace --all-targets "${checked[@]}" -- -D warnings

step "tests, loom models among them"
cargo test "${checked[@]}" --workspace --lib --bins --tests --no-fail-fast

step "documentation"
RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" \
    cargo doc --release --locked --workspace --no-deps

step "benches, run small so that they cannot rot"
benches=()
for bench in benches/benches/*.rs; do
    bench="$(basename "$bench" .rs)"
    # This one runs under valgrind: scripts/guard-instructions.sh.
    [ "$bench" = instructions ] || benches+=(--bench "$bench")
done
# The program and the load generator with them: by itself, each would take a build of
# its own of most dependencies.
cargo build --release --locked --workspace --bin backstock --bin load "${benches[@]}"
BACKSTOCK_BENCH_SMALL=1 cargo bench --locked --workspace "${benches[@]}"
programs="${CARGO_TARGET_DIR:-target}/release"

step "demo"
cargo check --release --locked
"$programs/backstock" demo --exit

step "guards: instructions of the hot paths, against their budgets"
scripts/guard-instructions.sh

step "load generator, run small: every workload in process, and the other targets"
for run in "holiday in-process" "browse in-process" "feed in-process" "churn in-process" \
    "holiday stream" "holiday unary" "hot in-process" "superstore in-process"; do
    read -r workload target <<< "$run"
    # These two have SKUs of their own.
    case "$workload" in hot | superstore) size=() ;; *) size=(--skus 2000) ;; esac
    "$programs/load" --quiet --workload "$workload" --target "$target" --rate max "${size[@]}" \
        --seconds 1 --warm-up 1
done

step "dependencies"
scripts/check-dependencies.sh

step "all passed"
