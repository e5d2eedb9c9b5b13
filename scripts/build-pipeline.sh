#!/usr/bin/env bash
# Builds the pipeline as one static program, and copies it when a destination is named.
#
# Usage: scripts/build-pipeline.sh [DESTINATION]

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Named as a target, the host keeps these flags from what runs during the build.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS='-C target-feature=+crt-static' \
    "${CARGO:-cargo}" build --locked --release --package ml-pipeline --target "$host"

if (($# > 0)); then
    install -D "${CARGO_TARGET_DIR:-target}/$host/release/ml-pipeline" "$1"
fi
