#!/usr/bin/env bash
# Checks that a machine has what this project is built with, and names what is missing with the way
# to get it.
#
# Usage: scripts/need.sh rust|node|python|shellcheck|fmt|clippy|chromium|valgrind|container-tool|kubectl ...

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly NODE=20
readonly PYTHON=3.11
RUST=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
readonly RUST

missing=()

# lacks WHAT HOW: notes something that is missing and the way to get it.
lacks() {
    missing+=("$1"$'\n'"    get it: $2")
}

# at_least WANTED FOUND: whether a version such as 1.95.0 is at least one such as 1.91.
at_least() {
    local wanted_major wanted_minor found_major found_minor
    IFS=. read -r wanted_major wanted_minor _ <<<"$1.0"
    IFS=. read -r found_major found_minor _ <<<"$2.0"
    ((found_major > wanted_major || (found_major == wanted_major && found_minor >= wanted_minor)))
}

# version COMMAND...: the first version number that a command prints; nothing when it fails.
version() {
    { "$@" 2>/dev/null || true; } | sed -n '1s/[^0-9]*\([0-9][0-9]*\(\.[0-9][0-9]*\)*\).*/\1/p'
}

# need_version WHAT COMMAND WANTED HOW: a command of at least some version.
need_version() {
    local found
    found=$(version "$2" --version)
    if [[ -z $found ]]; then
        lacks "$1: there is no $2 on the PATH" "$4"
    elif ! at_least "$3" "$found"; then
        lacks "$1: $2 is version $found" "$4"
    fi
}

need_rust() {
    local compiler="\`sudo apt-get install build-essential\`, \`sudo dnf install gcc\` or \`xcode-select --install\`"
    need_version "Rust $RUST or newer" cargo "$RUST" \
        "https://rustup.rs; where rustup is installed, \`cargo --version\` here gets it or says why not"
    if ! command -v "${CC:-cc}" >/dev/null; then
        lacks "a C compiler, with which Rust links: there is no ${CC:-cc} on the PATH" "$compiler"
    fi
}

need_node() {
    need_version "Node $NODE or newer, which Azurite runs on" node "$NODE" \
        "https://nodejs.org/en/download, or your system's package manager"
    if [[ -z $(version npm --version) ]]; then
        lacks "npm, which installs Azurite: there is no npm on the PATH" \
            "it comes with Node; on Debian and Ubuntu it is a package of its own: \`sudo apt-get install npm\`"
    fi
}

need_python() {
    need_version "Python $PYTHON or newer, which verifies the pipeline's models" python3 "$PYTHON" \
        "https://www.python.org/downloads, or your system's package manager"
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        lacks "Python's venv, which installs packages apart from the system's" \
            "on Debian and Ubuntu it is a package of its own: \`sudo apt-get install python3-venv\`"
    fi
}

need_fmt() {
    cargo fmt --version >/dev/null 2>&1 || lacks "rustfmt" "\`rustup component add rustfmt\`"
}

need_clippy() {
    cargo clippy --version >/dev/null 2>&1 || lacks "clippy" "\`rustup component add clippy\`"
}

need_shellcheck() {
    command -v shellcheck >/dev/null \
        || lacks "ShellCheck" "\`sudo apt-get install shellcheck\` or \`brew install shellcheck\`"
}

need_chromium() {
    command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null \
        || lacks "Chromium, which shows the status page" \
            "\`sudo apt-get install chromium\`; or name the program of another place in CHROMIUM"
}

need_valgrind() {
    command -v valgrind >/dev/null || lacks "Valgrind, which counts instructions" "\`sudo apt-get install valgrind\`"
}

need_container-tool() {
    # It may have words of its own: `sudo docker`.
    local tool=${CONTAINER_TOOL:-docker}
    tool=${tool%% *}
    command -v "$tool" >/dev/null \
        || lacks "what builds images: there is no $tool on the PATH" \
            "https://docs.docker.com/engine/install, or name another: \`make docker-build CONTAINER_TOOL=podman\`"
}

need_kubectl() {
    command -v kubectl >/dev/null \
        || lacks "kubectl, which renders the manifests" "https://kubernetes.io/docs/tasks/tools"
}

for tool in "$@"; do
    case $tool in
        rust | node | python | fmt | clippy | shellcheck | chromium | valgrind | container-tool | kubectl) "need_$tool" ;;
        *)
            echo "need.sh: unknown tool $tool" >&2
            exit 2
            ;;
    esac
done

if ((${#missing[@]} > 0)); then
    echo "This machine lacks:" >&2
    printf '  %s\n' "${missing[@]}" >&2
    exit 1
fi
