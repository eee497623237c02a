#!/usr/bin/env bash
# Licences, banned crates and sources of all dependencies, by cargo-deny and
# deny.toml. The advisory database is asked only with --advisories: it lies
# outside of the package registry, and the gate runs without it.
set -euo pipefail
cd "$(dirname "$0")/.."

deny="$(command -v cargo-deny || true)"
if [ -z "$deny" ]; then
    deny="target/tools/bin/cargo-deny"
    if [ ! -x "$deny" ]; then
        echo "installing cargo-deny below target/tools"
        cargo install --quiet --locked --root target/tools cargo-deny
    fi
fi
"$deny" --all-features check bans licenses sources
if [ "${1:-}" = "--advisories" ]; then
    "$deny" --all-features check advisories
else
    echo "advisories: not asked (scripts/check-dependencies.sh --advisories asks them)"
fi
