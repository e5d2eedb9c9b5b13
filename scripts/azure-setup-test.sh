#!/usr/bin/env bash
# Tries scripts/azure-setup.sh with the real Azure CLI and a real Azurite, and with no subscription. The Azure CLI
# is installed the first time: about 730 MB, into the user's cache, where it outlives the build directory.
#
# Usage: scripts/azure-setup-test.sh [SCRIPT [CHECK...]]

set -euo pipefail

tests=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../tests/azure-setup")
readonly tests
readonly python=${XDG_CACHE_HOME:-$HOME/.cache}/azure-blob-eventsource/azure-cli

"$tests/../../scripts/venv.sh" "$python" "$tests/requirements.txt"
exec "$python/bin/python" -B "$tests/check.py" "$@"
