#!/usr/bin/env bash
# Makes what a release consists of, with images by digest: a tag can be moved to another image later, a digest cannot.
#
# Usage: scripts/release.sh bases
#        scripts/release.sh manifests FOLDER SERVER_IMAGE PIPELINE_IMAGE [NAME@DIGEST...]
#        scripts/release.sh files DIRECTORY SERVER_IMAGE PIPELINE_IMAGE [NAME@DIGEST...]
#        scripts/release.sh notes VERSION
#
# `bases` prints options for `docker build` that pin what the Dockerfile builds on. `manifests` prints what
# `kubectl apply -k FOLDER` would apply, with each image as NAME@DIGEST. `files` writes install.yaml, quick-start.yaml and the
# packed Helm chart. A digest is one that is given, or is asked of the image's registry by skopeo or `docker buildx`. When one
# cannot be known the script ends with 1, and prints and writes nothing that could be applied. `notes` prints what CHANGELOG.md
# says of a version.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly DIGEST='@sha256:[0-9a-f]{64}$'
# Digests that were given or found, by the image's name without tag: `NAME NAME@DIGEST` a line.
known=''

fail() {
    printf 'release: %s\n' "$*" >&2
    exit 1
}

# name_of IMAGE: without tag and digest. A colon before a slash is that of a port.
name_of() {
    local name=${1%@*}
    [[ ${name##*/} != *:* ]] || name=${name%:*}
    printf '%s\n' "$name"
}

# ask IMAGE: its digest in its registry.
ask() {
    if command -v skopeo >/dev/null; then
        skopeo inspect --format '{{.Digest}}' "docker://$1"
    elif docker buildx version >/dev/null 2>&1; then
        docker buildx imagetools inspect "$1" | sed -n 's/^Digest: *//p'
    else
        echo "there is neither skopeo nor \`docker buildx\` to ask its registry with" >&2
        return 1
    fi
}

# pinned IMAGE: leaves it as NAME@DIGEST in `pinned`.
pinned() {
    local name digest
    name=$(name_of "$1")
    pinned=$1
    [[ ! $1 =~ $DIGEST ]] || return 0
    pinned=$(sed -n "s|^$name ||p" <<<"$known")
    [[ -z $pinned ]] || return 0
    digest=$(ask "$1") || fail "the digest of $1 is not known: push the image first, or give $name@sha256:…"
    pinned=$name@$digest
    [[ $pinned =~ $DIGEST ]] || fail "the registry answers '$digest' for $1, which is not a digest"
}

# know NAME IMAGE: the image that replaces another.
know() {
    known+="$1 $2"$'\n'
}

bases() {
    local option image options=()
    while IFS='=' read -r option image; do
        pinned "$image"
        options+=(--build-arg "$option=$pinned")
    done < <(sed -nE 's/^ARG ([A-Z]+_(IMAGE|BASE))=/\1=/p' Dockerfile)
    echo "${options[@]}"
}

# images TEXT: each image that a rendered manifest names: in a container, or as the parameter of a WorkflowTemplate.
# What is put in by a template comes from such a parameter.
images() {
    awk '/^ *(- )?image: / { print $NF }
         parameter && /^ *value: / { print $NF }
         { parameter = /^ *- name: ([a-z]+-)?image$/ }' <<<"$1" | tr -d "\"'" | grep -v -e '{{' -e '}}' | sort -u
}

# know_all SERVER_IMAGE PIPELINE_IMAGE [NAME@DIGEST...]
know_all() {
    local given
    pinned "$1"
    know azure-blob-eventsource "$pinned"
    pinned "$2"
    know ml-pipeline "$pinned"
    for given in "${@:3}"; do
        [[ $given =~ $DIGEST ]] || fail "$given is not NAME@sha256:… with 64 hex digits"
        know "$(name_of "$given")" "$given"
    done
}

# pin TEXT: leaves in `text` a rendered manifest with each image by its digest.
pin() {
    local image
    text=$1
    while read -r image; do
        # Ours have the name of the registry that an overlay says, or none.
        case $(name_of "$image") in
            */azure-blob-eventsource | */ml-pipeline) pinned "$(basename "$(name_of "$image")")" ;;
            *) pinned "$image" ;;
        esac
        text=$(sed -E "s#((image|value): [\"']?)${image//./\\.}([\"']?)\$#\1$pinned\3#" <<<"$text")
    done < <(images "$text")
    image=$(images "$text" | grep -vE "$DIGEST") || true
    [[ -z $image ]] || fail "these images have no digest: $image"
}

manifests() {
    local text
    know_all "${@:2}"
    pin "$(kubectl kustomize "$1")"
    printf '%s\n' "$text"
}

# pack CHART: the chart with these images as its defaults; leaves its archive beside it.
pack() {
    local chart=$1 image file values=$1/values.yaml
    pinned azure-blob-eventsource
    sed -i.bak -E "s#^(  repository: )azure-blob-eventsource\$#\1${pinned%@*}#; s#^  digest: \"\"#  digest: ${pinned#*@}#" "$values"
    pinned ml-pipeline
    sed -i.bak -E "s#^(    repository: )ml-pipeline\$#\1${pinned%@*}#; s#^    digest: \"\"#    digest: ${pinned#*@}#" "$values"
    # What is not ours: Azurite, and what a step runs on.
    for file in "$values" "$chart"/files/*/*.yaml; do
        while read -r image; do
            pinned "$image"
            sed -i.bak -E "s#${image//./\\.}\$#$pinned#" "$file"
        done < <(sed -nE 's#^.*image: (&[a-z]+ )?([^ "{]+/[^ "{]+:[^ "{@]+)$#\2#p' "$file" | sort -u)
    done
    find "$chart" -name '*.bak' -delete
    helm package "$chart" --destination "${chart%/*}" >/dev/null
}

files() {
    local directory=$1 version text name
    version=$(sed -n '/^version = /{s/.*"\(.*\)"/\1/p;q;}' Cargo.toml)
    know_all "${@:2}"
    command -v helm >/dev/null || fail "there is no helm on the PATH, which packs the chart: https://helm.sh/docs/intro/install"
    made=$(mktemp -d)
    trap 'rm -rf "$made"' EXIT
    for name in install quick-start; do
        pin "$(kubectl kustomize "manifests/$name")"
        printf '# azure-blob-eventsource %s: kubectl apply -f %s.yaml\n%s\n' "$version" "$name" "$text" >"$made/$name.yaml"
    done
    cp -R charts/azure-blob-eventsource "$made/chart"
    pack "$made/chart"
    mkdir -p "$directory"
    mv "$made"/*.yaml "$made"/*.tgz "$directory"
}

notes() {
    local found
    found=$(awk -v heading="## $1" '/^## / { inside = ($0 == heading || index($0, heading " ") == 1); next } inside' CHANGELOG.md)
    [[ -n ${found//[[:space:]]/} ]] || fail "CHANGELOG.md has no section $1"
    printf '%s\n' "$found"
}

case ${1-} in
    bases) (($# == 1)) || fail "bases takes no arguments" ;;
    manifests) (($# >= 4)) || fail "manifests takes a folder, the server's image and the pipeline's" ;;
    files) (($# >= 4)) || fail "files takes a directory to write to, the server's image and the pipeline's" ;;
    notes) (($# == 2)) || fail "notes takes a version: 0.1.0" ;;
    *) fail "'${1-}' is unknown; allowed: bases, manifests, files and notes" ;;
esac
"$@"
