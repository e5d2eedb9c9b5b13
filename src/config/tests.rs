#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod delivery;
mod hints;
mod origins;
mod values;
mod yaml;

use std::time::Duration;

use time::macros::datetime;
use url::Url;

use super::*;
use crate::{
    batch::rules::By,
    blob::Version,
    delivery::policy::{Limits, Redelivery},
    filter::{Filter, FilterSpec},
    gate::rules::Existing,
    ports::connect::Location,
};

const GOOD: &str = "account: mlpipelinestore\ncontainer: datasets\n";

#[track_caller]
fn good(text: &str) -> SourceConfig {
    let config =
        SourceConfig::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}"));
    schema::accepted(text);
    config
}

#[track_caller]
fn told(text: &str) -> String {
    match SourceConfig::parse(text.as_bytes()) {
        Ok(config) => panic!("{text:?} was read as {config:?}"),
        Err(error) => {
            let problems = error.mistakes.iter().map(|it| it.problem.as_str());
            schema::refused(text, problems);
            error.to_string()
        }
    }
}

/// What is told of a good configuration with one more line.
#[track_caller]
fn added(line: &str) -> String {
    told(&format!("{GOOD}{line}\n"))
}

#[track_caller]
fn container(value: &str) -> String {
    told(&format!("account: mlpipelinestore\ncontainer: {value}\n"))
}

#[track_caller]
fn endpoint(value: &str) -> String {
    told(&format!("endpoint: {value}\ncontainer: datasets\n"))
}

#[test]
fn the_least_configuration_has_the_documented_defaults() {
    let expected = SourceConfig {
        location: Location::Account("mlpipelinestore".into()),
        container: "datasets".into(),
        filter: Filter::new(FilterSpec::default()).unwrap(),
        credential: None,
        interval: Duration::from_secs(30),
        listing: true,
        parallelism: 4,
        queue: None,
        change_feed: false,
        existing: Existing::Skip,
        min_age: Duration::ZERO,
        skip_empty: false,
        version: Version::Etag,
        state: None,
        confirm: Vec::new(),
        batch: None,
        redelivery: Redelivery::default(),
        limits: Limits {
            active_workflows: None,
            in_flight: 100,
            settle: Duration::from_secs(10),
        },
        id: None,
    };
    assert_eq!(good(GOOD), expected);
    assert_eq!(
        expected.to_yaml(),
        "account: mlpipelinestore\n\
         container: datasets\n\
         source: {listing: {interval: 30s, parallelism: 4}}\n\
         existing: skip\n\
         minAge: 0s\n\
         skipEmpty: false\n\
         version: etag\n\
         limits: {inFlight: 100, settle: 10s}\n"
    );
}

#[test]
fn a_whole_kubernetes_object_is_told_as_such() {
    assert_eq!(
        told("apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nspec: {}\n"),
        "this is a whole EventSource; give only the text under `spec.generic.<event>.config`"
    );
}

#[test]
fn every_key_is_read() {
    let text = r#"
endpoint: http://127.0.0.1:10000/devstoreaccount1/
container: $web
prefix: raw/
pattern: ["**/*.csv", "!raw/tmp/**"]   # a comment
credential: azure-storage
source:
  listing: {interval: 1h30m, parallelism: 8}
existing: {since: 2026-01-01T02:00:00+02:00}
minAge: 250ms
skipEmpty: true
version: content
state: {container: eventsource-state}
limits: {inFlight: 7, settle: 0s}
id: datasets-raw
"#;
    let config = good(text);
    let url = Url::parse("http://127.0.0.1:10000/devstoreaccount1").unwrap();
    assert_eq!(config.location, Location::Endpoint(url));
    assert_eq!(config.container, "$web");
    assert_eq!(config.filter.spec().prefix, "raw/");
    assert_eq!(config.filter.spec().patterns, ["**/*.csv", "!raw/tmp/**"]);
    assert_eq!(config.credential.as_deref(), Some("azure-storage"));
    assert_eq!(config.interval, Duration::from_secs(5400));
    assert_eq!(
        config.existing,
        Existing::Since(datetime!(2026-01-01 0:00 UTC))
    );
    assert_eq!(config.min_age, Duration::from_millis(250));
    assert!(config.skip_empty);
    assert_eq!(config.version, Version::Content);
    assert_eq!(config.state.as_deref(), Some("eventsource-state"));
    assert_eq!(
        config.limits,
        Limits {
            active_workflows: None,
            in_flight: 7,
            settle: Duration::ZERO
        }
    );
    assert_eq!(config.id.as_deref(), Some("datasets-raw"));
    assert_eq!(
        config.to_yaml(),
        r#"endpoint: "http://127.0.0.1:10000/devstoreaccount1"
container: "$web"
prefix: raw/
pattern: ["**/*.csv", "!raw/tmp/**"]
credential: azure-storage
source: {listing: {interval: 1h30m, parallelism: 8}}
existing: {since: 2026-01-01T00:00:00Z}
minAge: 250ms
skipEmpty: true
version: content
state: {container: eventsource-state}
limits: {inFlight: 7, settle: 0s}
id: datasets-raw
"#
    );
}

