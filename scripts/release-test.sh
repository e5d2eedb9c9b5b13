#!/usr/bin/env bash
# Tries scripts/release.sh on the manifests of this repository, with a registry that is made up: a skopeo that knows
# some images.
#
# Usage: scripts/release-test.sh

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dir=$(mktemp -d)
readonly dir
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

readonly SERVER=registry.example.net:5000/x/azure-blob-eventsource PIPELINE=registry.example.net:5000/x/ml-pipeline
readonly AZURITE=mcr.microsoft.com/azure-storage/azurite

# hex DIGIT: a digest.
hex() {
    printf 'sha256:'
    printf "$1%.0s" {1..64}
}

# Knows each image but those of example.com and `unknown`; the digest says which it was asked for.
cat >"$dir/skopeo" <<END
#!/usr/bin/env bash
case \${!#} in
    docker://$SERVER:1.0) echo $(hex 1) ;;
    docker://$PIPELINE:1.0) echo $(hex 2) ;;
    docker://$AZURITE:*) echo $(hex 3) ;;
    docker://docker.io/library/rust:* | docker://gcr.io/distroless/*) echo $(hex 4) ;;
    docker://lies:1) echo latest ;;
    *) echo "manifest unknown" >&2; exit 1 ;;
esac
END
chmod +x "$dir/skopeo"
export PATH=$dir:$PATH:${XDG_CACHE_HOME:-$HOME/.cache}/azure-blob-eventsource/bin

fail() {
    echo "release-test: $*" >&2
    exit 1
}

# refused WORDS ARGUMENT...: release.sh ends with 1, says these words and prints nothing else.
refused() {
    local words=$1 printed status=0
    shift
    printed=$(scripts/release.sh "$@" 2>"$dir/said") || status=$?
    [[ $status == 1 ]] || fail "release.sh $* ended with $status"
    [[ -z $printed ]] || fail "release.sh $* printed ${printed:0:200}"
    grep -qF -- "$words" "$dir/said" || fail "release.sh $* said $(<"$dir/said")"
}

# names TEXT: the images in containers and in parameters that hold one, which the tests look for by themselves.
names() {
    grep -E '^ *(- )?image: |^ *value: .*(azure-blob-eventsource|ml-pipeline)[:@]' <<<"$1" | awk '{ print $NF }' | grep -v '{{'
}

for folder in manifests/quick-start examples/azure-keys examples/azure-workload-identity; do
    text=$(scripts/release.sh manifests "$folder" "$SERVER:1.0" "$PIPELINE:1.0")
    found=$(names "$text")
    [[ -n $found ]] || fail "$folder names no image"
    if grep -vE '@sha256:[0-9a-f]{64}$' <<<"$found"; then fail "$folder: these have no digest"; fi
    [[ $(grep -cxF "$SERVER@$(hex 1)" <<<"$found") == 2 ]] || fail "$folder: the server and its download are $found"
    [[ $(grep -cxF "$PIPELINE@$(hex 2)" <<<"$found") == 1 ]] || fail "$folder: the pipeline is $found"
    # Nothing but images has changed.
    [[ $(kubectl kustomize "$folder" | wc -l) == "$(wc -l <<<"$text")" ]] || fail "$folder has other lines"
done
echo "ok   each image of three overlays has its digest"

# A digest that is given is not asked for.
text=$(scripts/release.sh manifests manifests/quick-start "$SERVER@$(hex a)" "$PIPELINE@$(hex b)" "$AZURITE@$(hex c)")
for image in "$SERVER@$(hex a)" "$PIPELINE@$(hex b)" "$AZURITE@$(hex c)"; do
    grep -qF "$image" <<<"$text" || fail "$image is not in what was printed"
