//! What holds for every configuration and every text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;
use std::time::Instant;

use proptest::{option, prelude::*};
use time::OffsetDateTime;

use super::{ways::DEFAULT_PARALLELISM, *};
use crate::{
    batch::rules::{BatchRules, By},
    blob::Version,
    confirm::target::{Confirm, ObjectKind},
    delivery::policy::{Limits, Redelivery},
    filter::{Filter, FilterSpec},
    gate::rules::Existing,
    ports::connect::{Location, QueuePlace},
};

fn locations() -> impl Strategy<Value = Location> {
    prop_oneof![
        "[a-z0-9]{3,24}".prop_map(Location::Account),
        "https?://([a-z]{1,9}\\.){0,3}[a-z]{1,5}(:1[0-9]{3})?(/[a-zA-Z0-9é%.'\" ~-]{1,9}){0,2}"
            .prop_filter_map("a URL", |url| super::endpoint::endpoint(&url, "blob").ok())
            .prop_map(Location::Endpoint),
    ]
}

fn containers() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,9}-[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,4}|null|true|123|0x1f|1e3|off"
}

fn filters() -> impl Strategy<Value = Filter> {
    let patterns =
        prop::collection::vec("!?(\\*\\*/)?[^\\pC\\[{}*?]{1,9}(/\\*\\*)?|\\PC{1,9}", 0..4);
    ("(?s).{0,20}", patterns).prop_filter_map("a filter", |(prefix, patterns)| {
        Filter::new(FilterSpec {
            prefix: prefix.clone(),
            patterns,
        })
        .or_else(|_| {
            Filter::new(FilterSpec {
                prefix,
                patterns: Vec::new(),
            })
        })
        .ok()
    })
}

fn spans(least: u64, most: u64) -> impl Strategy<Value = Duration> {
    prop_oneof![
        (least..=most).prop_map(Duration::from_secs),
        (least * 1000..=most * 1000).prop_map(Duration::from_millis),
        (least * 1_000_000_000..=most * 1_000_000_000).prop_map(Duration::from_nanos),
    ]
}

fn existings() -> impl Strategy<Value = Existing> {
    let seconds = -62_167_219_200_i64..=253_402_300_799;
    let moment = (seconds, 0..1_000_000_000_i64).prop_map(|(seconds, nanos)| {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap() + time::Duration::nanoseconds(nanos)
    });
    prop_oneof![
        Just(Existing::Skip),
        Just(Existing::Emit),
        moment.prop_map(Existing::Since)
    ]
}

fn confirms() -> impl Strategy<Value = Confirm> {
    let namespace = option::of("[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?");
    let kind = prop_oneof![
        Just(ObjectKind::workflow()),
        (
            "|[a-z]{1,9}(\\.[a-z]{1,9}){0,2}",
            "v[1-9](alpha1)?",
            "[A-Z][a-zA-Z]{0,9}"
        )
            .prop_map(|(group, version, kind)| ObjectKind {
                group,
                version,
                kind
            }),
    ];
    let value = "[A-Za-z0-9]([-._A-Za-z0-9]{0,20}[A-Za-z0-9])?";
    let label = "([a-z]{1,5}\\.[a-z]{1,5}/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,20}[A-Za-z0-9])?";
    let selector = prop::collection::btree_map(label, value, 0..4);
    (kind, namespace, selector).prop_map(|(kind, namespace, selector)| Confirm {
        kind,
        namespace,
        selector,
    })
}

prop_compose! {
    fn redeliveries()(
        deadline in spans(1, 3600),
        max_attempts in 1..=1000_u32,
        give_up_after in spans(3600, 86_400),
    ) -> Redelivery {
        Redelivery { deadline, max_attempts, give_up_after }
    }
}

// Each entry with a label of its own, because one object may not serve two.
fn lists_of_confirms() -> impl Strategy<Value = Vec<Confirm>> {
    prop::collection::vec(confirms(), 1..=3).prop_map(|mut list| {
        if list.len() > 1 {
            for (at, entry) in list.iter_mut().enumerate() {
                entry.selector.insert("sensor".to_owned(), format!("s{at}"));
            }
        }
        list
    })
}

fn deliveries() -> impl Strategy<Value = (Vec<Confirm>, Redelivery, Option<usize>)> {
    let with = (lists_of_confirms(), redeliveries(), 1..=100_000_usize).prop_map(
        |(confirm, redelivery, most)| {
            let workflows = confirm.iter().any(|confirm| confirm.kind.is_workflow());
            (confirm, redelivery, workflows.then_some(most))
        },
    );
    prop_oneof![Just((Vec::new(), Redelivery::default(), None)), with]
}

