#!/usr/bin/env bash
# Runs a script of examples/ml-pipeline/verify with what it needs, which is installed into the build
# directory the first time.
#
# Usage: scripts/pipeline-python.sh SCRIPT [ARGUMENT...]

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A path of its own, as the build directory's may be relative.
python=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/pipeline-python
readonly python
cd examples/ml-pipeline/verify

readonly stamp=$python/installed.txt

# A directory without a stamp is a half-done installation, and one with another is out of date.
if ! cmp --quiet requirements.txt "$stamp"; then
    echo "installing $(grep -c '^[a-z]' requirements.txt) Python packages into $python" >&2
    rm -rf "$python"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
    cp requirements.txt "$stamp"
fi

script=$1
shift
exec "$python/bin/python" "$script" "$@"
