#!/usr/bin/env bash
# Makes what azure-blob-eventsource needs in Azure and in a namespace of the cluster, or removes it again;
# `--help` has the options.
#
# With --overlay it also writes what is applied then, so that nobody has to edit a file of this repository.
#
# What is there stays as it is, so a second run changes nothing. What is made in Azure has a tag, and only what
# has it is removed. No key is an argument of a command, which others on the machine could see: keys go through
# the environment and through standard input.

set -euo pipefail
set +x # A trace would show the keys.

readonly CONTAINERS=(datasets models eventsource-state)
# The path of a container, below the account's.
readonly BELOW=blobServices/default/containers
# The ServiceAccounts that sign in to the account.
readonly SERVER=azure-blob-eventsource PIPELINE=ml-pipeline
readonly QUEUE=dataset-events
# Where the server puts messages that it cannot use.
readonly POISON=$QUEUE-poison
# A queue's message is a hint that a sweep makes up for, so one that nobody took in a day is of no use.
readonly MESSAGE_TTL=86400
# A server that was down for longer has to list the container once, for what it could not read any more.
readonly FEED_DAYS=30
readonly TAG=made-by
readonly MARK=azure-blob-eventsource
# The first line of a file of an overlay, by which a later run knows it.
readonly WRITTEN='# Written by scripts/azure-setup.sh for an installation; change what you want.'
repository=${BASH_SOURCE[0]}
[[ $repository == */* ]] || repository=./$repository
repository=$(cd "${repository%/*}/.." && pwd -P)
readonly repository
readonly SECRETS=(azure-storage ml-pipeline-storage azure-blob-eventsource-token)

group=ml-pipelines location=westeurope account='' namespace=ml-pipelines identity=azure-blob-eventsource
aks='' aks_group='' issuer='' overlay='' registry=''
server_client_id='' pipeline_client_id='' feed_is_new=false
workload_identity=false with_queue=false with_change_feed=false with_batches=false
dry_run=false delete=false delete_group=false yes=false

usage() {
    cat <<'END'
Creates the Azure resources for azure-blob-eventsource, and the Secrets in the cluster of kubectl's current context.

Usage: scripts/azure-setup.sh [OPTION...]

  --resource-group NAME      the resource group (ml-pipelines)
  --location NAME            where to make it (westeurope)
  --account NAME             the storage account (mlpipeline and 12 hex digits, the same in each run)
  --namespace NAME           the Kubernetes namespace (ml-pipelines)
  --with-queue               also a queue to which Event Grid sends an event for each new blob of `datasets`, and a
                             queue for poison messages: `source: {queue: {name: dataset-events}}`
  --with-change-feed         also the account's change feed, so that no container is listed again and again:
                             `source: {changeFeed: {}}`, and the queue beside it with --with-queue. The server's identity
                             may then read all blobs of the account. Not for an account with a hierarchical namespace
  --with-batches             also a Workflow for each batch of blobs, those of a folder below `folders/`: the pipeline's
                             identity may read the container in which the lists of a batch's blobs are

  --overlay DIR              write the manifests to apply into this folder, with all these names. The folder is new or
                             empty, or an earlier run has written it: its files stay. It needs --registry
  --registry NAME            where `make docker-push` has put the images: registry.example.com

  --workload-identity        managed identities instead of the account's keys; it needs one of the next two
  --aks NAME                 the AKS cluster, for its OIDC issuer
  --oidc-issuer URL          the OIDC issuer of another cluster
  --aks-resource-group NAME  the cluster's resource group (that of the account)
  --identity NAME            the server's managed identity (azure-blob-eventsource); the pipeline's is NAME-pipeline

  --dry-run                  print each command, and run none; needs neither a login nor a cluster
  --delete                   remove all that this script made, with all blobs
  --yes                      with --delete: do not ask
  --delete-resource-group    with --delete: also the group, with everything in it
  --help                     print this

A value may also follow after `=`, as in --account=NAME.
END
}

# --- what is said -------------------------------------------------------------------------------

# In a dry run our own words are comments, and what is printed is a script.
step() {
    if $dry_run; then printf '\n# %s\n' "$*"; else printf '==> %s\n' "$*"; fi
}

note() {
    if $dry_run; then printf '#     %s\n' "$*"; else printf '    %s\n' "$*"; fi
}

fail() {
    printf 'azure-setup: %s\n' "$*" >&2
    exit 1
}

refuse() {
    printf 'azure-setup: %s\n' "$*" >&2
    exit 2
}

# quoted WORD...: as it can be typed in.
quoted() {
    local word line=''
    for word; do
        if [[ $word =~ ^[A-Za-z0-9_./:=@,+-]+$ ]]; then
            line+=" $word"
        else
            line+=" '${word//\'/\'\\\'\'}'"
        fi
    done
    printf '%s\n' "${line:1}"
}

# --- what is run --------------------------------------------------------------------------------

# run COMMAND...
run() {
    if $dry_run; then quoted "$@"; else "$@" >/dev/null; fi
}

# ask PLACEHOLDER COMMAND...: leaves in `answer` what a command says, or a word in its place.
ask() {
    answer=$1
    shift
    if $dry_run; then quoted "$@"; else answer=$("$@"); fi
}

# feed MANIFEST COMMAND...: a command that reads a manifest.
feed() {
    local manifest=$1
    shift
    if $dry_run; then
        printf "%s <<'END'\n%s\nEND\n" "$(quoted "$@")" "$manifest"
    else
        printf '%s\n' "$manifest" | "$@" >/dev/null
    fi
}

# with_key COMMAND...: a storage command that finds the connection string in its environment.
with_key() {
    if $dry_run; then
        printf 'AZURE_STORAGE_CONNECTION_STRING=CONNECTION_STRING %s\n' "$(quoted "$@")"
    else
        AZURE_STORAGE_CONNECTION_STRING=$connection_string "$@" >/dev/null
    fi
}

# found SHOW...: whether something is there; its tag is in `answer`. In a dry run all of it is there to be
# removed, and nothing while it is made.
found() {
    local status=0
    set -- "$@" --query "tags.\"$TAG\"" --output tsv
    answer=$MARK
    if $dry_run; then
        quoted "$@"
        $delete
        return
    fi
    answer=$("$@" 2>/dev/null) || status=$?
    # This is how az says that there is no such thing.
    ((status != 3)) || return 1
    # Once more, for what it has to say.
    ((status == 0)) || "$@" >/dev/null || exit 1
}

# missing WHAT SHOW...: whether something is still to be made.
missing() {
    step "$1"
    shift
    if found "$@"; then
        note "exists already"
        return 1
    fi
}

# ours WHAT SHOW...: whether something is to be removed.
ours() {
    step "$1"
    shift
    if ! found "$@"; then
        note "does not exist"
    elif [[ $answer != "$MARK" ]]; then
        note "stays: it has no tag $TAG=$MARK, so it was not made here"
    else
        return 0
    fi
    return 1
}

# --- Azure --------------------------------------------------------------------------------------

register() {
    step "Resource provider $1"
    ask NotRegistered az provider show --namespace "$1" --query registrationState --output tsv
    if [[ $answer == Registered ]]; then
        note "is registered already"
    else
        run az provider register --namespace "$1" --wait
    fi
}

# grant PRINCIPAL ROLE [PATH]: on what is at a path below the account, or on the account. az takes one that is there for
# made.
grant() {
    local scope=$account_id${3:+/$3}
    step "Role $2 on ${scope##*/}"
    run az role assignment create --role "$2" --assignee-object-id "$1" \
        --assignee-principal-type ServicePrincipal --scope "$scope"
}

