#!/usr/bin/env bash
# Installs the program, its manual pages and its completions below a directory, as `make install` does.
#
# Usage: scripts/install.sh DIRECTORY
# PROGRAM names a program that is built already; without it, one is built.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly name=azure-blob-eventsource
readonly prefix=$1
program=${PROGRAM:-}
if [[ -z $program ]]; then
    "${CARGO:-cargo}" build --locked --release --package "$name"
    program=${CARGO_TARGET_DIR:-target}/release/$name
fi

work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT
"$program" man "$work/man"
for shell in bash zsh fish; do
    "$program" completions "$shell" >"$work/$shell"
done

install -D --mode=755 "$program" "$prefix/bin/$name"
install -d "$prefix/share/man/man1"
install --mode=644 "$work"/man/*.1 "$prefix/share/man/man1"
install -D --mode=644 "$work/bash" "$prefix/share/bash-completion/completions/$name"
install -D --mode=644 "$work/zsh" "$prefix/share/zsh/site-functions/_$name"
install -D --mode=644 "$work/fish" "$prefix/share/fish/vendor_completions.d/$name.fish"
echo "installed $name, manual pages and completions below $prefix"