fn batches() -> impl Strategy<Value = BatchRules> {
    let by = prop_oneof![
        Just(By::All),
        Just(By::Folder),
        (1..=100_usize).prop_map(By::Depth)
    ];
    let waits = prop_oneof![
        (spans(1, 3600), Just(None)).prop_map(|(wait, quiet)| (Some(wait), quiet)),
        spans(1, 3600).prop_map(|quiet| (None, Some(quiet))),
        spans(1, 3600).prop_map(|quiet| (Some(quiet * 2), Some(quiet))),
    ];
    let keep = spans(24 * 3600, 365 * 24 * 3600);
    (by, 1..=10_000_usize, option::of(1..=u64::MAX), waits, keep).prop_map(
        |(by, max_blobs, max_bytes, (max_wait, quiet), keep)| BatchRules {
            by,
            max_blobs,
            max_bytes,
            max_wait,
            quiet,
            keep,
        },
    )
}

fn queues() -> impl Strategy<Value = QueueSource> {
    let place = (
        "[a-z0-9]{1,9}-[a-z0-9]{1,9}|null|true|123",
        option::of(locations()),
        option::of(credentials()),
    );
    (place, 1..=1000_u32).prop_map(
        |((name, location, credential), max_deliveries)| QueueSource {
            place: QueuePlace {
                name,
                location,
                credential,
            },
            max_deliveries,
        },
    )
}

// How blobs are found: whether by listing, how often, and by which queue. What is not listed has no interval of its own.
fn ways() -> impl Strategy<Value = (bool, Duration, usize, Option<QueueSource>)> {
    let hour = Duration::from_secs(3600);
    let listing = || (spans(1, 86_400), 1..=64_usize);
    prop_oneof![
        listing().prop_map(|(interval, ranges)| (true, interval, ranges, None)),
        (listing(), queues()).prop_map(|((interval, ranges), queue)| (
            true,
            interval,
            ranges,
            Some(queue)
        )),
        queues().prop_map(move |queue| (false, hour, DEFAULT_PARALLELISM, Some(queue))),
    ]
}

fn credentials() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 '\":#é_-][a-zA-Z0-9 '\":#é_-]{0,20}|null|~|-"
}

prop_compose! {
    fn configs()(
        location in locations(),
        container in containers(),
        filter in filters(),
        credential in option::of(credentials()),
        ((listing, interval, parallelism, queue), change_feed) in (ways(), any::<bool>()),
        existing in existings(),
        min_age in spans(0, 31_536_000),
        (skip_empty, version) in (any::<bool>(), prop::sample::select(Version::ALL.to_vec())),
        state in option::of(containers()),
        in_flight in 1..=100_000_usize,
        settle in spans(0, 3600),
        (confirm, redelivery, active_workflows) in deliveries(),
        batch in option::of(batches()),
        id in option::of("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"),
    ) -> SourceConfig {
        let state = state.filter(|state| *state != container);
        let limits = Limits { in_flight, active_workflows, settle };
        let batch = batch.filter(|_| state.is_some());
        SourceConfig {
            location, container, filter, credential, interval, listing, parallelism, queue, change_feed, existing,
            min_age, skip_empty,
            version, state, confirm, batch, redelivery, limits, id,
        }
    }
}

