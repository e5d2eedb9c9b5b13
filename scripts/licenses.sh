#!/usr/bin/env bash
# Prints the licence texts of all that is linked into a program: their licences ask for that, so they are in the images and beside the
# binaries of a release. Each text is printed once, under the names of the crates that bring it.
#
# Usage: scripts/licenses.sh azure-blob-eventsource|ml-pipeline

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly program=${1:?which program? azure-blob-eventsource or ml-pipeline}
readonly sources=${CARGO_HOME:-$HOME/.cargo}/registry/src

fail() {
    echo "licenses: $*" >&2
    exit 1
}

# texts DIRECTORY: the files in it that are licence texts, those of bundled C code as well.
texts() {
    find "$1" -type f -size -256k \
        \( -iname 'licen[sc]e*' -o -iname 'copying*' -o -iname 'notice*' -o -iname 'unlicense*' -o -iname 'copyright*' \) \
        ! -iname '*.rs' ! -iname '*.c' ! -iname '*.h' ! -iname '*.py' ! -iname '*.json' ! -iname '*.toml' ! -iname '*.go' | sort
}

# crates: NAME VERSION LICENCE a line, of all that the program is made of here, but for its own crates.
crates() {
    "${CARGO:-cargo}" tree --locked --package "$program" --edges normal --prefix none --format '{p}|{l}' \
        | sed -E '/ \(\//d; s/ \((proc-macro|\*)\)//g; s/^([^ ]+) v([^ |]+) *\|/\1 \2 /' | sort -u
}

# By their texts' hashes: who brings one, and where one is.
declare -A owners=() places=()
without='' count=0
found=$(crates)
while read -r name version licence; do
    folder=$(find "$sources" -mindepth 2 -maxdepth 2 -type d -name "$name-$version" -print -quit)
    [[ -n $folder ]] || fail "the source of $name $version is not in $sources: run \`cargo fetch --locked\`"
    count=$((count + 1))
    any=false
    while read -r hash file; do
        any=true
        places[$hash]=$file
        [[ ${owners[$hash]-} == *"    $name $version ("* ]] || owners[$hash]+="    $name $version ($licence)"$'\n'
    done < <(texts "$folder" | while read -r file; do sha256sum "$file"; done)
    $any || without+="    $name $version ($licence), $(sed -n 's/^repository = "\(.*\)"/\1/p;' "$folder/Cargo.toml")"$'\n'
done <<<"$found"
((count > 0)) || fail "cargo knows no crates of $program"

printf '%s contains %s packages of others, under the licences below.\n' "$program" "$count"
printf '\nThese have no licence text of their own, and are under the named licence:\n\n%s' "${without:-    none$'\n'}"
# In the order of their first owner, so that the same packages give the same file.
while read -r hash; do
    printf '\n%s\n\n%s\n' "$(printf '=%.0s' {1..100})" "${owners[$hash]}"
    tr -d '\r' <"${places[$hash]}"
done < <(for hash in "${!owners[@]}"; do printf '%s\t%s\n' "${owners[$hash]%%$'\n'*}" "$hash"; done | sort | cut -f 2)
