#!/usr/bin/env bash
# Sources and banned crates by Cargo.lock, on any machine; licences and, with
# --advisories, known vulnerabilities by cargo-deny where it is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo metadata --locked --format-version 1 > /dev/null

foreign="$(grep '^source = ' Cargo.lock | grep -v '^source = "registry+' || true)"
[ -z "$foreign" ] || { echo "dependencies from outside of the registry: $foreign"; exit 1; }

for banned in openssl-sys ractor_cluster; do
    ! grep -q "^name = \"$banned\"$" Cargo.lock || { echo "banned: $banned"; exit 1; }
done
grep -A1 '^name = "sled"$' Cargo.lock | grep -q '^version = "0.34.7"$' \
    || { echo "sled is not 0.34.7, the version whose flaws are worked around"; exit 1; }
echo "dependencies: sources and banned crates are in order"

if command -v cargo-deny > /dev/null; then
    cargo deny --all-features check bans licenses sources
    [ "${1:-}" != "--advisories" ] || cargo deny --all-features check advisories
else
    echo "NOT CHECKED: licences and advisories; install with: cargo install --locked cargo-deny"
fi