/// Reads a text and holds the answer against what is promised of every answer.
fn answer(text: &[u8]) -> Result<(), TestCaseError> {
    let start = Instant::now();
    let parsed = SourceConfig::parse(text);
    prop_assert!(
        start.elapsed() < Duration::from_secs(5),
        "took {:?}",
        start.elapsed()
    );
    match parsed {
        Ok(config) => prop_assert_eq!(SourceConfig::parse(config.to_yaml().as_bytes()), Ok(config)),
        Err(error) => {
            prop_assert!((1..=101).contains(&error.mistakes.len()));
            for mistake in &error.mistakes {
                let line = mistake.to_string();
                prop_assert!(!line.contains(|c: char| c.is_control()), "{:?}", line);
                prop_assert!(line.chars().count() <= 4000, "{:?}", line);
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(config in configs()) {
        let text = config.to_yaml();
        schema::accepted(&text);
        prop_assert_eq!(SourceConfig::parse(text.as_bytes()), Ok(config), "{}", text);
    }

    #[test]
    fn an_unknown_key_is_always_refused_by_name(
        config in configs(),
        key in "[a-zA-Z]{1,12}",
        at in any::<prop::sample::Index>(),
    ) {
        const KNOWN: [&str; 16] = [
            "account", "endpoint", "container", "prefix", "pattern", "credential", "source",
            "existing", "minAge", "skipEmpty", "state", "limits", "id", "confirm", "redelivery",
            "version",
        ];
        prop_assume!(!KNOWN.contains(&key.as_str()));
        let yaml = config.to_yaml();
        let mut lines: Vec<_> = yaml.lines().collect();
        let line = format!("\"{key}\": 1");
        lines.insert(at.index(lines.len() + 1), &line);
        let error = SourceConfig::parse(lines.join("\n").as_bytes()).unwrap_err();
        prop_assert_eq!(error.mistakes.len(), 1);
        let named = format!("unknown key `{key}`; ");
        prop_assert!(error.mistakes[0].problem.starts_with(&named), "{}", error);
    }

    #[test]
    fn any_bytes_are_answered(text in prop::collection::vec(any::<u8>(), 0..300)) {
        answer(&text)?;
    }

    #[test]
    fn any_text_is_answered(text in "(?s).{0,200}") {
        answer(text.as_bytes())?;
    }

    #[test]
    fn anything_like_yaml_is_answered(
        text in "((account|container|pattern|existing|source|queue|endpoint|limits|since|x|<<|\\? )?[:,\\[\\]{}&*!|>'\"%@~#-]? ?(abc|1|1e9|[.]nan|true|&a|\\*a|!!int|!!map|[*]{2}/a|30s)?[\n ]{0,3}){0,40}"
    ) {
        answer(text.as_bytes())?;
    }

    #[test]
    fn any_value_of_any_key_is_answered(
        key in prop::sample::select(vec![
            "account", "endpoint", "container", "prefix", "pattern", "credential", "source",
            "existing", "minAge", "skipEmpty", "version", "state", "confirm", "redelivery", "limits", "id",
        ]),
        value in "\\PC{0,40}|[\\[{\"'](\\PC{0,40})|[0-9.smhe+-]{1,30}|https://\\PC{0,40}",
    ) {
        answer(format!("{key}: {value}\n").as_bytes())?;
        answer(format!("account: abc\ncontainer: abc\n{key}: {value}\n").as_bytes())?;
    }

    #[test]
    fn any_value_of_any_key_of_a_queue_is_answered(
        key in prop::sample::select(vec!["name", "account", "endpoint", "credential", "maxDeliveries"]),
        value in "\\PC{0,40}|[\\[{\"'](\\PC{0,40})|[0-9.e+-]{1,30}|https?://\\PC{0,40}",
    ) {
        let text = format!("account: abc\ncontainer: abc\nsource:\n  queue:\n    {key}: {value}\n");
        answer(text.as_bytes())?;
        answer(format!("{text}    name: q-1\n").as_bytes())?;
    }
}

#[test]
fn bombs_are_answered_in_time() {
    let filling = |piece: &str| piece.repeat(65_000 / piece.len());
    for piece in [
        "[",
        "{",
        "{a: ",
        "- ",
        "? ",
        "a: ",
        "a:\n",
        "- a\n",
        "&a ",
        "*a ",
        "!a ",
        "'",
        "\"\\x",
        "\t",
        "\n",
        "#",
        "---\n",
        "- &a b\n- *a\n",
        "[a,",
        "|\n ",
        "%",
        "a: &a [*a]\n",
        "\u{feff}",
    ] {
        answer(filling(piece).as_bytes()).unwrap();
        answer(format!("a: {}", filling(piece)).as_bytes()).unwrap();
    }
    answer(format!("{}: 1", filling("k")).as_bytes()).unwrap();
    for piece in [
        "?",
        "[!a]",
        "{a,b}",
        "*a",
        "{{a,b},{c,*}}",
        "**/",
        "a/**/",
        "[!-~]",
    ] {
        let pattern = piece.repeat(1000 / piece.len());
        let list = format!("- '{pattern}*x?'\n").repeat(60);
        answer(format!("account: abc\ncontainer: abc\npattern:\n{list}").as_bytes()).unwrap();
    }
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..60 {
        let alias = format!("*a{}, ", n - 1).repeat(9);
        laughs += &format!("a{n}: &a{n} [{alias}]\n");
    }
    answer(laughs.as_bytes()).unwrap();
}
