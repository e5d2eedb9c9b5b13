#!/usr/bin/env bash
# Builds the documentation as a site, target/site, and checks its links. mdBook is installed the first time, into
# the user's cache.
#
# Usage: scripts/site.sh

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly mdbook=${XDG_CACHE_HOME:-$HOME/.cache}/azure-blob-eventsource/mdbook
readonly site=target/site

scripts/venv.sh "$mdbook" scripts/docs/requirements.txt
rm -rf "$site"
"$mdbook/bin/mdbook" build
node scripts/docs/site-links.mjs "$site"
echo "the site is in $site: open $site/index.html"
