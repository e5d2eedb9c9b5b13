#!/usr/bin/env bash
# Gathers the licences that go into an image: ours, those of the crates, and those of Rust's own library.
#
# Usage: scripts/image-docs.sh azure-blob-eventsource|ml-pipeline DIRECTORY

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mkdir -p "$2"
cp LICENSE "$2/LICENSE"
scripts/licenses.sh "$1" >"$2/THIRD-PARTY-LICENSES.txt"
# A page with all licences of what `std` is made of, which comes with the compiler.
cp "$(rustc --print sysroot)/share/doc/rust/COPYRIGHT-library.html" "$2/RUST-LICENSES.html"