# revoke PRINCIPAL: all its roles, which would stay behind as roles of nobody.
revoke() {
    ask ROLE_ASSIGNMENT_ID az role assignment list --all --assignee "$1" --fill-principal-name false \
        --query '[].id' --output tsv
    local id
    for id in $answer; do
        run az role assignment delete --ids "$id"
    done
}

make_group() {
    if missing "Resource group $group" az group show --name "$group"; then
        run az group create --name "$group" --location "$location" --tags "$TAG=$MARK"
    fi
}

make_account() {
    local keys=true
    ! $workload_identity || keys=false
    register Microsoft.Storage
    if missing "Storage account $account" az storage account show --name "$account" --resource-group "$group"; then
        run az storage account create --name "$account" --resource-group "$group" --location "$location" \
            --kind StorageV2 --sku Standard_LRS --https-only true --min-tls-version TLS1_2 \
            --allow-blob-public-access false --allow-shared-key-access "$keys" --tags "$TAG=$MARK"
    fi
    # An account that others use may be there with any setting, and is not changed.
    ask "$keys" az storage account show --name "$account" --resource-group "$group" \
        --query allowSharedKeyAccess --output tsv
    if $workload_identity && [[ $answer != false ]]; then
        note "it still allows keys; when nobody uses them any more:"
        note "$(quoted az storage account update --name "$account" --resource-group "$group" --allow-shared-key-access false)"
    elif ! $workload_identity && [[ $answer == false ]]; then
        fail "the storage account $account does not allow keys: give --workload-identity, or another --account"
    fi
}

# Azure has no change feed for an account with a hierarchical namespace. Seen before anything is made that is of no use then.
look_for_hierarchy() {
    step "Whether $account can have a change feed"
    ask false az storage account show --name "$account" --resource-group "$group" --query isHnsEnabled --output tsv
    [[ $answer != true ]] \
        || fail "the storage account $account has a hierarchical namespace (Data Lake Storage), and Azure has no change feed there: leave out --with-change-feed, and give --with-queue if listing is too slow; or give another --account"
}

