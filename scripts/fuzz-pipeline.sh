#!/usr/bin/env bash
# Feeds the pipeline's reader with anything, guided by what code that reaches. Stable Rust does.
#
# Usage: scripts/fuzz-pipeline.sh [SECONDS]
# What breaks it is left in target/fuzz/crash-*; what reached new code in target/fuzz/corpus.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A path of its own, as the build directory's may be relative.
dir=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/fuzz
readonly dir
mkdir -p "$dir/corpus"
cp examples/data/*.csv examples/ml-pipeline/fuzz/seeds/* "$dir/corpus"

# The instrumentation that libFuzzer reads, as LLVM's manual has it ("SanitizerCoverage").
flags=-Cpasses=sancov-module
for option in level=3 inline-8bit-counters pc-table; do
    flags+=" -Cllvm-args=-sanitizer-coverage-$option"
done
flags+=" -Ccodegen-units=16 --cfg fuzzing"
# With a target, the flags are not for what runs while it is built.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS=$flags CARGO_TARGET_DIR=$dir CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
    cargo build --release --manifest-path examples/ml-pipeline/fuzz/Cargo.toml --target "$host"

cd "$dir"
exec "$dir/$host/release/reader" corpus -max_len=4000 -max_total_time="${1:-60}"
