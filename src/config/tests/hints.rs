//! What people type who do not know the keys: each gets one sentence that says what to write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::config::keys::{ALL, nested};

/// That a line is answered in one sentence with this part.
#[track_caller]
fn hint(line: &str, part: &str) {
    let told = added(line);
    assert!(told.contains(part), "{line}: {told}");
    assert_eq!(told.lines().count(), 1, "{line}: {told}");
}

#[test]
fn each_key_at_the_wrong_level_is_told_where_it_goes() {
    for section in ALL {
        for key in section.known {
            let at_top = ROOT_KEYS.contains(key);
            if section.path.is_empty() || at_top || *key == "name" {
                continue;
            }
            let path = format!("{}.{key}", section.path);
            let told = added(&format!("{key}: 1"));
            // A key of several sections names them all, and shows the first.
            let place = format!("under `{}`", section.path);
            assert!(told.contains(&place), "{path}: {told}");
            let shown = ALL.iter().filter(|it| it.known.contains(key));
            let shown = shown.map(|it| nested(&format!("{}.{key}", it.path), ""));
            let shown = shown.map(|it| it.replace('}', ""));
            let any = shown.into_iter().any(|form| told.contains(form.trim_end()));
            assert!(any, "{path}: {told}");
        }
    }
    for key in ROOT_KEYS
        .iter()
        .filter(|key| !["container", "version"].contains(key))
    {
        hint(
            &format!("state: {{container: abc, {key}: 1}}"),
            "it goes at the top level",
        );
    }
}

const ROOT_KEYS: &[&str] = crate::config::keys::ROOT.known;

#[test]
fn keys_in_other_spellings_and_with_their_path_are_told() {
    hint("min_age: 5s", "did you mean `minAge`?");
    hint("Skip-Empty: true", "did you mean `skipEmpty`?");
    hint(
        "max_attempts: 3",
        "did you mean `maxAttempts` under `redelivery`? Write `redelivery: {maxAttempts: …}`",
    );
    hint(
        "batch.maxBlobs: 3",
        "write the levels one inside the other: `batch: {maxBlobs: …}`",
    );
    hint(
        "source.listing.interval: 3s",
        "`source: {listing: {interval: …}}`",
    );
    hint(
        "changeFeed: {}",
        "it goes under `source`: `source: {changeFeed: {}}`",
    );
    hint(
        "queue: dataset-events",
        "it goes under `source`: `source: {queue: {name: …}}`",
    );
    hint(
        "workflows: {}",
        "it goes under `confirm`: `confirm: {workflows: {}}`",
    );
}

#[test]
fn words_of_other_tools_are_told_in_ours() {
    for (line, part) in [
        (
            "pollingInterval: 30s",
            "write `source: {listing: {interval: …}}`, a duration such as 30s",
        ),
        (
            "pollingIntervalSeconds: 300",
            "write `source: {listing: {interval: …}}`",
        ),
        (
            "source: {pollInterval: 5s}",
            "write `source: {listing: {interval: …}}`",
        ),
        (
            "source: {listing: {period: 5s}}",
            "write `interval`, a duration",
        ),
        ("storageAccount: abc", "write `account`"),
        ("account_name: abc", "write `account`"),
        (
            "url: https://x.blob.core.windows.net",
            "write `endpoint`, the URL of the blob service",
        ),
        (
            "source: {queue: {name: abc, url: 'https://x'}}",
            "did you mean `endpoint`?",
        ),
        ("bucket: abc", "write `container`"),
        (
            "state: {container: def, bucket: abc}",
            "did you mean `container`?",
        ),
        ("containerName: abc", "write `container`"),
        (
            "secretName: azure",
            "write `credential`, a file in the server's credentials directory, not a Secret",
        ),
        ("credentialsSecret: azure", "write `credential`"),
        (
            "connectionString: abc",
            "a key is not part of the configuration",
        ),
        (
            "source: {queue: {name: abc, accountKey: abc}}",
            "names the file: `credential: azure-storage`",
        ),
        ("sas_token: abc", "a key is not part of the configuration"),
        ("managedIdentity: true", "signs in with its own identity"),
        ("path: raw/", "write `prefix`, a text and not a glob"),
        (
            "glob: '*.csv'",
            "write `pattern`, a glob over the whole name",
        ),
        (
            "regex: '.*'",
            "a glob over the whole name and not a regular expression",
        ),
        ("suffix: .csv", "such as \"**/*.csv\""),
        ("exclude: tmp/", "a glob that excludes begins with `!`"),
        ("filter: {prefix: a}", "filters are keys of the top level"),
        ("queueName: abc", "write `source: {queue: {name: …}}`"),
        ("stateContainer: abc", "write `state: {container: …}`"),
        ("checkpoint: abc", "write `state: {container: …}`"),
        ("maxRetries: 3", "write `redelivery: {maxAttempts: …}`"),
        ("concurrency: 3", "write `limits: {activeWorkflows: …}`"),
        (
            "startFrom: 2026-01-01",
            "write `existing: {since: …}`, a date and time with zone",
        ),
        (
            "name: datasets",
            "the name of the event is its key under `spec.generic`",
        ),
        ("workflowTemplateRef: {name: a}", "written in a Sensor"),
        (
            "config: abc",
            "only the text under `spec.generic.<event>.config`",
        ),
        (
            "generic: {a: {}}",
            "only the text under `spec.generic.<event>.config`",
        ),
        ("prefixes: [a, b]", "`pattern: [\"a/**\", \"b/**\"]`"),
        (
            "confirm: {workflows: {}, apiVersion: batch/v1}",
            "`batch/v1` is `group: batch` and `version: v1`",
        ),
        (
            "confirm: {workflows: {}, labels: {a: b}}",
            "write `selector`, labels and their values",
        ),
        ("confirm: {workflow: {}}", "did you mean `workflows`?"),
        ("CREDENTIAL: x", "did you mean `credential`?"),
        (
            "state: {container: abc}\nbatch: {size: 100}",
            "write `maxBlobs`",
        ),
        (
            "state: {container: abc}\nbatch: {count: 1}",
            "write `maxBlobs`",
        ),
        (
            "state: {container: abc}\nbatch: {max: 100}",
            "write `maxBlobs`",
        ),
        (
            "state: {container: abc}\nbatch: {wait: 5m}",
            "write `maxWait`",
        ),
        (
            "state: {container: abc}\nbatch: {idle: 5m}",
            "write `quiet`",
        ),
        (
            "confirm: {workflows: {}}\nredelivery: {max: 3}",
            "write `maxAttempts`",
        ),
        ("limits: {events: 3}", "write `inFlight`"),
        (
            "existing: {since: 2026-01-01T00:00:00Z, from: a}",
            "write `since`",
        ),
        ("state: {container: abc, name: def}", "write `container`"),
    ] {
        hint(line, part);
    }
    let by = added("state: {container: abc}\nbatch: {by: {folder: 2}}");
    assert_eq!(
        by,
        "batch.by: unknown key `folder`; write `depth`, how many folders of a name make a group"
    );
    // A word that is only near something elsewhere is not taken for it.
    assert!(!added("state: {container: abc}\nbatch: {sinze: 1}").contains("since"));
    // What is no list needs no list's answer.
    hint("containers: abc", "did you mean `container`?");
    assert!(!added("accountKey: c2VjcmV0").contains("c2VjcmV0"));
}