# It may be there with any retention, which others rely on.
make_feed() {
    local properties=(--account-name "$account" --resource-group "$group")
    step "Change feed of $account"
    ask false az storage account blob-service-properties show "${properties[@]}" --query changeFeed.enabled --output tsv
    if [[ $answer != true ]]; then
        run az storage account blob-service-properties update "${properties[@]}" \
            --enable-change-feed true --change-feed-retention-days "$FEED_DAYS"
        feed_is_new=true
        return
    fi
    ask '' az storage account blob-service-properties show "${properties[@]}" --query changeFeed.retentionInDays --output tsv
    if [[ -z $answer ]]; then
        note "is on already, and keeps everything"
    else
        note "is on already, and keeps what it tells for $answer days: a server that is down for longer lists the container once"
    fi
}

# An account's lifecycle rules delete blobs that have not been written to for long, and so, in time, what the server
# remembers. A rule that names the containers that it is for leaves the others alone.
look_for_rules() {
    local rule prefixes prefix list covered=() status=0
    local show=(az storage account management-policy show --account-name "$account" --resource-group "$group"
        --query "policy.rules[?enabled != \`false\`].[name, join(',', definition.filters.prefixMatch || [''])]" --output tsv)
    step "Lifecycle rules that would delete from eventsource-state"
    answer=''
    if $dry_run; then
        quoted "${show[@]}"
    else
        answer=$("${show[@]}" 2>/dev/null) || status=$?
        # This is how az says that there are no rules.
        ((status == 0 || status == 3)) || "${show[@]}" >/dev/null || exit 1
    fi
    while IFS=$'\t' read -r rule prefixes; do
        [[ -n $rule ]] || continue
        IFS=, read -r -a list <<<"${prefixes:-,}"
        for prefix in "${list[@]}"; do
            if [[ eventsource-state/ == "$prefix"* || $prefix == eventsource-state/* ]]; then
                covered+=("$rule")
                break
            fi
        done
    done <<<"$answer"
    ((${#covered[@]} > 0)) || note "there are none"
    for rule in ${covered[@]+"${covered[@]}"}; do
        note "the rule $rule: give it a prefixMatch that names other containers; otherwise it deletes the ledger of announced blobs"
    done
}

# The keys, for the rest of the run.
take_keys() {
    step "The account's key and connection string"
    ask CONNECTION_STRING az storage account show-connection-string --name "$account" --resource-group "$group" \
        --query connectionString --output tsv
    connection_string=$answer
    ask ACCOUNT_KEY az storage account keys list --account-name "$account" --resource-group "$group" \
        --query '[0].value' --output tsv
    account_key=$answer
}

# Who works without keys may have no role for data either, and goes by the management plane.
make_containers() {
    local name
    for name in "${CONTAINERS[@]}"; do
        step "Container $name"
        if $workload_identity; then
            run az storage container-rm create --name "$name" --storage-account "$account" --resource-group "$group"
        else
            with_key az storage container create --name "$name"
        fi
    done
}

make_queues() {
    local name
    for name in "$QUEUE" "$POISON"; do
        step "Queue $name"
        if $workload_identity; then
            run az rest --method put --url "$account_id/queueServices/default/queues/$name?api-version=2023-05-01" --body '{}'
        else
            with_key az storage queue create --name "$name"
        fi
    done
}

# The topic has the account's name: an account has one.
make_subscription() {
    local topic=(--system-topic-name "$account" --resource-group "$group")
    local identity_of_topic=() subject=/blobServices/default/containers/datasets/
    ! $workload_identity || identity_of_topic=(--identity systemassigned)
    register Microsoft.EventGrid
    if missing "Event Grid topic $account" az eventgrid system-topic show --name "$account" --resource-group "$group"; then
        run az eventgrid system-topic create --name "$account" --resource-group "$group" --location "$location" \
            --topic-type Microsoft.Storage.StorageAccounts --source "$account_id" \
            ${identity_of_topic[@]+"${identity_of_topic[@]}"} --tags "$TAG=$MARK"
    fi
    if $workload_identity; then
        subscribe_by_identity "$subject"
        return
    fi
    step "Event Grid subscription $QUEUE"
    run az eventgrid system-topic event-subscription create --name "$QUEUE" "${topic[@]}" \
        --endpoint-type storagequeue --endpoint "$account_id/queueServices/default/queues/$QUEUE" \
        --storage-queue-msg-ttl "$MESSAGE_TTL" --event-delivery-schema cloudeventschemav1_0 \
        --included-event-types Microsoft.Storage.BlobCreated --subject-begins-with "$subject"
}

# subscribe_by_identity SUBJECT: without keys Event Grid signs in to the queue as well, by the identity of its
# topic. az has no options for that with a topic of this kind.
subscribe_by_identity() {
    local id=/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.EventGrid/systemTopics/$account
    id+=/eventSubscriptions/$QUEUE
    ask TOPIC_PRINCIPAL_ID az eventgrid system-topic show --name "$account" --resource-group "$group" \
        --query identity.principalId --output tsv
    [[ -n $answer ]] || fail "the Event Grid topic $account was made without an identity: delete it, and run this again"
    grant "$answer" "Storage Queue Data Message Sender" "queueServices/default/queues/$QUEUE"
    step "Event Grid subscription $QUEUE"
    run az rest --method put --url "$id?api-version=2022-06-15" --body "{\"properties\": {
        \"deliveryWithResourceIdentity\": {\"identity\": {\"type\": \"SystemAssigned\"}, \"destination\": {
            \"endpointType\": \"StorageQueue\", \"properties\": {\"resourceId\": \"$account_id\",
            \"queueName\": \"$QUEUE\", \"queueMessageTimeToLiveInSeconds\": $MESSAGE_TTL}}},
        \"eventDeliverySchema\": \"CloudEventSchemaV1_0\",
        \"filter\": {\"includedEventTypes\": [\"Microsoft.Storage.BlobCreated\"], \"subjectBeginsWith\": \"$1\"}}}"
    run az resource wait --ids "$id" --api-version 2022-06-15 --created --interval 5 --timeout 300
}

# make_identity NAME SERVICEACCOUNT PLACEHOLDER: leaves its ids in `principal` and `client_id`.
make_identity() {
    if missing "Managed identity $1" az identity show --name "$1" --resource-group "$group"; then
        run az identity create --name "$1" --resource-group "$group" --location "$location" --tags "$TAG=$MARK"
    fi
    ask "$3_PRINCIPAL_ID" az identity show --name "$1" --resource-group "$group" --query principalId --output tsv
    principal=$answer
    ask "$3_CLIENT_ID" az identity show --name "$1" --resource-group "$group" --query clientId --output tsv
    client_id=$answer
    step "Federated credential of the ServiceAccount $namespace/$2"
    run az identity federated-credential create --name "$namespace-$2" --identity-name "$1" \
        --resource-group "$group" --issuer "$issuer" --audiences api://AzureADTokenExchange \
        --subject "system:serviceaccount:$namespace:$2"
}

# Two, as the pipeline reads files that anybody may have made: it must not write what the server remembers.
make_identities() {
    make_identity "$identity" "$SERVER" SERVER
    server_principal=$principal server_client_id=$client_id
    grant "$principal" "Storage Blob Data Reader" "$BELOW/datasets"
    grant "$principal" "Storage Blob Data Contributor" "$BELOW/eventsource-state"
    if $with_queue; then
        # Its length may be read by nobody with less.
        grant "$principal" "Storage Queue Data Contributor" "queueServices/default/queues/$QUEUE"
        grant "$principal" "Storage Queue Data Contributor" "queueServices/default/queues/$POISON"
    fi
    # The feed is a container of its own, which may not be there yet.
    ! $with_change_feed || grant "$principal" "Storage Blob Data Reader"
    make_identity "$identity-pipeline" "$PIPELINE" PIPELINE
    pipeline_client_id=$client_id
    grant "$principal" "Storage Blob Data Reader" "$BELOW/datasets"
    grant "$principal" "Storage Blob Data Contributor" "$BELOW/models"
    # The lists of a batch's blobs are there. It sees the names of all blobs of that container, and can change nothing.
    ! $with_batches || grant "$principal" "Storage Blob Data Reader" "$BELOW/eventsource-state"
}

# What the server's identity has of an earlier version of this script, in which it was the pipeline's as well. The
# pipeline needs it until the new overlay is applied, so it is not removed here. Leaves in `too_wide` a command a line.
find_too_wide() {
    local id named=(--name "$namespace-$PIPELINE" --identity-name "$identity" --resource-group "$group")
    too_wide=()
    step "Rights of $identity that only the pipeline needs"
    ask '' az role assignment list --assignee "$server_principal" --fill-principal-name false \
        --scope "$account_id/$BELOW/models" --query '[].id' --output tsv
    for id in $answer; do
        too_wide+=("$(quoted az role assignment delete --ids "$id")")
    done
    if found az identity federated-credential show "${named[@]}"; then
        too_wide+=("$(quoted az identity federated-credential delete "${named[@]}" --yes)")
    fi
    ((${#too_wide[@]} > 0)) || note "there are none"
}

find_issuer() {
    [[ -n $aks ]] || return 0
    local cluster=(--name "$aks" --resource-group "${aks_group:-$group}")
    step "OIDC issuer of the cluster $aks"
    ask https://OIDC_ISSUER az aks show "${cluster[@]}" --query oidcIssuerProfile.issuerUrl --output tsv
    issuer=$answer
    [[ $issuer == https://* ]] \
        || fail "the cluster $aks has no OIDC issuer: $(quoted az aks update "${cluster[@]}" --enable-oidc-issuer --enable-workload-identity)"
}

# --- the cluster --------------------------------------------------------------------------------

# absent WHAT KIND NAME: whether something is still to be made in the cluster.
absent() {
    step "$1"
    ask '' kubectl get "$2" "$3" "${@:4}" --ignore-not-found --output name
    if [[ -n $answer ]]; then
        note "exists already"
        return 1
    fi
}

make_namespace() {
    if absent "Namespace $namespace" namespace "$namespace"; then
        feed "apiVersion: v1
kind: Namespace
metadata:
  name: $namespace
  labels:
    pod-security.kubernetes.io/enforce: restricted" kubectl create --filename -
    fi
}

# secret NAME KEY VALUE: prints a Secret. In a dry run the value is a placeholder, and stays readable.
secret() {
    local value=BASE64_OF_$3
    $dry_run || value=$(printf %s "$3" | base64 | tr -d '\n')
    printf '%s\n' "apiVersion: v1" "kind: Secret" "metadata:" "  name: $1" "  namespace: $namespace" \
        "  labels: {app.kubernetes.io/part-of: azure-blob-eventsource}" "data:" "  $2: $value"
}

# apply_secret NAME KEY VALUE: by the server, as kubectl itself would write the value into an annotation too.
apply_secret() {
    step "Secret $1"
    feed "$(secret "$@")" kubectl apply --server-side --force-conflicts --filename -
}

# Whoever has the token would be shut out by another.
make_token() {
    local name=azure-blob-eventsource-token value=TOKEN
    if absent "Secret $name" secret "$name" --namespace "$namespace"; then
        $dry_run || value=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
        feed "$(secret "$name" token "$value")" kubectl create --filename -
    fi
}

# --- the overlay --------------------------------------------------------------------------------

# absolute FOLDER: its path without links; in a dry run it may be still to be made.
absolute() {
    local parent=.
    if [[ -d $1 ]]; then
        (cd -- "$1" && pwd -P)
    else
        [[ $1 != */* ]] || parent=${1%/*}
        parent=$(absolute "${parent:-/}")
        printf '%s/%s\n' "${parent%/}" "${1##*/}"
    fi
}

