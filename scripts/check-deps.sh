#!/usr/bin/env bash
# Checks what the code is built of: licences, sources and banned crates (deny.toml), known vulnerabilities where the
# database can be had, and that no dependency needs a newer Rust than Cargo.toml promises.
#
# Usage: scripts/check-deps.sh [install]
# `install` builds cargo-deny into the user's cache when it is not there, and checks nothing.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly VERSION=0.20.2
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/azure-blob-eventsource
readonly deny=$cache/bin/cargo-deny

install() {
    [[ $("$deny" --version 2>/dev/null) != "cargo-deny $VERSION" ]] || return 0
    echo "installing cargo-deny $VERSION into $cache/bin, which takes some minutes"
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # It runs for a second, so it is not worth the optimizations of a release, which take much longer.
    CARGO_TARGET_DIR=$build CARGO_PROFILE_DEV_DEBUG=false \
        cargo install --quiet --locked --debug --force --root "$cache" "cargo-deny@$VERSION"
}

# Without a network, or where the database's host cannot be reached, the rest is still worth it.
advisories() {
    if timeout 60 "$deny" fetch db >/dev/null 2>&1; then
        "$deny" --locked --workspace check advisories
    else
        echo "NOT RUN: cargo deny check advisories: the database of vulnerabilities cannot be downloaded here"
    fi
}

rust_version() {
    cargo metadata --locked --format-version 1 | node scripts/rust-version.mjs
}

install
if [[ ${1:-} != install ]]; then
    # A crate that is there in two versions is told by `cargo deny check bans`; others decide that, and nothing fails.
    "$deny" --locked --workspace check --allow duplicate bans licenses sources
    advisories
    rust_version
fi
