#!/usr/bin/env bash
# Writes for both programs what is linked into them: a software bill of materials (CycloneDX), and the licence texts.
#
# Usage: scripts/sbom.sh DIRECTORY

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly directory=${1:?which directory?}
mkdir -p "$directory"
host=$(rustc -vV | sed -n 's/^host: //p')
metadata=$("${CARGO:-cargo}" metadata --locked --format-version 1 --filter-platform "$host")
for program in azure-blob-eventsource ml-pipeline; do
    node scripts/sbom.mjs "$program" <<<"$metadata" >"$directory/$program.cdx.json"
    scripts/licenses.sh "$program" >"$directory/$program-THIRD-PARTY-LICENSES.txt"
    # What is named in one must be named in the other, or one of them forgets something.
    missing=$(comm -13 \
        <(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).components.map(it => it.name + " " + it.version).join("\n")' \
            "$directory/$program.cdx.json" | sort -u) \
        <(sed -nE 's/^    ([^ ]+ [0-9][^ ]*) \(.*/\1/p' "$directory/$program-THIRD-PARTY-LICENSES.txt" | sort -u))
    [[ -z $missing ]] || {
        echo "sbom: the bill of materials of $program lacks $missing" >&2
        exit 1
    }
    echo "$directory/$program.cdx.json: $(grep -c '"purl"' "$directory/$program.cdx.json") components"
done
