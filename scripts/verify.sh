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

# One build for all: what is tested, run small and counted has the profile `gate`, which
# is the release profile but for how much is optimised (Cargo.toml).
built=(--profile gate --locked --workspace)
# The engine's unit tests alone are built another way.
export RUSTC_WORKSPACE_WRAPPER="$PWD/scripts/rustc-in-gate.sh"

step "format"
cargo fmt --all --check

step "clippy"
cargo clippy "${built[@]}" --all-targets -- -D warnings

step "tests, loom models among them"
# Many tests wait for a disk, a process or a clock: with a thread for each core, cores would idle.
CHECK_INVARIANTS=1 RUST_TEST_THREADS="$((2 * $(nproc)))" \
    cargo test "${built[@]}" --lib --bins --tests --no-fail-fast

step "documentation"
RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" \
    cargo doc "${built[@]}" --no-deps

step "benches, run small so that they cannot rot"
benches=()
for bench in benches/benches/*.rs; do
    benches+=(--bench "$(basename "$bench" .rs)")
done
# The program and the load generator with them: by itself, each would take a build of
# its own of most dependencies.
cargo build "${built[@]}" --bin backstock --bin load "${benches[@]}"
BACKSTOCK_BENCH_SMALL=1 cargo bench "${built[@]}" "${benches[@]}"
programs="${CARGO_TARGET_DIR:-target}/gate"

step "demo"
cargo check --profile gate --locked
"$programs/backstock" demo --exit

step "guards: instructions of the hot paths, against their budgets"
scripts/guard-instructions.sh --profile gate

step "load generator, run small: every workload in process, and the other targets"
for run in "holiday in-process" "browse in-process" "feed in-process" "churn in-process" \
    "holiday stream" "holiday unary" "priced in-process" "hot in-process" "hold in-process" \
    "superstore in-process"; do
    read -r workload target <<< "$run"
    # These two have SKUs of their own.
    case "$workload" in hot | superstore) size=() ;; *) size=(--skus 2000) ;; esac
    "$programs/load" --quiet --workload "$workload" --target "$target" --rate max "${size[@]}" \
        --seconds 1 --warm-up 1
done

step "dependencies"
scripts/check-dependencies.sh

step "all passed"
