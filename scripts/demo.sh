#!/usr/bin/env bash
# Shows the promise on this machine: one event for each new file, also when the server is killed, and
# a model and a report for what an event announced.
#
# It runs a real Azurite, the server and a client on free ports of loopback, and keeps everything in a
# directory of its own under TMPDIR. However it ends, it leaves nothing behind but the model and the
# report, in target/demo.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# How many seconds a step may take on a busy machine, and how many an installation may.
readonly PATIENCE=60
readonly INSTALLATION=600

# What stays when the demo is over.
readonly results=target/demo

# Ours by name, and not made by mktemp: it is known to the cleanup before it exists.
readonly dir=${TMPDIR:-/tmp}/azure-blob-eventsource-demo.$$.$RANDOM
azurite_pid='' server_pid='' client_pid=''

# --- what is said -------------------------------------------------------------------------------

bold='' dim='' red='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
    bold=$'\e[1;36m' dim=$'\e[2m' red=$'\e[1;31m' plain=$'\e[0m'
fi

step() {
    printf '\n%s==> %s%s\n' "$bold" "$*" "$plain"
}

note() {
    printf '    %s\n' "$*"
}

# Passes on what is read, set apart from our own words, and without what would move the cursor.
quote() {
    sed "s/[[:cntrl:]]/?/g; s/^/    $dim| /; s/\$/$plain/"
}

fail() {
    printf '\n%sThe demo failed: %s%s\n' "$red" "$*" "$plain" >&2
    local log
    for log in server client; do
        if [[ -s $dir/$log.log ]]; then
            printf '\nThe last lines of the %s:\n' "$log" >&2
            tail -n 15 "$dir/$log.log" | quote >&2
        fi
    done
    exit 1
}

# --- processes ----------------------------------------------------------------------------------

# start COMMAND...: runs in the background, in a process group of its own, which `cleanup` ends as
# a whole. Redirect its output; its pid is $! afterwards.
start() {
    set -m
    "$@" 3>&- &
    set +m
}

# gone GROUP TENTHS: whether a process group is gone, at the latest after so many tenths of a second.
gone() {
    local round
    for ((round = 0; round < $2; round++)); do
        kill -0 -- "-$1" 2>/dev/null || return 0
        sleep 0.1
    done
    return 1
}

# ended GROUP: waits for a process group that was told to end, and in the end makes it.
ended() {
    gone "$1" 50 && return 0
    kill -KILL -- "-$1" 2>/dev/null
    gone "$1" 10
}

cleanup() {
    trap '' INT TERM HUP
    set +e # whatever fails here, the rest is to be done
    local group groups serving='' signal
    # From the shell itself: a signal may have come before a pid was noted.
    groups=$(jobs -p)
    # Azurite ends last, with its input, and takes its Node along. One that is still being installed
    # is killed: npm takes its time over any other signal, and starts from the beginning the next time anyway.
    ! line "$dir/azurite.out" || serving=$azurite_pid
    for group in $groups; do
        signal=TERM
        [[ $group != "$azurite_pid" ]] || signal=KILL
        [[ $group == "$serving" ]] || kill "-$signal" -- "-$group" 2>/dev/null
    done
    for group in $groups; do
        [[ $group == "$serving" ]] || ended "$group"
    done
    exec 3>&-
    [[ -z $serving ]] || ended "$serving"
    wait 2>/dev/null
    rm -rf "$dir"
}

trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# alive: all that should run does.
alive() {
    local pid
    for pid in $azurite_pid $server_pid $client_pid; do
        kill -0 "$pid" 2>/dev/null || return 1
    done
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        alive || fail "a process ended while waiting for $what"
        ((SECONDS < end)) || fail "waited too long for $what"
        sleep 0.1
    done
}

# --- what is asked ------------------------------------------------------------------------------

# line FILE: whether a file has a whole line.
line() {
    [[ -s $1 ]] && (($(wc -l <"$1") > 0))
}

# listening: takes the server's addresses from its log.
listening() {
    addresses=$(sed -n 's/.*"grpc":"\([^"]*\)".*"admin":"\([^"]*\)".*/\1 \2/p' "$dir/server.log")
    [[ -n $addresses ]] || addresses=$(sed -n 's/.*"admin":"\([^"]*\)".*"grpc":"\([^"]*\)".*/\2 \1/p' "$dir/server.log")
    [[ -n $addresses ]] && read -r grpc admin <<<"$addresses"
}

# status KEY: a number of our source from the server's status page; 0 before there is a source.
status() {
    node -e '
        fetch(process.argv[1], {headers: {accept: "application/json"}})
            .then((answer) => answer.json())
            .then((status) => console.log(status.sources[0]?.[process.argv[2]] ?? 0))
            .catch(() => console.log(0))
    ' "http://$admin/" "$1"
}

# at_least KEY N: whether that number has come to N.
at_least() {
    (($(status "$1") >= $2))
}

events() {
    wc -l <"$dir/events" | tr -d ' '
}

has_events() {
    (($(events) >= $1))
}

# show_event N [KEY...]: the event in line N for people, all of it or some keys. All of it stays in the
# file `event`.
show_event() {
    sed -n "$1p" "$dir/events" >"$dir/event"
    shift
    node -e '
        const event = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const keys = process.argv.slice(1);
        console.log(JSON.stringify(event, keys.length ? keys : null, 2));
    ' -- "$@" <"$dir/event" | quote
}

# field PATH [FILE]: what stands at a path such as data.url in the last event that was shown, or in
# another JSON file.
field() {
    node -p 'process.argv[1].split(".").reduce((value, key) => value[key], JSON.parse(fs.readFileSync(0, "utf8")))' \
        "$1" <"${2-$dir/event}"
}

