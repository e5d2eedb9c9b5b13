#!/usr/bin/env bash
# Checks the workflows of .github with actionlint, which also gives their scripts to ShellCheck; and that each action is named by a
# commit, because a tag can be moved to another one.
#
# Usage: scripts/lint-workflows.sh
# It needs actionlint, or Go to install it once.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly ACTIONLINT=github.com/rhysd/actionlint/cmd/actionlint@v1.7.8
readonly bin=${XDG_CACHE_HOME:-$HOME/.cache}/azure-blob-eventsource/bin
export PATH=$PATH:$bin

if ! command -v actionlint >/dev/null; then
    command -v go >/dev/null || {
        echo "lint-workflows: there is neither actionlint nor Go: https://github.com/rhysd/actionlint/releases" >&2
        exit 1
    }
    echo "installing $ACTIONLINT into $bin"
    GOBIN=$bin go install "$ACTIONLINT"
fi
actionlint
if grep -nE '^ *(- )?uses: ' .github/workflows/*.yml | grep -vE 'uses: (\./|[^@]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$)'; then
    echo "lint-workflows: name these actions as NAME@COMMIT # vVERSION" >&2
    exit 1
fi