#[test]
fn other_ways_of_saying_the_same_are_read() {
    assert_eq!(
        good("{account: mlpipelinestore, container: datasets}"),
        good(GOOD)
    );
    assert_eq!(
        good(&format!("\u{feff}{}", GOOD.replace('\n', "\r\n"))),
        good(GOOD)
    );
    assert_eq!(good(&format!("---\n{GOOD}")), good(GOOD));
    assert_eq!(
        good(&format!("{GOOD}source: {{listing: {{}}}}\nlimits: {{}}")),
        good(GOOD)
    );
    assert_eq!(
        good(&format!("{GOOD}pattern: a\n")),
        good(&format!("{GOOD}pattern: [a]\n"))
    );
    assert_eq!(
        good(&format!("{GOOD}existing: emit\n")).existing,
        Existing::Emit
    );
}

#[test]
fn five_mistakes_are_told_at_once() {
    let text = "acount: mlpipelinestore\n\
                container: Datasets\n\
                pattern: [\"**/*.csv\", \"a[\"]\n\
                source: {listing: {interval: 30}}\n\
                limits: {inFlight: 0}\n\
                endpoint: https://x\n";
    let error = SourceConfig::parse(text.as_bytes()).unwrap_err();
    let paths: Vec<_> = error
        .mistakes
        .iter()
        .map(|mistake| mistake.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "",
            "container",
            "pattern[1]",
            "source.listing.interval",
            "limits.inFlight"
        ]
    );
    assert_eq!(
        error.to_string(),
        "unknown key `acount`; did you mean `account`?\n\
         container: found `Datasets`; allowed are 3 to 63 lower-case letters, digits and single \
         hyphens, a letter or digit first and last (or `$root`, `$web`, `$logs`): write `datasets`\n\
         pattern[1]: the pattern has a `[` at character 2 that is never closed; write `\\[` for \
         the character\n\
         source.listing.interval: found the number 30; write a unit, such as 30s\n\
         limits.inFlight: found the number 0; allowed is a whole number from 1 to 100000"
    );
}

#[test]
fn what_is_no_configuration_at_all_is_told_in_one_sentence() {
    let keys = "write keys such as `account: …` and `container: …`";
    for empty in [
        "",
        "\n\n",
        "# account: a\n# container: b\n",
        "---\n",
        "null\n",
    ] {
        assert_eq!(told(empty), format!("the configuration is empty; {keys}"));
    }
    assert_eq!(
        told("- account: a\n"),
        format!("the configuration is a list; {keys}")
    );
    assert_eq!(
        told("hello"),
        format!("the configuration is the text `hello`; {keys}")
    );
    assert_eq!(
        told("42"),
        format!("the configuration is the number 42; {keys}")
    );
    assert_eq!(
        SourceConfig::parse(b"account: \xff")
            .unwrap_err()
            .to_string(),
        "line 1: has a character that is not UTF-8; save the file in UTF-8"
    );
    let long = format!("{GOOD}# {}", "x".repeat(65536 - GOOD.len() - 1));
    assert_eq!(
        told(&long),
        "the configuration is 65537 bytes long; at most 65536 are allowed"
    );
    good(&long[..65536]);
}