# --- the parts ----------------------------------------------------------------------------------

# build: builds what is run, as the Makefile has it in BUILD, and takes the paths from what cargo says.
build() {
    local built name path
    built=$($BUILD --message-format json-render-diagnostics | node -e '
        for (const line of require("fs").readFileSync(0, "utf8").split("\n")) {
            const {executable, target} = line ? JSON.parse(line) : {};
            if (executable) console.log(target.name, executable);
        }')
    while read -r name path; do
        case $name in
            azure-blob-eventsource) eventsource=$path ;;
            azurite) azurite=$path ;;
            blob) blob=$path ;;
            ml-pipeline) pipeline=$path ;;
        esac
    done <<<"$built"
}

start_azurite() {
    # It ends when its input does, which is when this script ends in whatever way. Opened for both
    # ways, the pipe keeps nobody waiting.
    mkfifo "$dir/azurite.in"
    exec 3<>"$dir/azurite.in"
    start "$azurite" --port 0 <"$dir/azurite.in" >"$dir/azurite.out"
    azurite_pid=$!
    wait_for "$INSTALLATION" "Azurite" line "$dir/azurite.out"
    mkdir "$dir/credentials"
    cp "$dir/azurite.out" "$dir/credentials/azurite"
    connection_string=$(<"$dir/azurite.out")
}

# start_server ADDRESS: a port of 0 is a free one.
start_server() {
    : >"$dir/server.log"
    start "$eventsource" serve --listen "$1" --admin-listen 127.0.0.1:0 --log-format json \
        --credentials-dir "$dir/credentials" </dev/null >"$dir/server.log" 2>&1
    server_pid=$!
    wait_for "$PATIENCE" "the server" listening
}

kill_server() {
    kill -KILL "$server_pid"
    # The shell says "Killed" of it, which is no news.
    { wait "$server_pid" || true; } 2>/dev/null
    server_pid=''
}

start_client() {
    : >"$dir/events"
    start "$eventsource" watch --connect "http://$grpc" --config examples/source.yaml --name demo \
        --take-over --output json </dev/null >"$dir/events" 2>"$dir/client.log"
    client_pid=$!
}

# in_storage COMMAND...: does something with blobs.
in_storage() {
    "$blob" --connection-string "$connection_string" "$@"
}

upload() {
    in_storage put datasets "$1" "examples/data/$1"
    note "datasets/$1 ($(wc -l <"examples/data/$1" | tr -d ' ') lines)"
}

# train: what the Workflow does on a cluster, for the event that was shown last: the dataset is fetched,
# the pipeline run on it, and model and report uploaded.
train() {
    local name file
    name=$(field blobname)
    in_storage get "$(field container)" "$name" "$dir/$name"
    rm -rf "$results"
    "$pipeline" run "$dir/$name" --out "$results" --source-url "$(field data.url)" \
        --source-etag "$(field data.eTag)" --source-last-modified "$(field time)" >"$dir/table" 2>"$dir/steps" \
        || fail "the pipeline says: $(tail -n 1 "$dir/steps")"
    quote <"$dir/steps"
    head -n -6 "$dir/table" | quote
    folder=$(field slug)-$(field shortid)
    for file in model.onnx model-quantized.onnx metrics.json report.html signature.json predict.py; do
        in_storage put models "$folder/$file" "$results/$file"
    done
}

# --- the story ----------------------------------------------------------------------------------

mkdir -m 700 "$dir"

step "Building the server and the pipeline"
build

step "Starting Azurite, with the containers datasets, eventsource-state and models"
start_azurite
for container in datasets eventsource-state models; do
    in_storage create "$container"
done

step "Starting the server, and a client instead of Argo Events"
start_server 127.0.0.1:0
start_client
wait_for "$PATIENCE" "the first sweep" at_least sweeps 1
note "gRPC on $grpc, status page on http://$admin/"

step "Uploading the first file"
upload planets.csv
wait_for "$PATIENCE" "the first event" has_events 1

step "The event that the client got"
show_event 1
[[ $(field blobname) == planets.csv ]] || fail "the first event is of $(field blobname)"
wait_for "$PATIENCE" "the first event to be recorded" at_least "done" 1
note "recorded as done in the container eventsource-state"

step "Killing the server with SIGKILL, and starting it again"
kill_server
start_server "$grpc"
wait_for "$PATIENCE" "the client to come back" at_least sweeps 1
quote <"$dir/client.log"
[[ $(events) == 1 ]] || fail "planets.csv was announced again"
note "the client is back, the container was swept, and planets.csv is not announced again"

step "Uploading the second file"
upload machines.csv
wait_for "$PATIENCE" "the second event" has_events 2

step "The event that the client got"
show_event 2 id time blobname data contentLength eTag
[[ $(field blobname) == machines.csv ]] || fail "the event after the restart is of $(field blobname)"
wait_for "$PATIENCE" "the second event to be recorded" at_least "done" 1
sweeps=$(status sweeps)
wait_for "$PATIENCE" "two more looks at the container" at_least sweeps "$((sweeps + 2))"
[[ $(events) == 2 ]] || fail "$(events) events came instead of 2"

step "Running the pipeline on what was announced, and uploading model and report"
train

step "Shown"
note "Two files were uploaded and two events came, one for each, though the server was killed between them."
note "After the restart only machines.csv was announced: what is done is remembered in the storage account."
judged='on the test rows'
[[ $(field score.by "$results/metrics.json") == test ]] || judged='in cross-validation'
note "The pipeline made a model from it, with a $(field score.name "$results/metrics.json") of $(printf '%.4f' "$(field score.value "$results/metrics.json")") $judged. In the container models:"
in_storage list models | sed 's/^/        /'
note "The report is here too, for any browser: $results/report.html"
