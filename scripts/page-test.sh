#!/usr/bin/env bash
# Looks at the status page in headless Chromium: three widths, no source, one and twenty, light and dark. The sources
# are made up, the page is the server's own (src/admin/stage.rs). With PAGE_IMAGES=FOLDER it leaves images there.
#
# Usage: scripts/page-test.sh

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly folder=testkit/browser
readonly stamp=$folder/node_modules/.installed-lock.json

# What the lock file says, unless exactly that is installed.
if ! cmp --quiet "$folder/package-lock.json" "$stamp"; then
    npm ci --prefix "$folder" --no-audit --no-fund --ignore-scripts
    cp "$folder/package-lock.json" "$stamp"
fi

serve=("${CARGO:-cargo}" test --locked --workspace --lib)
"${serve[@]}" --no-run
exec node "$folder/page.cjs" "${serve[@]}" -- --ignored --exact --nocapture admin::stage::serve_pages