#[test]
fn what_is_not_yaml_is_told_with_its_place() {
    assert_eq!(
        told("account: a: b"),
        "line 1: has a second `: ` in one value; put the value in quotes, or write each key on a line of its own"
    );
    assert_eq!(
        told("prefix:raw/\naccount: mlpipelinestore\n"),
        "line 1: write a space after the colon: `prefix: …`"
    );
    assert_eq!(
        added("prefix:raw/"),
        "line 3: write a space after the colon: `prefix: …`"
    );
    assert_eq!(
        added("prefix:\u{a0}raw/"),
        "line 3: has a no-break space; write an ordinary space in its place"
    );
    assert_eq!(
        added("prefix: {{ .Values.prefix }}/raw"),
        "line 3: has a template (`{{ … }}`) that was not rendered; render it first, or write the text itself"
    );
    assert_eq!(
        added("prefix: {{ .Values.prefix }}"),
        "prefix: found a template (`{{ … }}`) that was not rendered; allowed is a text"
    );
    assert_eq!(
        told("container: 'abc\n"),
        "line 1, column 12: not YAML: unclosed quote"
    );
    let tab = "is indented with a tab; YAML allows only spaces";
    assert_eq!(told("source:\n\tlisting: {}\n"), format!("line 2: {tab}"));
    assert_eq!(told("account: a\n\tcontainer: b"), format!("line 2: {tab}"));
    assert_eq!(
        told(&format!("{GOOD}---\n{GOOD}")),
        "line 4: a second YAML document starts here; write one, without `---`"
    );
    let star = "put text that starts with `*` in quotes, such as \"**/*.csv\"";
    assert_eq!(added("pattern: **/*.csv"), format!("line 3: {star}"));
    assert_eq!(added("pattern:\n- a\n- *.csv"), format!("line 5: {star}"));
    assert_eq!(
        added("pattern: !tmp/**"),
        "line 3: `!tmp/**` is read as a YAML tag; put text that starts with `!` in quotes"
    );
    let much = "the configuration nests or repeats too much";
    assert_eq!(told(&"[".repeat(9999)), format!("line 1: {much}"));
    assert_eq!(told(&"- ".repeat(9999)), format!("line 1: {much}"));
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    for n in 1..40 {
        bomb += &format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1);
    }
    assert!(told(&bomb).ends_with(much), "{}", told(&bomb));
}

#[test]
fn keys_are_told_with_what_was_meant() {
    assert_eq!(
        told("account: mlpipelinestore\nconatiner: datasets\n"),
        "unknown key `conatiner`; did you mean `container`?"
    );
    assert_eq!(
        added("source: {listing: {intervall: 5s}}"),
        "source.listing: unknown key `intervall`; did you mean `interval`?"
    );
    assert_eq!(
        added("minage: 5s"),
        "unknown key `minage`; did you mean `minAge`?"
    );
    assert_eq!(
        added("blobPattern: a"),
        "unknown key `blobPattern`; write `pattern`, a glob over the whole name and not a regular expression, such as \"**/*.csv\""
    );
    assert_eq!(
        added("zzz: 1"),
        "unknown key `zzz`; allowed: `account`, `endpoint`, `container`, `prefix`, `pattern`, \
         `credential`, `source`, `existing`, `minAge`, `skipEmpty`, `version`, `state`, `confirm`, `batch`, `redelivery`, \
         `limits` and `id`"
    );
    assert_eq!(
        added("limits: {<<: {}}"),
        "limits: unknown key `<<`; merge keys of YAML are not supported: write the keys themselves instead of `<<`"
    );
    assert_eq!(
        added("container: other"),
        "key `container` is given twice, in the lines 2 and 3"
    );
    assert_eq!(
        added("source: {changeFeed: {shards: 4}}"),
        "source.changeFeed: unknown key `shards`; nothing is set there: write `{}`"
    );
    assert_eq!(
        added("source: {changeFeed: true}"),
        "source.changeFeed: found the boolean true; allowed is an empty mapping: `source: {changeFeed: {}}`"
    );
}

#[test]
fn the_change_feed_finds_blobs_alone_or_with_others() {
    let source = |source: &str| {
        let text = format!("account: mlpipelinestore\ncontainer: datasets\nsource: {source}\n");
        SourceConfig::parse(text.as_bytes()).unwrap()
    };
    let alone = source("{changeFeed: {}}");
    assert!(alone.change_feed && !alone.listing && alone.queue.is_none());
    let all = source("{changeFeed: {}, queue: {name: q-1}, listing: {}}");
    assert!(all.change_feed && all.listing && all.queue.is_some());
    assert_eq!(all.interval, Duration::from_secs(3600));
    assert!(!source("{listing: {}}").change_feed);
}

