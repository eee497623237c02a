#!/usr/bin/env bash
# Counts the instructions of the hot paths and fails where one exceeds its budget:
# benches/guards/instructions.rs says what is counted and how budgets are renewed.
#
# Needs valgrind and gungraun's runner of the library's version. What is missing is
# installed: valgrind by apt-get where that may be, the runner into target/tools.
# Arguments go to `cargo bench`: the gate names its profile.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind > /dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
        echo "valgrind is missing; install it, for example: sudo apt-get install -y valgrind"
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends valgrind > /dev/null
fi

# The lock file pins the library, and the runner speaks with its own version only.
version="$(grep -A1 '^name = "gungraun-runner"$' Cargo.lock | sed -n 's/^version = "\(.*\)"$/\1/p')"
target="${CARGO_TARGET_DIR:-$PWD/target}"
runner="$target/tools/gungraun-runner-$version"
if [ ! -x "$runner/bin/gungraun-runner" ]; then
    echo "gungraun's runner $version is missing and built once"
    # Unoptimised: it starts valgrind and reads what that wrote, no more.
    env -u CARGO_TARGET_DIR -u RUSTFLAGS CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug \
        --root "$runner" gungraun-runner --version "=$version"
fi

# By the workspace, as all benches are built: with other features of the dependencies
# the code would be another.
GUNGRAUN_RUNNER="$runner/bin/gungraun-runner" GUNGRAUN_COLOR=never \
    cargo bench --locked --workspace --bench instructions "$@"
