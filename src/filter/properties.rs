//! What holds for every glob and every name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::{
    automaton::Automaton,
    glob::{self, Token},
    matcher::Matcher,
    *,
};

fn filter(prefix: &str, patterns: &[&str]) -> Result<Filter, FilterError> {
    Filter::new(FilterSpec {
        prefix: prefix.to_owned(),
        patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
    })
}

/// What a glob means, as simply as it can be said: all ends of what `tokens` may take.
fn reference(tokens: &[Token], name: &[char]) -> bool {
    let Some((token, tokens)) = tokens.split_first() else {
        return name.is_empty();
    };
    let rest = |taken: usize| reference(tokens, &name[taken..]);
    let one = |wanted: &dyn Fn(char) -> bool| {
        name.first().is_some_and(|c| *c != '/' && wanted(*c)) && rest(1)
    };
    match token {
        Token::Char(c) => name.first() == Some(c) && rest(1),
        Token::One => one(&|_| true),
        Token::Class { negated, members } => one(&|c| members.iter().any(|m| m == c) != *negated),
        Token::Many => {
            let run = name.iter().take_while(|c| **c != '/').count();
            (0..=run).any(rest)
        }
        Token::Dirs => rest(0) || (1..=name.len()).any(|n| name[n - 1] == '/' && rest(n)),
        Token::Rest => (0..=name.len()).any(rest),
        Token::Either(branches) => branches.iter().any(|branch| {
            let joined: Vec<Token> = branch.iter().chain(tokens).cloned().collect();
            reference(&joined, name)
        }),
    }
}

/// Few characters, so that names and patterns meet; each awkward in its own way.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab./éè!\\-\\]\\[*{}\\\\\n]{0,8}",
        1 => "\\PC{0,12}",
        1 => "(?s).{0,12}",
    ]
}

fn patterns() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        ".",
        "/",
        "/",
        "é",
        "è",
        "?",
        "*",
        "**/",
        "/**",
        "[ab]",
        "[!a]",
        "[é.]",
        "[!é/]",
        "[]!^-]",
        "[!]-]",
        "{a,b}",
        "{a/,}",
        "{**/a,é?}",
        "{a/**,b}",
        "\\*",
        "\\[",
        "\\é",
        "!",
        "-",
        ",",
        "]",
    ]);
    prop_oneof![
        8 => prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat()),
        1 => "[ab/*?{},!\\[\\]\\\\]{0,10}",
        1 => "(?s).{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_way_of_matching_agrees_with_the_reference(
        pattern in patterns(),
        names in prop::collection::vec(names(), 1..20),
    ) {
        let Ok(tokens) = glob::parse(&pattern) else { return Ok(()) };
        let (chosen, general) = (Matcher::new(&tokens), Matcher::general(&tokens));
        for name in names {
            let expected = reference(&tokens, &name.chars().collect::<Vec<_>>());
            prop_assert_eq!(chosen.matches(&name), expected, "{:?} {:?}", pattern, name);
            prop_assert_eq!(general.matches(&name), expected, "{:?} {:?}", pattern, name);
            let in_words = Automaton::new(&tokens).matches_in_words(&name);
            prop_assert_eq!(in_words, expected, "{:?} {:?}", pattern, name);
        }
    }

    #[test]
    fn a_filter_is_its_prefix_its_globs_and_its_excludes(
        prefix in "[ab/é]{0,2}",
        wanted in prop::collection::vec(patterns(), 0..3),
        unwanted in prop::collection::vec(patterns(), 0..3),
        names in prop::collection::vec(("[ab/é]{0,2}", names()), 1..20),
    ) {
        let wanted: Vec<_> = wanted.into_iter().filter(|p| !p.starts_with('!')).collect();
        let patterns = wanted.iter().cloned().chain(unwanted.iter().map(|p| format!("!{p}")));
        let spec = FilterSpec { prefix: prefix.clone(), patterns: patterns.collect() };
        let Ok(filter) = Filter::new(spec) else { return Ok(()) };
        for (start, end) in names {
            let name = format!("{start}{end}");
            let chars: Vec<char> = name.chars().collect();
            let hit = |p: &String| reference(&glob::parse(p).unwrap(), &chars);
            let expected = name.starts_with(&prefix)
                && (wanted.is_empty() || wanted.iter().any(hit))
                && !unwanted.iter().any(hit);
            prop_assert_eq!(filter.matches(&name), expected, "{:?} {:?}", filter, name);
            if expected {
                prop_assert!(name.starts_with(filter.listing_prefix()), "{:?} {:?}", filter, name);
            }
        }
        prop_assert!(filter.listing_prefix().starts_with(&prefix));
    }

    #[test]
    fn a_literal_pattern_and_its_prefix_say_the_same(prefix in "[ab/é]{0,4}", name in names()) {
        let by_prefix = filter(&prefix, &[]).unwrap();
        let by_exclusion = filter("", &[&format!("!{prefix}**/*")]);
        prop_assert_eq!(by_prefix.matches(&name), name.starts_with(&prefix));
        if let Ok(by_exclusion) = by_exclusion {
            prop_assert_eq!(by_prefix.matches(&name), !by_exclusion.matches(&name));
        }
    }

    #[test]
    fn hostile_patterns_never_panic(pattern in "[{}\\[\\]*?,!a/\\\\-]{0,1100}", name in names()) {
        if let Ok(filter) = filter("", &[&pattern]) {
            filter.matches(&name);
        }
    }
}