#[test]
fn notifications_find_blobs_alone_or_with_sweeps() {
    let source = |source: &str| {
        let text = format!("account: mlpipelinestore\ncontainer: datasets\nsource: {source}\n");
        SourceConfig::parse(text.as_bytes()).unwrap()
    };
    let alone = source("{queue: {name: blob-events}}");
    assert!(!alone.listing);
    let queue = alone.queue.unwrap();
    assert_eq!(
        (queue.place.name.as_str(), queue.max_deliveries),
        ("blob-events", 5)
    );
    let both = source(
        "{queue: {name: q-1, account: others, credential: c, maxDeliveries: 9}, listing: {}}",
    );
    assert!(both.listing);
    assert_eq!(both.interval, Duration::from_secs(3600));
    assert_eq!(source("{listing: {}}").interval, Duration::from_secs(30));
    let place = |place: &str| {
        let queue = source(&format!("{{queue: {{name: q-1, {place}}}}}")).queue;
        queue.unwrap().place.location
    };
    assert_eq!(
        place("account: others"),
        Some(Location::Account("others".to_owned()))
    );
    let url = Url::parse("http://azurite:10001/devstoreaccount1").unwrap();
    assert_eq!(
        place("endpoint: 'http://azurite:10001/devstoreaccount1/'"),
        Some(Location::Endpoint(url))
    );
    assert_eq!(
        added("source: {queue: {name: Blob_Events, maxDeliveries: 0}}"),
        "source.queue.name: found `Blob_Events`; allowed are 3 to 56 lower-case letters, digits and single hyphens, \
         a letter or digit first and last\n\
         source.queue.maxDeliveries: found the number 0; allowed is a whole number from 1 to 1000"
    );
}

#[test]
fn absent_and_empty_values_are_told() {
    assert_eq!(
        told("id: x\n"),
        "account: is missing; give the storage account's name, or its URL as `endpoint`\n\
         container: is missing; give the name of the container to watch"
    );
    assert_eq!(
        container(""),
        "container: is empty; give the name of the container to watch"
    );
    let empty = "is empty; give a value or remove the key";
    assert_eq!(
        told("account:\ncontainer: datasets"),
        format!("account: {empty}")
    );
    for key in [
        "prefix",
        "pattern",
        "credential",
        "source",
        "existing",
        "minAge",
        "skipEmpty",
        "state",
        "limits",
        "id",
    ] {
        assert_eq!(added(&format!("{key}:")), format!("{key}: {empty}"));
    }
    assert_eq!(
        added("source: {listing: ~}"),
        "source.listing: is empty; write `listing: {}`, or remove the key to do without it"
    );
    for (line, told) in [
        (
            "confirm: {workflows: }",
            "confirm.workflows: is empty; write `workflows: {}`, or",
        ),
        (
            "source: {changeFeed: }",
            "source.changeFeed: is empty; write `changeFeed: {}`, or",
        ),
        (
            "prefix: #raw/",
            "prefix: is empty, because `#` begins a comment; put the text in quotes: `prefix: \"#raw/\"`",
        ),
        (
            "prefix: # raw/",
            "prefix: is empty; give a value or remove the key",
        ),
    ] {
        let found = added(line);
        assert!(found.starts_with(told), "{line}: {found}");
    }
    assert_eq!(
        added("state: {}"),
        "state.container: is missing; give the name of the container for the ledger"
    );
    assert_eq!(
        added("existing: {}"),
        "existing.since: is missing; give a date and time such as 2026-01-01T00:00:00Z"
    );
}

#[test]
fn values_of_the_wrong_type_are_told() {
    assert_eq!(
        container("123456"),
        "container: found the number 123456; put it in quotes"
    );
    assert_eq!(
        container("true"),
        "container: found the boolean true; put it in quotes"
    );
    assert_eq!(
        container("[a]"),
        "container: found a list; a source watches one container of one account; for more, write an event for each \
         under `spec.generic` of the EventSource, with `container: NAME` in its configuration"
    );
    assert_eq!(
        added("skipEmpty: yes"),
        "skipEmpty: found the text `yes`; allowed: `true` or `false`"
    );
    assert_eq!(
        added("source: listing"),
        "source: found the text `listing`; allowed is a mapping with `listing`, `queue` and \
         `changeFeed`, such as `source: {listing: {interval: 30s}}`"
    );
    assert_eq!(
        added("limits: [1]"),
        "limits: found a list; allowed is a mapping with `inFlight`, `activeWorkflows` and `settle`, \
         such as `limits: {activeWorkflows: 20}`"
    );
    let number = "allowed is a whole number from 1 to 100000";
    for (value, found) in [
        ("0", "the number 0"),
        ("-1", "the number -1"),
        ("100001", "the number 100001"),
        ("1.5", "the number 1.5"),
        (".nan", "the text `NaN`"),
        ("many", "the text `many`"),
    ] {
        let found = found.replace("NaN", ".nan");
        assert_eq!(
            added(&format!("limits: {{inFlight: {value}}}")),
            format!("limits.inFlight: found {found}; {number}")
        );
    }
}

