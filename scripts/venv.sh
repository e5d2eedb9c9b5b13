#!/usr/bin/env bash
# Makes a directory of Python and the packages that a file names, unless it is there with just these.
#
# Usage: scripts/venv.sh DIRECTORY REQUIREMENTS

set -euo pipefail

readonly python=$1 requirements=$2
readonly stamp=$python/installed.txt

# A directory without a stamp is a half-done installation, and one with another is out of date.
if ! cmp --quiet "$requirements" "$stamp"; then
    echo "installing $(grep -c '^[a-z]' "$requirements") Python packages into $python" >&2
    rm -rf "$python"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$stamp"
fi