# way FROM TO: from one folder to another, with a slash at its end. kustomize takes no other paths.
way() {
    local from=$1/ to=$2/ up=''
    while [[ $to != "$from"* ]]; do
        from=${from%/*/}/
        up+=../
    done
    up+=${to#"$from"}
    printf '%s\n' "${up:-./}"
}

# An example with the names of this installation instead of its own.
write_overlay() {
    local source=$repository/examples/$example file text up
    step "Overlay $overlay"
    run mkdir -p "$overlay"
    up=$(way "$(absolute "$overlay")" "$repository")
    for file in kustomization event-source workflow-template; do
        text=$(<"$source/$file.yaml")
        # What an example says of itself at its beginning is of no use here.
        [[ $text != *$'\n'apiVersion:* ]] || text=apiVersion:${text#*$'\n'apiVersion:}
        text=${text//mlpipelinestore/$account}
        text=${text//registry.example.com/$registry}
        text=${text//00000000-0000-0000-0000-000000000000/$server_client_id}
        text=${text//11111111-1111-1111-1111-111111111111/$pipeline_client_id}
        text=${text//namespace: ml-pipelines/namespace: $namespace}
        text=${text//..\/..\//$up}
        ! $with_batches || text=${text//sensors\/ml-pipeline/sensors\/ml-batch}
        [[ $file != event-source ]] || text=$(watched "$text")
        write "$overlay/$file.yaml" "$WRITTEN"$'\n'"$text"
    done
}

# watched TEXT: the EventSource with the queue, the change feed and the batches that were asked for.
watched() {
    local text=$1 credential=$'\n        credential: azure-storage' source='        source:'
    ! $with_queue || source+="
          queue: {name: $QUEUE}"
    if $with_change_feed; then
        source+="
          changeFeed: {}    # complete, minutes to about an hour late"
    elif $with_queue; then
        source+="
          listing: {interval: 1h}    # finds what no notification told of"
    fi
    if $with_queue || $with_change_feed; then
        source+=$'\n        existing:'
        text=${text/        existing:/$source}
    fi
    if $with_batches; then
        ! $workload_identity || credential=''
        text+="
    # A folder becomes one Workflow, once nothing new came into it for five minutes: docs/batches.md.
    batches:
      url: azure-blob-eventsource:50051
      insecure: true
      jsonBody: true
      authSecret: {name: azure-blob-eventsource-token, key: token}
      config: |
        account: $account
        container: datasets
        prefix: folders/
        pattern: \"**/*.csv\"$credential
        existing: emit
        batch: {by: folder, quiet: 5m, maxWait: 6h, maxBytes: 10Gi}
        state: {container: eventsource-state}
        confirm: {workflows: {}}
        limits: {inFlight: 100, activeWorkflows: 20}"
    fi
    printf '%s\n' "$text"
}

# write FILE TEXT
write() {
    if $dry_run; then
        printf "cat >%s <<'END'\n%s\nEND\n" "$(quoted "$1")" "$2"
    elif [[ -e $1 ]]; then
        note "${1##*/} exists already, and stays as it is"
    else
        printf '%s\n' "$2" >"$1"
    fi
}

# --- the whole ----------------------------------------------------------------------------------

make() {
    ! $workload_identity || find_issuer
    make_group
    make_account
    if $with_change_feed; then
        look_for_hierarchy
        make_feed
    fi
    $workload_identity || take_keys
    make_containers
    look_for_rules
    if $with_queue; then
        make_queues
        make_subscription
    fi
    if $workload_identity; then
        make_identities
        find_too_wide
    fi
    make_namespace
    if ! $workload_identity; then
        apply_secret azure-storage azure-storage "$connection_string"
        apply_secret ml-pipeline-storage account-key "$account_key"
    fi
    make_token
    [[ -z $overlay ]] || write_overlay
    say_next
}

# say_own_role ROLE CONTAINER: how whoever runs this gets at the data without keys.
say_own_role() {
    local role=(az role assignment create --role "$1" --assignee-principal-type User)
    role+=(--scope "$account_id/$BELOW/$2")
    note "$(quoted "${role[@]}") --assignee-object-id \"\$(az ad signed-in-user show --query id --output tsv)\""
}

say_next() {
    local line mode=key
    ! $workload_identity || mode=login
    if $workload_identity; then
        step "Each ServiceAccount has the client id of its identity as an annotation"
        note "$SERVER: $server_client_id"
        note "$PIPELINE: $pipeline_client_id"
    fi
    step "Ready. Next:"
    if [[ -n $overlay ]]; then
        note "kubectl apply -k $(quoted "$overlay")"
    else
        say_how_to_apply
    fi
    if $workload_identity; then
        say_own_role 'Storage Blob Data Contributor' datasets
        say_own_role 'Storage Blob Data Reader' models
    fi
    note "az storage blob upload --auth-mode $mode --account-name $account --container-name datasets --name raw/machines.csv --file examples/data/machines.csv"
    note "kubectl get workflows -n $namespace -w"
    if $feed_is_new; then
        note "(the change feed was just switched on: it tells nothing for an hour or two, and blobs that only it finds wait until then)"
    fi
    if $workload_identity && ((${#too_wide[@]} > 0)); then
        step "$identity is the server's alone now, and still has rights of the pipeline. Take them away"
        note "when the overlay is applied and no earlier Workflow runs any more:"
        for line in "${too_wide[@]}"; do note "$line"; done
    elif ! $workload_identity; then
        note "(the account's key may do everything with the account; with --workload-identity no key is in the cluster)"
    fi
}

# Without an overlay: how to get one, or the values of the chart.
say_how_to_apply() {
    local word again=(scripts/azure-setup.sh) values=storage.account=$account
    for word in ${arguments[@]+"${arguments[@]}"}; do
        [[ $word == --dry-run ]] || again+=("$word")
    done
    values+=,image.repository=REGISTRY/azure-blob-eventsource,pipeline.image.repository=REGISTRY/ml-pipeline
    if $workload_identity; then
        values+=,workloadIdentity.enabled=true,workloadIdentity.serverClientId=$server_client_id
        values+=,workloadIdentity.pipelineClientId=$pipeline_client_id
    fi
    note "$(quoted "${again[@]}" --overlay overlays/azure --registry REGISTRY)   # the registry that has your images"
    note "kubectl apply -k overlays/azure"
    note "or, with Helm: $(quoted helm install blobs charts/azure-blob-eventsource --namespace "$namespace" --set "$values")"
}

confirm() {
    local typed=''
    if $yes || $dry_run; then return; fi
    printf 'This removes the storage account %s with all blobs in it, from the resource group %s,\n' "$account" "$group"
    printf 'and the Secrets from the namespace %s of the cluster %s. Type yes to continue: ' "$namespace" "$context"
    read -r typed || true
    [[ $typed == yes ]] || fail "nothing was removed"
}

remove_subscription() {
    local topic=(--resource-group "$group")
    if ours "Event Grid topic $account" az eventgrid system-topic show --name "$account" "${topic[@]}"; then
        ask TOPIC_PRINCIPAL_ID az eventgrid system-topic show --name "$account" "${topic[@]}" \
            --query identity.principalId --output tsv
        [[ -z $answer ]] || revoke "$answer"
        if found az eventgrid system-topic event-subscription show --name "$QUEUE" --system-topic-name "$account" "${topic[@]}"; then
            run az eventgrid system-topic event-subscription delete --name "$QUEUE" --system-topic-name "$account" "${topic[@]}" --yes
        fi
        run az eventgrid system-topic delete --name "$account" "${topic[@]}" --yes
    fi
}

# remove_identity NAME: its federated credentials go with it.
remove_identity() {
    if ours "Managed identity $1" az identity show --name "$1" --resource-group "$group"; then
        ask PRINCIPAL_ID az identity show --name "$1" --resource-group "$group" --query principalId --output tsv
        revoke "$answer"
        run az identity delete --name "$1" --resource-group "$group"
    fi
}

remove_group() {
    if $delete_group; then
        step "Resource group $group"
        if found az group show --name "$group"; then run az group delete --name "$group" --yes; fi
    elif ours "Resource group $group" az group show --name "$group"; then
        ask 0 az resource list --resource-group "$group" --query 'length(@)' --output tsv
        if [[ $answer == 0 ]]; then
            run az group delete --name "$group" --yes
        else
            note "stays: there are $answer other resources in it"
        fi
    fi
}

# The Secrets come last: the cluster may be gone, and what is paid for is in Azure.
remove() {
    confirm
    remove_subscription
    remove_identity "$identity"
    remove_identity "$identity-pipeline"
    if ours "Storage account $account" az storage account show --name "$account" --resource-group "$group"; then
        run az storage account delete --name "$account" --resource-group "$group" --yes
    fi
    remove_group
    step "Secrets in the namespace $namespace"
    run kubectl delete secret "${SECRETS[@]}" --namespace "$namespace" --ignore-not-found
    step "Removed, as far as it was there; a namespace $namespace that is still there stays."
}

# --- what is asked for --------------------------------------------------------------------------

# value OPTION [VALUE]
value() {
    [[ -n ${2-} && $2 != --* ]] || refuse "$1 needs a value"
}

read_options() {
    local attached
    while (($# > 0)); do
        attached=false
        if [[ $1 == --*=* ]]; then
            attached=true
            set -- "${1%%=*}" "${1#*=}" "${@:2}"
        fi
        case $1 in
            --workload-identity | --with-queue | --with-change-feed | --with-batches | --dry-run | --delete | --delete-resource-group | --yes | --help | -h)
                ! $attached || refuse "$1 takes no value, and has '$2': write only $1"
                case $1 in
                    --workload-identity) workload_identity=true ;;
                    --with-queue) with_queue=true ;;
                    --with-change-feed) with_change_feed=true ;;
                    --with-batches) with_batches=true ;;
                    --dry-run) dry_run=true ;;
                    --delete) delete=true ;;
                    --delete-resource-group) delete_group=true ;;
                    --yes) yes=true ;;
                    --help | -h)
                        usage
                        exit
                        ;;
                esac
                ;;
            --resource-group | --location | --account | --namespace | --identity | --aks | --aks-resource-group | --oidc-issuer | --overlay | --registry)
                value "${@:1:2}"
                case $1 in
                    --resource-group) group=$2 ;;
                    --location) location=$2 ;;
                    --account) account=$2 ;;
                    --namespace) namespace=$2 ;;
                    --identity) identity=$2 ;;
                    --aks) aks=$2 ;;
                    --aks-resource-group) aks_group=$2 ;;
                    --oidc-issuer) issuer=$2 ;;
                    --overlay)
                        overlay=$2
                        [[ $2 == / ]] || overlay=${2%/}
                        ;;
                    --registry) registry=$2 ;;
                esac
                shift
                ;;
            *) refuse "there is no option $1: see --help" ;;
        esac
        shift
    done
}