#[test]
fn what_should_be_a_mapping_is_told_with_its_form() {
    for (line, part) in [
        ("state: x", "such as `state: {container: x}`"),
        ("state: 'a b: c'", "such as `state: {container: …}`"),
        ("confirm: true", "such as `confirm: {workflows: {}}`"),
        ("confirm: false", "to do without it, remove the key"),
        ("confirm: workflows", "such as `confirm: {workflows: {}}`"),
        (
            "source: listing",
            "such as `source: {listing: {interval: 30s}}`",
        ),
        (
            "source: {listing: 5m}",
            "such as `source: {listing: {interval: 30s}}`",
        ),
        (
            "source: {queue: dataset-events}",
            "such as `source: {queue: {name: dataset-events}}`",
        ),
        ("limits: 20", "such as `limits: {activeWorkflows: 20}`"),
        (
            "existing: 2026-01-01T00:00:00Z",
            "a moment is written as `{since: 2026-01-01T00:00:00Z}`",
        ),
        ("prefix: [a/, b/]", "`pattern: [\"a/**\", \"b/**\"]`"),
        (
            "pattern: {include: a}",
            "allowed is a glob such as \"**/*.csv\", or a list of globs",
        ),
    ] {
        hint(line, part);
    }
}

#[test]
fn a_duration_may_have_days() {
    let min_age = |text: &str| good(&format!("{GOOD}minAge: {text}\n")).min_age;
    assert_eq!(min_age("1d"), Duration::from_secs(86_400));
    assert_eq!(min_age("1d12h"), Duration::from_secs(129_600));
    hint(
        "minAge: '30'",
        "found the text `30`; write a unit, such as 30s",
    );
    hint(
        "source: {listing: {interval: 2d}}",
        "found `2d`; allowed are 1s to 24h",
    );
}

#[test]
fn a_whole_document_is_told_which_part_of_it_is_the_configuration() {
    let event_source = "apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nspec:\n  generic:\n";
    let only = "this is a whole EventSource; give only the text under";
    assert_eq!(
        told(&format!("{event_source}    datasets: {{config: a}}\n")),
        format!("{only} `spec.generic.datasets.config`")
    );
    assert_eq!(
        told(&format!("{event_source}    a: {{}}\n    b: {{}}\n")),
        format!("{only} `spec.generic.a.config`, or that of another event")
    );
    assert_eq!(
        told(&format!("{event_source}    a: {{}}\n---\nkind: Sensor\n")),
        format!("{only} `spec.generic.<event>.config`")
    );
    let watcher = "this is an AzureBlobWatcher of the old operator; `azure-blob-eventsource migrate FILE` makes an \
                   EventSource, a Sensor and the configuration from it";
    assert_eq!(told("kind: AzureBlobWatcher\nspec: {}\n"), watcher);
    assert_eq!(told("kind: Secret\n---\nkind: AzureBlobWatcher\n"), watcher);
    assert_eq!(
        told("apiVersion: v1\nkind: ConfigMap\ndata: {}\n"),
        "this is a whole Kubernetes object of the kind `ConfigMap`; give the text under `spec.generic.<event>.config` of an \
         EventSource"
    );
}