#[test]
fn what_was_found_is_shown_short_on_one_line_and_without_secrets() {
    let long = container(&"x".repeat(64));
    assert!(
        long.starts_with(&format!("container: found `{}…`; ", "x".repeat(40))),
        "{long}"
    );
    let odd = container(r#""a\nb\x1b\u202e""#);
    assert!(
        odd.starts_with(r"container: found `a\nb\u{1b}\u{202e}`; "),
        "{odd}"
    );
    let secret = "DefaultEndpointsProtocol=https;AccountKey=c2VjcmV0c2VjcmV0;x=y";
    for place in [
        "account",
        "endpoint",
        "container",
        "prefix",
        "pattern",
        "credential",
        "minAge",
        "existing",
        "id",
        "skipEmpty",
        "source",
        "limits",
    ] {
        for text in [
            format!("{place}: '{secret}'"),
            format!("'{secret}': {place}"),
        ] {
            let told = SourceConfig::parse(text.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(
                !told.contains("c2VjcmV0") && !told.contains("Protocol"),
                "{told}"
            );
        }
    }
    let key = format!("{}==", "c2VjcmV0".repeat(11));
    assert_eq!(
        added(&format!("minAge: {key}")),
        "minAge: found the text (not shown, it looks like a secret); \
         allowed is a duration such as 30s, 5m, 1h30m, 2d or 250ms"
    );
    let told = added(&format!("pattern: !{} x", secret.replace(';', "_")));
    assert!(!told.contains("c2VjcmV0"), "{told}");
}

#[test]
fn thousands_of_mistakes_are_told_in_part() {
    let text: String = (0..9000).map(|n| format!("x{n}:\n")).collect();
    let error = SourceConfig::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.mistakes.len(), 101);
    assert_eq!(
        error.mistakes[100].to_string(),
        "and more mistakes after these"
    );
}
#[test]
fn batches_are_read_with_their_bounds_and_defaults() {
    let rules = |text: &str| {
        good(&format!(
            "{GOOD}state: {{container: state}}\nbatch: {text}\n"
        ))
        .batch
        .unwrap()
    };
    let all = rules("{}");
    assert_eq!(
        (all.by, all.max_blobs, all.max_bytes),
        (By::All, 1000, None)
    );
    assert_eq!(
        (all.max_wait, all.quiet),
        (Some(Duration::from_secs(60)), None)
    );
    assert_eq!(all.keep, Duration::from_secs(7 * 24 * 3600));
    let folder = rules("{by: folder, quiet: 5m, maxBlobs: 10, maxBytes: 10Gi}");
    assert_eq!((folder.by, folder.max_blobs), (By::Folder, 10));
    assert_eq!(
        (folder.max_bytes, folder.quiet),
        (Some(10 << 30), Some(Duration::from_secs(300)))
    );
    // Who waits for quiet does not want to be cut after a minute.
    assert_eq!(folder.max_wait, None);
    assert_eq!(rules("{by: {depth: 2}}").by, By::Depth(2));
}

#[test]
fn mistakes_in_batches_are_told_with_what_is_allowed() {
    let problem = |text: &str| {
        told(&format!(
            "{GOOD}state: {{container: state}}\nbatch: {text}\n"
        ))
    };
    for (text, part) in [
        (
            "{by: day}",
            "batch.by: found the text `day`; allowed: `all`, `folder` or `{depth: 2}`",
        ),
        (
            "{by: {depth: 0}}",
            "batch.by.depth: found the number 0; allowed is a whole number from 1 to 100",
        ),
        (
            "{maxBlobs: 10001}",
            "batch.maxBlobs: found the number 10001; allowed is a whole number from 1 to 10000",
        ),
        (
            "{maxBytes: 10GB}",
            "batch.maxBytes: found the text `10GB`; allowed is a size of 1 byte or more, such as `500Mi` or `10Gi`",
        ),
        (
            "{maxWait: 1m, quiet: 5m}",
            "batch.quiet: has no effect: `maxWait` closes a batch after 1m",
        ),
        ("{quite: 5m}", "unknown key `quite`; did you mean `quiet`?"),
    ] {
        let found = problem(text);
        assert!(found.contains(part), "{text}: {found}");
    }
    let found = told(&format!("{GOOD}batch: {{}}\n"));
    assert!(found.contains("batch: needs `state`"), "{found}");
}