# valid OPTION VALUE PATTERN WHAT
valid() {
    [[ $2 =~ ^$3$ ]] || refuse "$1 is '$2', and should be $4"
}

check_options() {
    valid --resource-group "$group" '[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]' \
        "at most 90 letters, digits and _ ( ) . -, with no dot at the end"
    valid --location "$location" '[a-z0-9]+' "a region's short name, such as westeurope"
    valid --account "$account" '([a-z0-9]{3,24})?' "3 to 24 lower case letters and digits"
    valid --namespace "$namespace" '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' "at most 63 lower case letters, digits and -"
    valid --identity "$identity" '[A-Za-z0-9][A-Za-z0-9_-]{2,118}' "3 to 119 letters, digits, _ and -"
    valid --oidc-issuer "$issuer" '(https://.+)?' "a URL with https"
    valid --overlay "$overlay" '([A-Za-z0-9_./][A-Za-z0-9_./-]*)?' "a folder whose name has letters, digits and _ . / -, with no - in front"
    valid --registry "$registry" '([a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*)?' "a registry, and a folder in it if you have one: registry.example.com/team"
    [[ -z $overlay$registry || ( -n $overlay && -n $registry ) ]] || refuse "give --overlay and --registry together"
    if $workload_identity && ! $delete; then
        [[ -n $aks || -n $issuer ]] || refuse "--workload-identity needs --aks or --oidc-issuer"
        [[ -z $aks || -z $issuer ]] || refuse "give one of --aks and --oidc-issuer"
    elif ! $workload_identity; then
        [[ -z $aks$aks_group$issuer ]] || refuse "--aks, --aks-resource-group and --oidc-issuer go with --workload-identity"
    fi
    if $delete; then
        [[ -z $overlay ]] || refuse "--overlay is written when something is made, not with --delete"
        $yes || $dry_run || [[ -t 0 ]] || refuse "--delete asks first, and there is no terminal to ask on: give --yes"
    else
        ! $yes || refuse "--yes goes with --delete"
        ! $delete_group || refuse "--delete-resource-group goes with --delete"
    fi
    [[ -z $overlay ]] || check_overlay
}

