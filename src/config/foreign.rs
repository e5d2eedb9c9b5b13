//! Words that people bring from other tools, and what they are called here.

use super::{
    meaning::{
        Meaning::{self, Key, None, Other},
        Words,
    },
    within::WITHIN,
};

const SECRET: &str = "a key is not part of the configuration: the operator puts the connection string into a file of the \
                      server's credentials directory (in the cluster, the Secret `azure-storage`), and the configuration \
                      names the file: `credential: azure-storage`";
const CREDENTIAL: &str = "a file in the server's credentials directory, not a Secret: each key of the Secret `azure-storage` is such a file";
const IDENTITY: &str = "without `credential` the server signs in with its own identity, which the pod of the server has: \
                        remove the key, and see docs/signing-in.md";
const GLOB: &str = "a glob over the whole name and not a regular expression, such as \"**/*.csv\"";
const ENDING: &str = "a glob over the whole name, such as \"**/*.csv\"";
const EXCLUDE: &str = "a glob that excludes begins with `!`, as in [\"**/*.csv\", \"!**/tmp/**\"]";
const TEXT: &str = "a text and not a glob, such as raw/";
const ACCOUNT: &str = "the name of the storage account, such as mlpipelinestore";
const WORK: &str = "what runs for an event is written in a Sensor and not here: see sensors/ml-pipeline/sensor.yaml";
const EVENT: &str = "this is a key of the EventSource; the configuration is only the text under `spec.generic.<event>.config`";
const NAMES: &str = "the name of the event is its key under `spec.generic` of the EventSource; to name the source itself, write `id`";
const API_VERSION: &str = "write its two parts: `batch/v1` is `group: batch` and `version: v1`";
const KIND: &str =
    "another kind than Workflows is written as `confirm: {group: batch, version: v1, kind: Job}`";
const LABELS: &str = "labels and their values, such as {pipeline: train}";
const FILTER: &str =
    "filters are keys of the top level: `prefix: raw/` and `pattern: \"**/*.csv\"`";

