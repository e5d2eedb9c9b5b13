#!/usr/bin/env bash
# Tries the Helm chart: it renders the objects of the manifests, refuses wrong values, and has what `make chart` writes.
#
# Usage: scripts/chart-test.sh [CHECK...]
#        scripts/chart-test.sh --write
# `--write` writes what the chart has from elsewhere: copies of manifests, the table in its README, and the schema of an event,
# which is schema/source.schema.json. It needs helm, or Go to install it once.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly HELM=helm.sh/helm/v3/cmd/helm@v3.19.2
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/azure-blob-eventsource
export PATH=$PATH:$cache/bin

scripts/venv.sh "$cache/chart-python" tests/chart/requirements.txt
if [[ ${1-} == --write ]]; then
    exec "$cache/chart-python/bin/python" -B tests/chart/generate.py
fi
if ! command -v helm >/dev/null; then
    command -v go >/dev/null || {
        echo "chart-test: there is neither helm nor Go: https://helm.sh/docs/intro/install" >&2
        exit 1
    }
    echo "installing $HELM into $cache/bin, which takes some minutes"
    GOBIN=$cache/bin go install "$HELM"
fi
exec "$cache/chart-python/bin/python" -B tests/chart/check.py helm "$@"
