//! The rules of the house that the compiler does not know: who may know whom, that there are no circles,
//! and what "pure" means. `ARCHITECTURE.md` tells the reasons.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

mod imports;

use imports::{Module, Source, sources};

/// What each part of `src/` may know: itself, and what stands behind it, all of which stands further up.
/// So nothing knows what stands further down, and there are no circles among parts.
const MAY_KNOW: &[(&str, &str)] = &[
    ("shared", ""),
    ("text", ""),
    ("net", ""),
    ("blob", ""),
    ("feed", "blob"),
    ("filter", ""),
    ("event", "blob text"),
    ("traces", "event"),
    ("notification", "blob event text"),
    ("ledger", "blob feed filter"),
    ("confirm", "event shared text"),
    ("state", "blob event ledger text"),
    ("metrics", "blob confirm ledger notification shared state"),
    ("ports", "blob confirm event feed"),
    ("calls", "blob event metrics ports"),
    ("journal", "calls ledger metrics ports shared state"),
    ("recorder", "feed journal ledger metrics ports shared"),
    ("gate", "blob filter ledger ports recorder shared state"),
    (
        "intake",
        "blob calls feed gate ledger metrics notification ports recorder shared text",
    ),
    (
        "batch",
        "blob event journal ledger metrics ports recorder shared state text",
    ),
    (
        "delivery",
        "confirm event journal ledger metrics ports recorder shared state traces",
    ),
    (
        "config",
        "batch blob confirm delivery filter gate ports text",
    ),
    (
        "session",
        "batch blob calls config confirm delivery event feed filter gate intake journal ledger metrics ports recorder shared state traces",
    ),
    ("listener", "metrics shared"),
    ("registry", "metrics shared"),
    ("azure", "blob calls feed net ports text"),
    ("notices", "metrics registry"),
    ("kubernetes", "confirm event net notices ports shared text"),
    (
        "grpc",
        "config confirm delivery journal listener metrics ports registry session shared text traces",
    ),
    (
        "admin",
        "blob confirm event listener metrics registry state text",
    ),
    (
        "cli",
        "azure batch blob calls config confirm delivery event feed filter gate grpc journal kubernetes ledger metrics net notification ports session state text traces",
    ),
    (
        "app",
        "admin azure cli grpc journal kubernetes listener notices ports registry text traces",
    ),
];

/// The parts of pure decisions: the same input gives the same output, at once.
const PURE: &[&str] = &[
    "blob",
    "feed",
    "filter",
    "event",
    "ledger",
    "state",
    "traces::journey",
    "confirm::object_set",
    "confirm::unfinished",
    "batch::event",
    "batch::manifest",
    "batch::open",
    "batch::rules",
    "intake::change_feed::health",
    "intake::change_feed::listed",
    "intake::change_feed::progress",
    "gate::rules",
    "gate::identity",
    "gate::tally",
    "delivery::unconfirmed",
    "delivery::policy",
    "config::document",
];

/// What nothing pure has, as it stands in the text between its tokens: a wait, a clock, a channel, a lock.
const IMPURE: &[&str] = &[
    "async",
    ". await",
    "Instant :: now",
    "SystemTime",
    "now_utc",
    "mpsc",
    "oneshot",
    "broadcast",
    "watch ::",
    "Semaphore",
    "Mutex",
    "RwLock",
    "Shared",
    "sleep",
    "spawn",
];

#[test]
fn every_part_knows_only_what_the_table_lets_it_know() {
    let allowed: BTreeMap<&str, &str> = MAY_KNOW.iter().copied().collect();
    let mut broken = Vec::new();
    for (module, source) in &sources("src") {
        let Some(part) = module.first() else { continue };
        let Some(may) = allowed.get(part.as_str()) else {
            broken.push(format!("`{part}` is not in the table"));
            continue;
        };
        for import in source.imports.iter().filter_map(|import| import.first()) {
            if import != part && !may.split(' ').any(|it| it == import) {
                broken.push(format!("{} knows `{import}`", source.path.display()));
            }
        }
    }
    broken.dedup();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_table_is_in_order_and_says_no_more_than_is_so() {
    let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let sources = sources("src");
    for (module, source) in &sources {
        if let Some(part) = module.first() {
            let imports = source.imports.iter().filter_map(|it| it.first().cloned());
            known.entry(part).or_default().extend(imports);
        }
    }
    let mut above = Vec::new();
    for (part, may) in MAY_KNOW {
        for other in may.split_whitespace() {
            assert!(
                above.contains(&other),
                "`{other}` stands below `{part}`, which may know it"
            );
            let uses = known.get(part).is_some_and(|it| it.contains(other));
            assert!(uses, "`{part}` no longer knows `{other}`");
        }
        above.push(*part);
    }
}

#[test]
fn no_files_know_each_other_in_a_circle() {
    let mut circles = Vec::new();
    for folder in ["src", "e2e/src"] {
        let sources = sources(folder);
        for module in sources.keys() {
            if let Some(way) = way_back(module, &sources) {
                let way: Vec<_> = way.iter().map(|it| it.join("::")).collect();
                circles.push(format!("{folder}: {}", way.join(" -> ")));
            }
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// The shortest way along imports from a module to itself.
fn way_back(start: &Module, sources: &BTreeMap<Module, Source>) -> Option<Vec<Module>> {
    let mut ways: Vec<Vec<Module>> = vec![vec![start.clone()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut further = Vec::new();
        for way in &ways {
            let imports = way
                .last()
                .and_then(|last| sources.get(last))
                .map(|it| &it.imports);
            for import in imports.into_iter().flatten() {
                let longer = [way.clone(), vec![import.clone()]].concat();
                if import == start {
                    return Some(longer);
                }
                if seen.insert(import.clone()) {
                    further.push(longer);
                }
            }
        }
        ways = further;
    }
    None
}

#[test]
fn what_is_called_pure_has_no_wait_no_clock_no_channel_and_no_lock() {
    let mut broken = Vec::new();
    for (module, source) in &sources("src") {
        let path = module.join("::");
        let is_pure = PURE
            .iter()
            .any(|pure| path == *pure || path.starts_with(&format!("{pure}::")));
        for word in IMPURE.iter().filter(|_| is_pure) {
            if source
                .text
                .split(|c: char| !(c.is_alphanumeric() || "_:. ".contains(c)))
                .any(|it| has_word(it, word))
            {
                broken.push(format!("{} has `{word}`", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
    })
}
