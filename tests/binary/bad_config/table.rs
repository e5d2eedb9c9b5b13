//! Every kind of mistake, and the sentence that answers it.

const WHERE: &str = "account: mlpipelinestore\ncontainer: datasets\n";

/// Configurations and what is said of them.
pub(super) fn table() -> Vec<(String, String)> {
    let with = |line: &str| format!("{WHERE}{line}\n");
    let container = |name: &str| format!("account: mlpipelinestore\ncontainer: {name}\n");
    let names = |found: &str, cure: &str| {
        format!(
            "container: found `{found}`; allowed are 3 to 63 lower-case letters, digits and single \
             hyphens, a letter or digit first and last (or `$root`, `$web`, `$logs`){cure}"
        )
    };
    let file = |found: &str| {
        format!(
            "credential: found `{found}`; allowed is the name of a file in the server's credentials \
             directory: 1 to 253 bytes, no `/`, `\\`, `..` or control character, no leading dot"
        )
    };
    let said = |text: &str| text.to_owned();
    let keys = "write keys such as `account: …` and `container: …`";
    vec![
        // No configuration at all.
        (said(""), format!("the configuration is empty; {keys}")),
        (
            said("# container: a"),
            format!("the configuration is empty; {keys}"),
        ),
        (
            said("hello"),
            format!("the configuration is the text `hello`; {keys}"),
        ),
        (said("- a"), format!("the configuration is a list; {keys}")),
        // Not YAML.
        (
            said("account: a: b"),
            said(
                "line 1: has a second `: ` in one value; put the value in quotes, or write each key on a line of its own",
            ),
        ),
        (
            said("container: 'abc\n"),
            said("line 1, column 12: not YAML: unclosed quote"),
        ),
        (
            said("source:\n\tlisting: {}\n"),
            said("line 2: is indented with a tab; YAML allows only spaces"),
        ),
        (
            with("pattern: **/*.csv"),
            said("line 3: put text that starts with `*` in quotes, such as \"**/*.csv\""),
        ),
        // Keys.
        (
            with("intervall: 5s"),
            said(
                "unknown key `intervall`; did you mean `interval` under `source.listing`? \
                 Write `source: {listing: {interval: …}}`",
            ),
        ),
        (
            with("colour: red"),
            said(
                "unknown key `colour`; allowed: `account`, `endpoint`, `container`, `prefix`, \
                 `pattern`, `credential`, `source`, `existing`, `minAge`, `skipEmpty`, `version`, `state`, `confirm`, `batch`, `redelivery`, \
                 `limits` and `id`",
            ),
        ),
        (
            with("source: {listing: {intervall: 5s}}"),
            said("source.listing: unknown key `intervall`; did you mean `interval`?"),
        ),
        (
            with("blobPrefix: raw/"),
            said("unknown key `blobPrefix`; did you mean `prefix`?"),
        ),
        (
            with("interval: 30s"),
            said(
                "unknown key `interval`; it goes under `source.listing`: `source: {listing: {interval: …}}`",
            ),
        ),
        (
            with("pollingInterval: 30"),
            said(
                "unknown key `pollingInterval`; write `source: {listing: {interval: …}}`, a duration such as 30s or 5m",
            ),
        ),
        (
            with("accountKey: c2VjcmV0"),
            said(
                "unknown key `accountKey`; a key is not part of the configuration: the operator puts the connection string into \
                 a file of the server's credentials directory (in the cluster, the Secret `azure-storage`), and the configuration \
                 names the file: `credential: azure-storage`",
            ),
        ),
        (
            with("containers: [a, b]"),
            said(
                "unknown key `containers`; a source watches one container of one account; for more, write an event for each under \
                 `spec.generic` of the EventSource, with `container: NAME` in its configuration",
            ),
        ),
        (
            said(
                "apiVersion: mlops.example.com/v1alpha1\nkind: AzureBlobWatcher\nmetadata: {name: a}\nspec: {containerName: a}\n",
            ),
            said(
                "this is an AzureBlobWatcher of the old operator; `azure-blob-eventsource migrate FILE` makes an EventSource, a \
                 Sensor and the configuration from it",
            ),
        ),
        (
            said(
                "apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nspec: {generic: {datasets: {config: 'container: a'}}}\n",
            ),
            said(
                "this is a whole EventSource; give only the text under `spec.generic.datasets.config`",
            ),
        ),
        (
            with("resourceGroup: ml"),
            said(
                "unknown key `resourceGroup`; a source needs only the name of the storage account: remove the key",
            ),
        ),
        (
            with("credential: {secretKeyRef: {name: azure, key: a}}"),
            said(
                "credential: found a mapping; allowed is the name of a file in the server's credentials directory, such as \
                 `credential: azure-storage`: each key of the Secret `azure-storage` is such a file",
            ),
        ),
        (
            with("existing: {since: 2h}"),
            said(
                "existing.since: found `2h`, which is a time before now and would move with each restart; write a date such as \
                 2026-01-01, or a date and time with zone such as 2026-01-01T00:00:00Z",
            ),
        ),
        (
            with("source: {changeFeed: {container: datasets}}"),
            said(
                "source.changeFeed: unknown key `container`; it goes at the top level or under `state`: `container: …`",
            ),
        ),
        (
            with("redelivery: {deadline: 60s}"),
            said(
                "redelivery: has no effect without `confirm`, which says what confirms an event; add `confirm: {workflows: {}}` or remove the key",
            ),
        ),
        (
            with("limits: {activeWorkflows: 20}"),
            said(
                "limits.activeWorkflows: needs Workflows that confirm; add `confirm: {workflows: {}}` or remove the key",
            ),
        ),
        (
            with("confirm: {group: batch, version: v1, kind: job}"),
            said(
                "confirm.kind: found `job`; allowed is the name of a kind as manifests have it, such as Job or Workflow",
            ),
        ),
        (
            with("confirm: {version: v1, kind: Job}"),
            said(
                "confirm: `Job` is in the group `batch`; write `{group: batch, version: v1, kind: Job}`",
            ),
        ),
        (
            with("confirm: {workflows: }"),
            said(
                "confirm.workflows: is empty; write `workflows: {}`, or remove the key to do without it",
            ),
        ),
        (
            with("state: {container: eventsource-state}\nbatch: {size: 100}"),
            said("batch: unknown key `size`; write `maxBlobs`, a number of blobs"),
        ),
        (
            with("prefix: {{ .Values.prefix }}"),
            said("prefix: found a template (`{{ … }}`) that was not rendered; allowed is a text"),
        ),
        (
            with("prefix:raw/"),
            said("line 3: write a space after the colon: `prefix: …`"),
        ),
        // Values of the wrong type.
        (
            container("12345"),
            said("container: found the number 12345; put it in quotes"),
        ),
        (
            with("limits: {inFlight: many}"),
            said(
                "limits.inFlight: found the text `many`; allowed is a whole number from 1 to 100000",
            ),
        ),
        (
            with("minAge: 30"),
            said("minAge: found the number 30; write a unit, such as 30s"),
        ),
        (
            with("skipEmpty: yes"),
            said("skipEmpty: found the text `yes`; allowed: `true` or `false`"),
        ),
        (
            with("state: eventsource-state"),
            said(
                "state: found the text `eventsource-state`; allowed is a mapping with `container`, such as \
                 `state: {container: eventsource-state}`",
            ),
        ),
        (
            with("confirm: true"),
            said(
                "confirm: found the boolean true; allowed is a mapping with `workflows`, `group`, `version`, `kind`, `namespace` \
                 and `selector`, such as `confirm: {workflows: {}}`",
            ),
        ),
        (
            with("existing: all"),
            said(
                "existing: found the text `all`; allowed: `skip`, `emit` or \
                 `{since: 2026-01-01T00:00:00Z}`",
            ),
        ),
        // Names.
        (
            container("."),
            said("container: found `.`; that is a path, give a container's name"),
        ),
        (
            container("..."),
            said("container: found `...`; that is a path, give a container's name"),
        ),
        (container("Data"), names("Data", ": write `data`")),
        (container("ab"), names("ab", "")),
        (container("a--b"), names("a--b", "")),
        (
            container("raw/x"),
            said("container: found `raw/x`; write `container: raw` and `prefix: x/`"),
        ),
        (
            container("https://mlpipelinestore.blob.core.windows.net/raw"),
            said(
                "container: found `https://mlpipelinestore.blob.core.window…`; write `account: mlpipelinestore` and \
                 `container: raw`",
            ),
        ),
        (with("credential: ../token"), file("../token")),
        (with("credential: a/b"), file("a/b")),
        (with("credential: a..b"), file("a..b")),
        (
            with("credential: 'AccountName=a;AccountKey=c2VjcmV0'"),
            said(
                "credential: is a secret itself (not shown); allowed is the name of a file in the \
                 server's credentials directory",
            ),
        ),
        (
            with("endpoint: https://mlpipelinestore.blob.core.windows.net"),
            said("give `account` or `endpoint`, not both"),
        ),
        (
            said("account: https://mlpipelinestore.blob.core.windows.net\ncontainer: datasets\n"),
            said(
                "account: found `https://mlpipelinestore.blob.core.window…`; write `account: mlpipelinestore`",
            ),
        ),
        (
            said("endpoint: mlpipelinestore.blob.core.windows.net\ncontainer: datasets\n"),
            said(
                "endpoint: found `mlpipelinestore.blob.core.windows.net`; write \
                 `https://mlpipelinestore.blob.core.windows.net`",
            ),
        ),
        (
            said("endpoint: https://mlpipelinestore.queue.core.windows.net\ncontainer: datasets\n"),
            said(
                "endpoint: found `https://mlpipelinestore.queue.core.windo…`, which is the queue service of the account; write \
                 `https://mlpipelinestore.blob.core.windows.net`",
            ),
        ),
        // Patterns.
        (
            with("pattern: 'a['"),
            said(
                "pattern: the pattern has a `[` at character 2 that is never closed; write `\\[` \
                 for the character",
            ),
        ),
        (
            with("pattern: raw**"),
            said(
                "pattern: the pattern has a `**` at character 4 that is not a whole path segment; write `raw/**`",
            ),
        ),
        (
            with("pattern: '**/*.csv,**/*.parquet'"),
            said(
                "pattern: the pattern is several globs in one text; write a list: `[\"**/*.csv\", \"**/*.parquet\"]`",
            ),
        ),
        (
            with("prefix: raw/\npattern: in/*.csv"),
            said(
                "pattern: prefix `raw/` and pattern `in/*.csv` have no name in common: `pattern` is about the whole name, the \
                 prefix included; write `\"raw/in/*.csv\"`, or remove `prefix`",
            ),
        ),
        (
            with("prefix: raw/\npattern: '.*\\.csv'"),
            said(
                "pattern: prefix `raw/` and pattern `.*\\.csv` have no name in common: `pattern` is a glob and not a regular \
                 expression; write `\"**/*.csv\"`",
            ),
        ),
        // Credentials that are not what they should be.
        (
            with("credential: missing"),
            said(
                "credential: there is no file `missing` in the server's credentials directory; \
                 mount it there, or correct the name",
            ),
        ),
    ]
}
