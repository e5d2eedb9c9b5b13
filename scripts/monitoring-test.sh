#!/usr/bin/env bash
# Tries manifests/components/monitoring: the overlay renders, each alert fires when it should and not on an
# ordinary day, the dashboard is JSON, and all of them name metrics that exist.
#
# Usage: scripts/monitoring-test.sh
# It needs promtool, or Go to install it once. Without kubectl nothing is rendered, and the rest is tried.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The first whose go.mod `go install` accepts: those before it have replace directives.
readonly PROMTOOL=github.com/prometheus/prometheus/cmd/promtool@v0.316.0

readonly component=manifests/components/monitoring
readonly metrics=src/admin/prometheus.rs
readonly guide=docs/monitoring.md
readonly bin=${XDG_CACHE_HOME:-$HOME/.cache}/azure-blob-eventsource/bin
export PATH=$PATH:$bin

# Beneath the repository, because kustomize wants relative paths.
mkdir -p target
dir=$(mktemp -d target/monitoring-test.XXXXXX)
readonly dir
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    echo "monitoring-test: $*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null
}

install_promtool() {
    have go || fail "there is neither promtool nor Go: get promtool with Prometheus (https://prometheus.io/download)"
    echo "installing $PROMTOOL into $bin, which takes some minutes"
    # Without the discovery of cloud machines it is half as large, and takes half the time.
    GOBIN=$bin go install -tags remove_all_sd "$PROMTOOL"
}

# render OVERLAY COMPONENT...: what an overlay of the base with these components is.
render() {
    local overlay=$dir/$1 part
    mkdir "$overlay"
    {
        echo "apiVersion: kustomize.config.k8s.io/v1beta1"
        echo "kind: Kustomization"
        echo "namespace: another-namespace"
        echo "resources: [../../../manifests/base]"
        echo "components:"
        for part in "${@:2}"; do echo "- ../../../$part"; done
    } >"$overlay/kustomization.yaml"
    kubectl kustomize "$overlay"
}

# document KIND NAME: one object of a rendering on the standard input.
document() {
    awk -v RS='---\n' -v kind="kind: $1\n" -v name="\n  name: $2\n" 'index($0, kind) && index($0, name)'
}

# In the overlay's namespace, with all that was there, and with the names under which it is looked for.
check_rendering() {
    local kind part
    render with "$component" >"$dir/with.yaml"
    render without >"$dir/without.yaml"
    for kind in PodMonitor/azure-blob-eventsource PrometheusRule/azure-blob-eventsource \
        ConfigMap/azure-blob-eventsource-dashboard NetworkPolicy/azure-blob-eventsource; do
        part=$(document "${kind%/*}" "${kind#*/}" <"$dir/with.yaml")
        [[ -n $part ]] || fail "the overlay has no $kind"
        [[ $part == *$'\n  namespace: another-namespace'* ]] || fail "$kind is not in the overlay's namespace"
    done
    part=$(document ConfigMap azure-blob-eventsource-dashboard <"$dir/with.yaml")
    [[ $part == *'grafana_dashboard: "1"'* ]] || fail "the dashboard does not have the label that Grafana looks for"
    # Objects of the base that are not as they were.
    part=$(awk -v RS='---\n' 'NR == FNR { with[$0]; next } !($0 in with)' "$dir/with.yaml" "$dir/without.yaml")
    [[ -z $part ]] || fail "the component changes what the base has: $part"
}

# What promtool reads is the rule's spec, which is the last of its top level keys.
rules_of() {
    sed -n '/^spec:$/,$p' | sed '1d; s/^  //'
}

# The names as they are scraped: counters end in _total, times in _seconds, which histograms say a line later.
existing_metrics() {
    awk '
        /^const COUNTERS/ { inside = 1; suffix = "_total" }
        /^const GAUGES/ { inside = 1; suffix = "" }
        /^const SECONDS/ { inside = 1; suffix = "_seconds" }
        /^const HISTOGRAMS/ { histograms = 1 }
        /^\];/ { inside = 0; histograms = 0 }
        histograms && match($0, /"[a-z_]+",/) { name = substr($0, RSTART + 1, RLENGTH - 3) }
        histograms && /Unit::Seconds/ { print "azure_blob_eventsource_" name "_seconds" }
        histograms && /^ *None,/ { print "azure_blob_eventsource_" name }
        inside && match($0, /"[a-z_]+",/) {
            print "azure_blob_eventsource_" substr($0, RSTART + 1, RLENGTH - 3) suffix
        }
    ' "$metrics" | sort -u
}

check_metrics() {
    local unknown metric
    existing_metrics >"$dir/existing"
    (($(wc -l <"$dir/existing") >= 10)) || fail "$metrics does not have the expected form"
    unknown=$(grep -ohE 'azure_blob_eventsource_[a-z_]+' "$component"/*.yaml "$component"/dashboard.json "$component"/tests/* \
        | sed -E 's/_bucket$//' | sort -u | comm -13 "$dir/existing" -)
    [[ -z $unknown ]] || fail "$metrics does not have: ${unknown//$'\n'/, }"
    while read -r metric; do
        grep -q "^| \`${metric#azure_blob_eventsource_}\` |" "$guide" || fail "$guide does not describe $metric"
    done <"$dir/existing"
}

# Each alert has a test in which it fires, and a line in the guide.
check_alerts() {
    local alert
    while read -r alert; do
        grep -q "alertname=\"$alert\"" "$component"/tests/*.yaml || fail "$alert has no test in which it fires"
        grep -q "^| \`${alert#AzureBlobEventSource}\` |" "$guide" || fail "$guide does not describe $alert"
    done < <(sed -n 's/^ *- alert: //p' "$component/prometheus-rule.yaml")
}

# The queries become rules, so that promtool reads them too.
check_dashboard() {
    if ! have node; then
        echo "not tried: the dashboard, because Node is missing"
        return
    fi
    node -e '
        const board = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
        const sources = JSON.stringify(board).match(/"datasource":\{[^}]*\}/g);
        const fixed = sources.filter(source => !source.includes("{datasource}"));
        if (!board.uid || fixed.length) throw new Error("no uid, or a fixed data source: " + fixed);
        const rules = board.panels.flatMap(({id, targets}) => targets.map(({refId, expr}) =>
            ({record: "panel:" + id + refId, expr: expr.replace(/.__(rate_interval|range)/g, "5m")})));
        console.log(JSON.stringify({groups: [{name: "dashboard", rules}]}));
    ' "$component/dashboard.json" >"$dir/dashboard.yaml"
    promtool check rules "$dir/dashboard.yaml" >"$dir/said" 2>&1 || fail "the dashboard: $(cat "$dir/said")"
    echo "ok   the dashboard is JSON, its queries are PromQL, and it names no data source"
}

have promtool || install_promtool
if have kubectl; then
    check_rendering
    document PrometheusRule azure-blob-eventsource <"$dir/with.yaml" | rules_of >"$dir/rules.yaml"
    echo "ok   an overlay with the component renders"
else
    rules_of <"$component/prometheus-rule.yaml" >"$dir/rules.yaml"
    echo "not tried: the rendering, because kubectl is missing; the rules come from the file"
fi
check_metrics
echo "ok   $(wc -l <"$dir/existing") metrics: all named metrics exist, and the guide has them all"
check_dashboard
check_alerts
promtool check rules "$dir/rules.yaml"
cp "$component"/tests/*.yaml "$dir"
promtool test rules "$dir"/*-test.yaml