/// Each word in lower case and without `_` and `-`.
const WORDS: Words = &[
    (
        &[
            "pollintervalseconds",
            "pollingintervalseconds",
            "pollinginterval",
            "pollinterval",
            "polling",
            "poll",
            "scaninterval",
            "sweepinterval",
            "listinginterval",
            "checkinterval",
            "syncinterval",
            "refreshinterval",
            "intervalseconds",
            "intervalms",
            "scanintervalseconds",
            "pollseconds",
            "pollfrequency",
            "cron",
            "period",
            "frequency",
            "every",
            "schedule",
        ],
        Other("source.listing.interval", "a duration such as 30s or 5m"),
    ),
    (
        &[
            "storageaccount",
            "storageaccountname",
            "accountname",
            "storage",
        ],
        Other("account", ACCOUNT),
    ),
    (
        &[
            "url",
            "uri",
            "accounturl",
            "serviceurl",
            "blobendpoint",
            "bloburl",
            "host",
            "endpointurl",
            "server",
        ],
        Other(
            "endpoint",
            "the URL of the blob service, such as https://NAME.blob.core.windows.net",
        ),
    ),
    (
        &[
            "bucket",
            "bucketname",
            "containername",
            "blobcontainer",
            "share",
        ],
        Key("container"),
    ),
    (
        &[
            "secretname",
            "secret",
            "secretref",
            "credentialssecret",
            "credentialsecret",
            "credentials",
            "existingsecret",
        ],
        Other("credential", CREDENTIAL),
    ),
    (
        &[
            "accountkey",
            "storageaccountkey",
            "storagekey",
            "accesskey",
            "sharedkey",
            "key",
            "connectionstring",
            "azurestorageconnectionstring",
            "sas",
            "sastoken",
            "sasurl",
            "password",
            "token",
            "secretkey",
        ],
        None(SECRET),
    ),
    (
        &[
            "clientid",
            "tenantid",
            "tenant",
            "clientsecret",
            "identity",
            "managedidentity",
            "workloadidentity",
            "usemanagedidentity",
            "useworkloadidentity",
            "usesdkcreds",
            "auth",
        ],
        None(IDENTITY),
    ),
    (
        &[
            "path",
            "folder",
            "directory",
            "dir",
            "startswith",
            "pathprefix",
            "subjectbeginswith",
        ],
        Other("prefix", TEXT),
    ),
    (
        &["blobpattern", "regex", "regexp", "patternregex"],
        Other("pattern", GLOB),
    ),
    (
        &[
            "glob",
            "globs",
            "suffix",
            "extension",
            "extensions",
            "endswith",
            "subjectendswith",
            "include",
            "includes",
            "match",
            "matches",
            "files",
            "wildcard",
            "filename",
            "blobs",
        ],
        Other("pattern", ENDING),
    ),
    (
        &["exclude", "excludes", "ignore", "ignored"],
        Other("pattern", EXCLUDE),
    ),
    (&["filter", "filters"], None(FILTER)),
    (&["queuename", "storagequeuename"], Key("source.queue.name")),
    (
        &[
            "eventgrid",
            "notifications",
            "eventgridqueue",
            "subscription",
            "topic",
            "events",
            "storagequeue",
            "azurequeue",
        ],
        Other("source.queue.name", "the queue that Event Grid writes into"),
    ),
    (
        &["queueurl", "queueendpoint"],
        Other("source.queue.endpoint", "the URL of the queue service"),
    ),
    (
        &["maxdequeuecount", "maxreceivecount", "dequeuecount"],
        Key("source.queue.maxDeliveries"),
    ),
    (
        &[
            "startfrom",
            "startdate",
            "starttime",
            "startat",
            "after",
            "modifiedsince",
            "modifiedafter",
            "newerthan",
        ],
        Other(
            "existing.since",
            "a date and time with zone such as 2026-01-01T00:00:00Z",
        ),
    ),
    (
        &[
            "existingblobs",
            "processexisting",
            "includeexisting",
            "initial",
            "backfill",
        ],
        Other(
            "existing",
            "`skip`, `emit` or `{since: 2026-01-01T00:00:00Z}`",
        ),
    ),
    (
        &[
            "delay",
            "age",
            "minimumage",
            "stability",
            "stabilitywindow",
            "debounce",
        ],
        Other("minAge", "a duration such as 30s"),
    ),
    (
        &[
            "ignoreempty",
            "excludeempty",
            "skipemptyblobs",
            "minsize",
            "minbytes",
        ],
        Other("skipEmpty", "`true` or `false`"),
    ),
    (
        &[
            "statecontainer",
            "ledger",
            "checkpoint",
            "checkpoints",
            "checkpointcontainer",
            "offsets",
            "database",
            "store",
        ],
        Other(
            "state.container",
            "another container than the one that is watched",
        ),
    ),
    (
        &[
            "retries",
            "maxretries",
            "retry",
            "retrycount",
            "backofflimit",
        ],
        Key("redelivery.maxAttempts"),
    ),
    (
        &["timeout", "acktimeout", "ackdeadline", "visibilitytimeout"],
        Key("redelivery.deadline"),
    ),
    (
        &[
            "concurrency",
            "maxconcurrency",
            "maxconcurrent",
            "maxconcurrentworkflows",
            "maxworkflows",
            "maxparallel",
            "workers",
        ],
        Key("limits.activeWorkflows"),
    ),
    (&["batchsize", "maxbatchsize"], Key("batch.maxBlobs")),
    (
        &["groupby"],
        Other("batch.by", "`all`, `folder` or `{depth: 2}`"),
    ),
    (
        &[
            "workflow",
            "workflowtemplate",
            "workflowtemplateref",
            "jobtemplate",
            "template",
            "trigger",
            "triggers",
            "sensor",
            "job",
            "pipeline",
            "image",
            "command",
            "outputcontainer",
        ],
        None(WORK),
    ),
    (
        &[
            "generic",
            "config",
            "insecure",
            "jsonbody",
            "authsecret",
            "metadata",
            "spec",
            "apiversion",
        ],
        None(EVENT),
    ),
];

/// What a word means in a section, if it is known from elsewhere.
pub(super) fn meaning(key: &str, section: &str) -> Option<Meaning> {
    let word = plain(key);
    let word = word.as_str();
    if section.starts_with("confirm") {
        return in_confirm(word);
    }
    if word == "name" && section.is_empty() {
        return Some(None(NAMES));
    }
    let within = WITHIN.iter().find(|(path, _)| *path == section);
    let within = within.map(|(_, words)| *words).unwrap_or_default();
    let known = |(words, _): &&(&[&str], Meaning)| words.contains(&word);
    let mut meanings = within.iter().chain(WORDS);
    meanings.find(known).map(|(_, meaning)| *meaning)
}

/// There, words are those of Kubernetes.
fn in_confirm(word: &str) -> Option<Meaning> {
    match word {
        "apiversion" => Some(None(API_VERSION)),
        "job" | "jobs" | "pod" | "pods" | "cronworkflow" | "cronworkflows" => Some(None(KIND)),
        "labels" | "label" | "labelselector" | "matchlabels" => {
            Some(Other("confirm.selector", LABELS))
        }
        _ => Option::None,
    }
}

/// A word without what only its spelling says: `min_age`, `min-age` and `MinAge` are `minage`.
pub(super) fn plain(key: &str) -> String {
    let kept = key.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    kept.flat_map(char::to_lowercase).collect()
}
