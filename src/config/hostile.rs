//! Documents that were made to cost: whatever is in 64 KiB, the answer is quick and small.
//!
//! Size is counted, because it is the same on every machine; time has a bound that only something
//! of another order exceeds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;
use std::time::Instant;

use super::{
    raw::{self, MAX_BYTES, Value},
    *,
};

/// The most that the tree of a document takes.
const TREE: usize = 1 << 20;

/// As many pieces as fit, after a head.
fn filled(head: &str, piece: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for n in 0.. {
        let piece = piece(n);
        if text.len() + piece.len() > MAX_BYTES {
            break;
        }
        text += &piece;
    }
    text
}

fn patterns(pattern: &str, times: usize) -> String {
    let head = "account: abc\ncontainer: abc\npattern:\n";
    let line = format!("- '{pattern}'\n");
    let text = format!("{head}{}", line.repeat(times));
    assert!(text.len() <= MAX_BYTES, "{}", text.len());
    text
}

/// Aliases that repeat aliases, `width` in each of so many levels.
fn laughs(first: &str, width: usize, levels: usize) -> String {
    let mut text = format!("a0: &a0 {first}\n");
    for n in 1..levels {
        let aliases = vec![format!("*a{}", n - 1); width].join(", ");
        text += &format!("a{n}: &a{n} [{aliases}]\n");
    }
    text
}

fn documents() -> Vec<(&'static str, String)> {
    let long = "x".repeat(60_000);
    vec![
        ("unknown keys", filled("", |n| format!("k{n}: 1\n"))),
        ("short keys", filled("", |n| format!("{n}: \n"))),
        ("one key", filled("", |_| "a: 1\n".to_owned())),
        (
            "a known key again",
            filled("", |_| "pattern: \"[\"\n".to_owned()),
        ),
        ("a key of 64 KiB", format!("{long}: 1")),
        ("a text of 64 KiB", format!("account: {long}")),
        ("a pattern of 64 KiB", format!("pattern: '{long}'")),
        ("an endpoint of 64 KiB", format!("endpoint: https://{long}")),
        (
            "a queue's endpoint of 64 KiB",
            format!("source: {{queue: {{name: q-1, endpoint: 'https://{long}'}}}}"),
        ),
        (
            "keys of a queue",
            filled("source:\n  queue:\n", |n| format!("    endpoint{n}: 1\n")),
        ),
        (
            "a host of other letters",
            format!(
                "endpoint: 'https://{}'",
                (0..9000)
                    .filter_map(|n| char::from_u32(0x4e00 + n))
                    .collect::<String>()
            ),
        ),
        ("numbers", filled("pattern:\n", |_| "- 1e308\n".to_owned())),
        ("a huge number", format!("minAge: {}", "9".repeat(60_000))),
        ("a long span", format!("minAge: {}", "9s".repeat(30_000))),
        ("flow lists", filled("a: [", |_| "[],".to_owned())),
        ("flow maps", filled("a: [", |_| "{a: b},".to_owned())),
        ("nesting", "[".repeat(MAX_BYTES)),
        (
            "nested blocks",
            filled("", |n| format!("{}a:\n", " ".repeat(n))),
        ),
        ("dashes", "- ".repeat(MAX_BYTES / 2)),
        ("question marks", "? ".repeat(MAX_BYTES / 2)),
        ("anchors", filled("a: [", |n| format!("&a{n} x,"))),
        ("tags", filled("a: [", |n| format!("!a{n} x,"))),
        ("escapes", format!("a: \"{}\"", "\\x00".repeat(16_000))),
        ("comments", filled("a: 1\n", |_| "#\n".to_owned())),
        ("documents", "---\n".repeat(MAX_BYTES / 4)),
        ("laughs", laughs("[x, x, x]", 9, 60)),
        (
            "a long text sixty times",
            laughs(&"x".repeat(50_000), 60, 2),
        ),
        ("a long text again", laughs(&"x".repeat(50_000), 30, 3)),
        (
            "a long list again",
            laughs(&format!("[{}]", "x,".repeat(20_000)), 20, 3),
        ),
        ("patterns", filled("pattern:\n", |_| "- a\n".to_owned())),
        (
            "no patterns",
            filled("pattern:\n", |_| "- \"[\"\n".to_owned()),
        ),
        ("a class of all", patterns(&"[ -.0-~]".repeat(127), 60)),
        (
            "classes within bounds",
            patterns(&"[ -.0-~]".repeat(127), 8),
        ),
        ("short classes", patterns(&"[ -~]".repeat(200), 62)),
        ("other classes", patterns(&"[! -~]".repeat(170), 62)),
        ("braces", patterns(&"{{a,b},{c,*}}".repeat(70), 62)),
        (
            "deep braces",
            patterns(&"{{{{{{{{a,b},c},d},e},f},g},h},i}".repeat(24), 62),
        ),
        ("empty branches", patterns(&"{,}".repeat(340), 62)),
        (
            "many branches",
            patterns(&format!("{{{}a}}", "a,".repeat(500)), 62),
        ),
        ("stars", patterns(&"*a".repeat(512), 62)),
        (
            "question marks in patterns",
            patterns(&"?".repeat(1024), 62),
        ),
        (
            "directories",
            patterns(&format!("{}x?", "a/**/".repeat(200)), 62),
        ),
        (
            "different characters",
            patterns(
                &(0..330)
                    .filter_map(|n| char::from_u32(0x4e00 + n))
                    .chain(['?'])
                    .collect::<String>(),
                62,
            ),
        ),
    ]
}

fn size(value: &Value) -> usize {
    let own = std::mem::size_of::<Value>();
    own + match value {
        Value::Null | Value::Bool(_) => 0,
        Value::Number(text) | Value::Text(text) => text.capacity(),
        Value::List(values) => values.iter().map(size).sum(),
        Value::Map(entries) => entries_size(entries),
    }
}

fn entries_size(entries: &[(String, Value)]) -> usize {
    let of = |(key, value): &(String, Value)| {
        std::mem::size_of::<String>() + key.capacity() + size(value)
    };
    entries.iter().map(of).sum()
}

#[test]
fn the_answer_to_a_hostile_document_is_quick_and_small() {
    for (what, text) in documents() {
        assert!(text.len() <= MAX_BYTES, "{what}: {}", text.len());
        let tree = raw::read(text.as_bytes()).map_or(0, |entries| entries_size(&entries));
        let start = Instant::now();
        let parsed = SourceConfig::parse(text.as_bytes());
        let took = start.elapsed();
        let told = parsed.as_ref().map_or_else(|e| e.to_string().len(), |_| 0);
        println!("{what}: {took:?}, a tree of {tree} bytes, {told} bytes told");
        assert!(tree <= TREE, "{what}: a tree of {tree} bytes");
        assert!(told <= 64 * 1024, "{what}: {told} bytes told");
        assert!(took < Duration::from_secs(2), "{what}: {took:?}");
    }
}
