#!/usr/bin/env bash
# Mends what can be mended by a machine: formatting, and what clippy can rewrite.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
cargo fmt --all