done
if grep -qE "$(hex 1)|$(hex 2)|$(hex 3)" <<<"$text"; then fail "the registry was asked"; fi
text=$(scripts/release.sh manifests examples/kubernetes-job "$SERVER:1.0" "$PIPELINE:1.0")
grep -qF "image: $AZURITE@$(hex 3)" <<<"$text" || fail "the image within a Sensor has no digest"
echo "ok   digests that are given are taken, also within a Sensor"

refused "the digest of unknown:1 is not known" manifests manifests/quick-start unknown:1 "$PIPELINE:1.0"
refused "registry.example.com/random-forest:1.0 is not known" manifests examples/python-step "$SERVER:1.0" "$PIPELINE:1.0"
refused "which is not a digest" manifests manifests/quick-start "$SERVER:1.0" lies:1
refused "is not NAME@sha256" manifests manifests/quick-start "$SERVER:1.0" "$PIPELINE:1.0" "$AZURITE:3.35.0"
refused "is not NAME@sha256" manifests manifests/quick-start "$SERVER:1.0" "$PIPELINE:1.0" "$AZURITE@sha256:12"
refused "takes a folder" manifests manifests/quick-start "$SERVER:1.0"
refused "allowed: bases, manifests, files and notes" all
refused "takes a directory" files "$dir/files" "$SERVER:1.0"
refused "has no section 9.9.9" notes 9.9.9
refused "the digest of unknown:1 is not known" files "$dir/files" unknown:1 "$PIPELINE:1.0"
[[ ! -e $dir/files ]] || fail "files wrote something, and an image has no digest"
echo "ok   an image without a digest is refused, and nothing is printed"

notes=$(scripts/release.sh notes Unreleased)
if grep -q '^## ' <<<"$notes"; then fail "notes has another section: $notes"; fi
[[ $notes == *"A generic event source"* ]] || fail "notes said $notes"
echo "ok   the notes of a version are what CHANGELOG.md says of it"

if command -v helm >/dev/null; then
    scripts/release.sh files "$dir/files" "$SERVER:1.0" "$PIPELINE:1.0"
    [[ $(cd "$dir/files" && echo *) =~ ^azure-blob-eventsource-[0-9.]+\.tgz\ install\.yaml\ quick-start\.yaml$ ]] \
        || fail "files wrote $(cd "$dir/files" && echo *)"
    grep -q '^kind: EventBus$' "$dir/files/install.yaml" || fail "install.yaml has no bus"
    if grep -E '^kind: (EventSource|Sensor|WorkflowTemplate)$' "$dir/files/install.yaml"; then fail "install.yaml watches something"; fi
    # As values, and in what the chart has of elsewhere.
    batches=batch.enabled=true,events.batches.container=datasets,events.batches.batch.by=folder
    batches+=,events.batches.state.container=eventsource-state
    helm template x "$dir"/files/*.tgz --kube-version 1.34.0 --set "quickStart.enabled=true,$batches" >"$dir/files/chart.yaml"
    for file in install quick-start chart; do
        found=$(names "$(tr -d '"' <"$dir/files/$file.yaml")")
        [[ $found == *"$SERVER@$(hex 1)"* ]] || fail "$file names $found"
        if grep -vE '@sha256:[0-9a-f]{64}$' <<<"$found"; then fail "$file: these have no digest"; fi
    done
    echo "ok   install.yaml, quick-start.yaml and the chart have digests alone"
else
    echo "not tried: the files of a release, because helm is missing"
fi

options=$(scripts/release.sh bases)
for option in RUST_IMAGE=docker.io/library/rust SERVER_BASE=gcr.io/distroless PIPELINE_BASE=gcr.io/distroless; do
    grep -qE -- "--build-arg ${option}[a-z0-9/-]*@$(hex 4)( |$)" <<<"$options" || fail "bases: there is no $option in $options"
done
[[ $(grep -c '^ARG .*=.*[:/]' Dockerfile) == "$(grep -oF -- --build-arg <<<"$options" | wc -l)" ]] || fail "bases: $options"
echo "ok   each base of the Dockerfile has its digest"
