#!/usr/bin/env bash
# Reads a change feed that testkit writes with Microsoft's own reader, and compares what it sees with what ours sees. The
# reader is installed the first time, into the user's cache.
#
# Usage: scripts/feed-test.sh PROGRAM

set -euo pipefail

tests=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../tests/change-feed")
readonly tests
readonly python=${XDG_CACHE_HOME:-$HOME/.cache}/azure-blob-eventsource/change-feed-python

"$tests/../../scripts/venv.sh" "$python" "$tests/requirements.txt"
exec "$python/bin/python" -B "$tests/check.py" "$1"
