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
scripts/venv.sh "$python" examples/ml-pipeline/verify/requirements.txt
cd examples/ml-pipeline/verify

script=$1
shift
exec "$python/bin/python" "$script" "$@"
