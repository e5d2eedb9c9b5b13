#!/usr/bin/env bash
# Builds both programs twice, in two directories and one after the other, and compares them byte by byte: who builds a release by
# themselves, with the same Rust and the same C compiler, gets the very same file.
#
# Usage: scripts/check-reproducible.sh
# It takes two full builds, 20 minutes or more, and builds what is committed.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What `--version` says of a build without a repository.
BUILD_COMMIT=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export BUILD_COMMIT SOURCE_DATE_EPOCH
host=$(rustc -vV | sed -n 's/^host: //p')
# The paths differ in length, so that a path that is left in a program shows.
for place in one another-one; do
    mkdir "$work/$place"
    git archive HEAD | tar -x -C "$work/$place"
    (
        cd "$work/$place"
        unset CARGO_TARGET_DIR
        home=${CARGO_HOME:-$HOME/.cargo}
        flags="--remap-path-prefix=$PWD=/build --remap-path-prefix=$home=/cargo"
        # aws-lc and jemalloc are C, and say where a check failed.
        export CFLAGS="-ffile-prefix-map=$PWD=/build -ffile-prefix-map=$home=/cargo"
        RUSTFLAGS=$flags cargo build --locked --release --package azure-blob-eventsource
        RUSTFLAGS="$flags -C target-feature=+crt-static" cargo build --locked --release --package ml-pipeline --target "$host"
    )
done

status=0
for program in release/azure-blob-eventsource "$host/release/ml-pipeline"; do
    one=$work/one/target/$program
    other=$work/another-one/target/$program
    if cmp "$one" "$other"; then
        echo "ok   ${program##*/}: $(sha256sum <"$one" | cut -d ' ' -f 1)"
    else
        # The first strings that differ say most often where it comes from.
        diff <(strings -n 8 "$one") <(strings -n 8 "$other") | head -20 || true
        status=1
    fi
done
exit "$status"
