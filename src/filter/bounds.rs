//! What the costliest filters cost, counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{matcher::Matcher, *};

/// The most steps of work for a character of a name.
const STEPS: usize = 2000;
/// The most that a filter keeps beside its text, in bytes.
const BYTES: usize = 512 * 1024;

/// A filter of as many copies of a pattern as it may have.
fn filled(pattern: &str) -> Filter {
    let mut builder = Builder::new(String::new());
    for _ in 0..MAX_PATTERNS {
        if builder.add(pattern).is_err() {
            break;
        }
    }
    builder.build()
}

/// Patterns that cost in different ways, each as long as it may be.
fn patterns() -> Vec<String> {
    let long = |piece: &str| piece.repeat(1024 / piece.chars().count());
    let kanji = |first: u32| {
        (first..first + 900)
            .filter_map(char::from_u32)
            .collect::<String>()
    };
    vec![
        long("?"),
        long("*?"),
        format!("**/*{}", "?*".repeat(500)),
        long("[ -~]"),
        long("[! -~]"),
        format!("*{}*", "?".repeat(125)),
        format!("{}?", "*a".repeat(60)),
        format!("{{{}a}}?", "a,".repeat(500)),
        format!("*{}", "{,}".repeat(250)),
        format!("*{}?", "{a,{b,{c,*}}}".repeat(70)),
        format!("{}?", "*/**/".repeat(200)),
        format!("?{}", kanji(0x4e00)),
        format!("[{}]?", kanji(0x4e00)),
        format!("[!{}]*?", kanji(0x5e00)),
        format!("*{}?", "{a,*b,?c}".repeat(85)),
    ]
}

fn bytes(filter: &Filter) -> usize {
    let compiled = &*filter.0;
    let all = compiled.wanted.iter().chain(&compiled.unwanted);
    all.map(|matcher| match matcher {
        Matcher::Affix(_) => 0,
        Matcher::General { automaton, .. } => automaton.bytes(),
    })
    .sum()
}

#[test]
fn the_costliest_filters_are_small_and_their_work_for_a_name_is_bounded() {
    let names = ["a", "/", "a/", "ab", "a~", "x-y/", "è"].map(|piece| {
        let name: String = piece.chars().cycle().take(1024).collect();
        name
    });
    for pattern in patterns() {
        let filter = filled(&pattern);
        let start = Instant::now();
        names.iter().for_each(|name| _ = filter.matches(name));
        let took = start.elapsed() / 7;
        let (cost, bytes, count) = (filter.cost(), bytes(&filter), filter.spec().patterns.len());
        let shown: String = pattern.chars().take(12).collect();
        println!("{count:>2} of {shown:<12}: {cost} steps, {bytes} bytes, {took:?} a name");
        assert!(count > 0, "{pattern}");
        assert!(cost <= STEPS, "{pattern}: {cost} steps");
        assert!(bytes <= BYTES, "{pattern}: {bytes} bytes");
        assert!(took < Duration::from_secs(1), "{pattern}: {took:?}");
    }
}

#[test]
fn what_goes_beyond_the_bounds_is_told_with_the_pattern_that_does() {
    let problem = |pattern: &str, times: usize| {
        let spec = FilterSpec {
            prefix: String::new(),
            patterns: vec![pattern.to_owned(); times],
        };
        let error = Filter::new(spec).unwrap_err();
        (error.pattern.unwrap(), error.problem)
    };
    assert_eq!(
        problem(&"a".repeat(1000), 9),
        (
            8,
            "the pattern makes 9000 characters with the patterns before it; \
             at most 8192 are allowed in all"
                .to_owned()
        )
    );
    assert_eq!(problem("{a,b,c}/**/{d,e,f,g,h}", 64).0, 512 / 9);
    assert_eq!(
        problem(&format!("{{{}}}", "a,".repeat(200)), 3),
        (
            2,
            "the pattern makes 603 alternatives with the patterns before it, each branch of a \
             `{…}` and each `**/` being one; at most 512 are allowed in all"
                .to_owned()
        )
    );
}

proptest! {
    #[test]
    fn no_pattern_goes_beyond_the_bounds(
        pattern in "([ab?*/,]|\\{|\\}|\\[[!]?[ -Z]-~\\]|\\*\\*/|é){1,300}",
    ) {
        let filter = filled(&pattern);
        prop_assert!(filter.cost() <= STEPS);
        prop_assert!(bytes(&filter) <= BYTES);
    }
}
