#!/usr/bin/env bash
# Tries scripts/azure-setup.sh with the real Azure CLI and a real Azurite, and with no subscription. The Azure CLI
# is installed the first time: about 730 MB, into the user's cache, where it outlives the build directory.
#
# Usage: scripts/azure-setup-test.sh [SCRIPT [CHECK...]]

set -euo pipefail

tests=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../tests/azure-setup")
readonly tests
readonly python=${XDG_CACHE_HOME:-$HOME/.cache}/azure-blob-eventsource/azure-cli
readonly stamp=$python/installed.txt

# A directory without a stamp is a half-done installation, and one with another is out of date.
if ! cmp --quiet "$tests/requirements.txt" "$stamp"; then
    echo "installing the Azure CLI into $python" >&2
    rm -rf "$python"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check --requirement "$tests/requirements.txt"
    cp "$tests/requirements.txt" "$stamp"
fi

exec "$python/bin/python" -B "$tests/check.py" "$@"