# written FILE: whether it is from an earlier run. An empty file is not.
written() {
    local line=''
    [[ -f $1 && -r $1 ]] && read -r line <"$1"
    [[ $line == "$WRITTEN" ]]
}

# The folder is ours, or nothing is in it: otherwise the overlay would come among files of somebody else, and `kubectl apply -k`
# would apply theirs.
check_overlay() {
    local above=$overlay file
    local give="give a folder that is new or empty, or one that an earlier run has written"
    while [[ ! -e $above && ! -L $above && $above == */* ]]; do
        above=${above%/*}
        # What is left of an absolute path in the end.
        above=${above:-/}
    done
    if [[ ( -e $above || -L $above ) && ! -d $above ]]; then
        [[ $above != "$overlay" ]] || refuse "--overlay is '$overlay', which is a file: $give"
        refuse "--overlay is '$overlay', and $above is a file: $give"
    fi
    [[ -d $overlay ]] || return 0
    [[ -r $overlay && -w $overlay && -x $overlay ]] || refuse "--overlay is '$overlay', a folder that you may not write to: $give"
    # Beside a kustomization of ours people keep what they want.
    ! written "$overlay/kustomization.yaml" || return 0
    [[ ! -e $overlay/kustomization.yaml ]] \
        || refuse "--overlay is '$overlay', which has a kustomization.yaml that this script did not write: $give"
    for file in "$overlay"/* "$overlay"/.[!.]* "$overlay"/..?*; do
        [[ -e $file || -L $file ]] || continue
        written "$file" || refuse "--overlay is '$overlay', which has ${file##*/}, and this script did not write that: $give"
    done
}

# Who and where we are. Each check says what to do.
look_around() {
    if ! $dry_run; then
        command -v az >/dev/null || fail "there is no az on the PATH: https://learn.microsoft.com/cli/azure/install-azure-cli"
        command -v kubectl >/dev/null || fail "there is no kubectl on the PATH: https://kubernetes.io/docs/tasks/tools"
        az account show --output none 2>/dev/null || fail "az is not logged in: run \`az login\`, and \`az account set --subscription …\`"
        kubectl config current-context >/dev/null 2>&1 || fail "kubectl has no current context: run \`az aks get-credentials …\`, or \`kubectl config use-context …\`"
    fi
    step "Subscription and cluster"
    ask SUBSCRIPTION_ID az account show --query id --output tsv
    subscription=$answer
    ask CONTEXT kubectl config current-context
    context=$answer
    if $dry_run; then
        note "words in capitals, such as ACCOUNT and SUBSCRIPTION_ID, stand for values that are known only when it runs"
        account=${account:-ACCOUNT}
    else
        note "subscription $subscription, cluster $context"
    fi
    # The same in each run, and another's only by a rare chance: the names of accounts are the world's.
    if [[ -z $account ]]; then
        account=$(printf '%s/%s' "$subscription" "$group" | { sha256sum 2>/dev/null || shasum -a 256; })
        account=mlpipeline${account:0:12}
    fi
    account_id=/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Storage/storageAccounts/$account
}

arguments=("$@")
read_options "$@"
check_options
example=azure-keys
! $workload_identity || example=azure-workload-identity
# Warnings of az are about itself; and a login to another account must not stand in the way of ours.
export AZURE_CORE_ONLY_SHOW_ERRORS=true
unset AZURE_STORAGE_ACCOUNT AZURE_STORAGE_KEY AZURE_STORAGE_SAS_TOKEN AZURE_STORAGE_AUTH_MODE AZURE_STORAGE_CONNECTION_STRING
look_around
if $delete; then remove; else make; fi
