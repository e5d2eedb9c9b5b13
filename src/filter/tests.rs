#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn filter(prefix: &str, patterns: &[&str]) -> Result<Filter, FilterError> {
    Filter::new(FilterSpec {
        prefix: prefix.to_owned(),
        patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
    })
}

fn problem(pattern: &str) -> String {
    let error = filter("", &["**", pattern]).expect_err(pattern);
    assert_eq!(error.pattern, Some(1), "{pattern}");
    error
        .problem
        .strip_prefix("the pattern ")
        .expect(pattern)
        .to_owned()
}

#[track_caller]
fn check(pattern: &str, yes: &[&str], no: &[&str]) {
    let filter = filter("", &[pattern]).unwrap();
    for name in yes {
        assert!(filter.matches(name), "{pattern} should match {name:?}");
    }
    for name in no {
        assert!(!filter.matches(name), "{pattern} should not match {name:?}");
    }
}

#[test]
fn globs_mean_what_the_table_says() {
    check(
        "*.csv",
        &["a.csv", ".csv"],
        &["raw/a.csv", "/a.csv", "a.csv/", "a.csv.gz"],
    );
    check(
        "**/*.csv",
        &["a.csv", "/a.csv", "a//b.csv", "../x/.csv"],
        &["a.csv/", "a.tsv"],
    );
    check(
        "**/_SUCCESS",
        &["_SUCCESS", "a/_SUCCESS", "/_SUCCESS"],
        &["a_SUCCESS", "_SUCCESS/"],
    );
    check(
        "raw/**",
        &["raw/", "raw/a", "raw/a/b/", "raw//"],
        &["raw", "rawa", "/raw/a"],
    );
    check("**", &["", "a", "a/b", "/", "\n"], &[]);
    check("**/", &["", "a/", "/", "a/b/"], &["a", "a/b"]);
    check(
        "a/**/b",
        &["a/b", "a/x/b", "a/x/y/b", "a//b"],
        &["ab", "a/xb", "a/b/"],
    );
    check("?", &["a", "é", "\u{1}", "🦀"], &["", "ab", "/", "éé"]);
    check(
        "data-?.csv",
        &["data-1.csv", "data-ü.csv"],
        &["data-12.csv", "data-/.csv"],
    );
    check("[a-c_]", &["a", "c", "_"], &["d", "-", "/", "ab"]);
    check("[!a]", &["b", "é", "]"], &["a", "/", ""]);
    check("[]-]", &["]", "-"], &["a"]);
    check("[+-9]", &["0", "."], &["/"]);
    check("[éx]?ü", &["éaü", "xüü", "xéü"], &["éü", "eaü"]);
    check("*.{csv,tsv}", &["a.csv", "a.tsv"], &["a.csvtsv", "a."]);
    check("a{,b}c", &["ac", "abc"], &["abbc"]);
    check(
        "{raw/**/*.csv,**/in/*}",
        &["raw/a/b.csv", "in/x", "y/in/x"],
        &["raw/b", "xin/x"],
    );
    check(r"\*\{\[\\", &[r"*{[\"], &["a"]);
    check(r"\!a", &["!a"], &["a"]);
    check("café*", &["café", "cafés"], &["cafe"]);
}

#[test]
fn excludes_win() {
    let filter = filter("raw/", &["**/*.csv", "!**/tmp/**", "!*.bad"]).unwrap();
    assert!(filter.matches("raw/a.csv"));
    assert!(!filter.matches("raw/tmp/a.csv"));
    assert!(!filter.matches("a.csv"));
}

#[test]
fn one_of_many_patterns_is_enough() {
    let filter = filter("", &["a", "b*", "c", "?d"]).unwrap();
    for name in ["a", "bb", "c", "xd"] {
        assert!(filter.matches(name), "{name}");
    }
    assert!(!filter.matches("d"));
}

#[test]
fn without_a_positive_pattern_everything_else_is_announced() {
    let filter = filter("", &["!tmp/**"]).unwrap();
    assert!(filter.matches("a") && !filter.matches("tmp/a"));
    assert_eq!(filter.listing_prefix(), "");
}

#[test]
fn mistakes_name_what_and_where() {
    let empty = "is empty; `**` matches every name";
    assert_eq!(problem(""), empty);
    assert_eq!(problem("!"), empty);
    assert_eq!(
        problem(&"a".repeat(1025)),
        "is 1025 characters long; at most 1024 are allowed"
    );
    assert_eq!(
        problem("a\tb"),
        "has a control character at character 2; `?` matches it"
    );
    assert_eq!(
        problem("ab[c"),
        r"has a `[` at character 3 that is never closed; write `\[` for the character"
    );
    assert_eq!(
        problem("!a{b,c"),
        r"has a `{` at character 2 that is never closed; write `\{` for the character"
    );
    assert_eq!(
        problem("a}"),
        r"has a `}` at character 2 that closes nothing; write `\}` for the character"
    );
    assert_eq!(
        problem("a\\"),
        r"ends in a lone `\`; write `\\` for the character"
    );
    let segment = |at, cure: &str| {
        format!("has a `**` at character {at} that is not a whole path segment; write {cure}")
    };
    assert_eq!(problem("raw/**.csv"), segment(5, "`raw/**/*.csv`"));
    assert_eq!(problem("a**/b"), segment(2, "`a/**/b`"));
    assert_eq!(problem("!a**"), segment(2, "`!a/**`"));
    assert_eq!(
        problem("{a,**}"),
        segment(4, "it as in `**/*.csv` or `raw/**`")
    );
    assert_eq!(problem("***"), segment(1, "`**`"));
    assert_eq!(problem("a{b,c}**/d"), segment(7, "`a{b,c}/**/d`"));
    assert_eq!(
        problem("**/**/a"),
        "says `**/**` at character 4; write `**` once"
    );
    assert_eq!(
        problem("[z-a]"),
        "has the range `z-a` in the `[…]` at character 1, which is backwards"
    );
    assert_eq!(
        problem("[à-ü]"),
        "has the range `à-ü` in the `[…]` at character 1; list letters beyond ASCII one by one"
    );
    assert_eq!(
        problem("[[:alpha:]]"),
        "has a named class at character 2; list the characters, such as `[a-z]`"
    );
    assert_eq!(
        problem(r"[\]]"),
        r"has a `\` inside the `[…]` at character 1; put `]` first and `-` last for the characters, and `\` outside"
    );
    assert_eq!(
        problem("[/]"),
        "has a `[…]` at character 1 with only `/` in it, which it never matches"
    );
    assert_eq!(
        problem(&"{".repeat(9)),
        "nests braces deeper than 8 at character 9"
    );
}

#[test]
fn a_glob_may_name_any_number_of_characters() {
    let kana: String = ('ぁ'..='ん').collect();
    check(
        &format!("?{kana}[{kana}]"),
        &[&format!("x{kana}ん")],
        &[&format!("{kana}ん")],
    );
    check(&format!("*[!{kana}]"), &["んa", "ヴ"], &["aん", "a/"]);
}

#[test]
fn too_many_patterns_are_a_mistake_of_the_whole() {
    let error = filter("", &["a"; 65]).unwrap_err();
    assert_eq!(error.pattern, None);
    assert_eq!(
        error.to_string(),
        "there are 65 patterns; at most 64 are allowed (`{a,b}` puts several into one)"
    );
}

#[test]
fn a_prefix_and_a_pattern_that_contradict_each_other_are_a_mistake() {
    let error = filter("raw/", &["raw/*", "in/*.csv"]).unwrap_err();
    assert_eq!(error.pattern, Some(1));
    assert_eq!(
        error.problem,
        "prefix `raw/` and pattern `in/*.csv` have no name in common: `pattern` is about the whole name, the \
         prefix included; write `\"raw/in/*.csv\"`, or remove `prefix`"
    );
    let long = filter(&format!("a\n{}", "b".repeat(99)), &["c"])
        .unwrap_err()
        .problem;
    let shown = format!("a{}…", "b".repeat(39));
    let start = format!("prefix `{shown}` and pattern `c` have no name in common: ");
    assert!(long.starts_with(&start), "{long}");
    assert!(filter("raw/ab", &["raw/a"]).is_err());
    assert!(filter("raw/ab", &["raw/a*"]).is_ok());
    assert!(
        filter("raw/", &["!in/*"]).is_ok(),
        "an exclude that never strikes does no harm"
    );
}

#[test]
fn the_listing_prefix_is_the_longest_that_is_safe() {
    let of = |prefix: &str, patterns: &[&str]| {
        filter(prefix, patterns)
            .unwrap()
            .listing_prefix()
            .to_owned()
    };
    assert_eq!(of("", &[]), "");
    assert_eq!(of("raw/", &["**/*.csv"]), "raw/");
    assert_eq!(of("raw/", &["raw/2026/*.csv"]), "raw/2026/");
    assert_eq!(of("", &["raw/2025/*", "raw/2026/*", "!raw/x"]), "raw/202");
    assert_eq!(
        of("", &["a/é*", "a/è*"]),
        "a/",
        "é and è share their first byte"
    );
    assert_eq!(of("", &[r"a\*b/?"]), "a*b/");
    assert_eq!(of("", &["a{b,c}"]), "a");
    assert_eq!(of("", &["a[b]"]), "a");
    assert_eq!(of("", &["a/**/b"]), "a/");
    assert_eq!(of("", &["exact"]), "exact");
}

#[test]
fn filters_are_equal_when_they_are_written_alike() {
    assert_eq!(filter("a", &["a*"]), filter("a", &["a*"]));
    assert_ne!(filter("a", &["a*"]), filter("", &["a*"]));
}

#[test]
fn a_filter_says_why() {
    let filter = Filter::new(FilterSpec {
        prefix: "raw/".into(),
        patterns: vec![
            "!**/tmp/**".into(),
            "**/*.csv".into(),
            "!**/*.bak.csv".into(),
        ],
    })
    .unwrap();
    for (name, why) in [
        ("raw/a.csv", Why::Matched("**/*.csv")),
        ("in/a.csv", Why::OtherPrefix),
        ("raw/tmp/a.csv", Why::Excluded("!**/tmp/**")),
        ("raw/a.bak.csv", Why::Excluded("!**/*.bak.csv")),
        ("raw/a.txt", Why::NoPattern),
    ] {
        assert_eq!(filter.explain(name), why, "{name}");
        let taken = matches!(why, Why::All | Why::Matched(_));
        assert_eq!(filter.matches(name), taken, "{name}");
    }
    let all = Filter::new(FilterSpec::default()).unwrap();
    assert_eq!(all.explain("x"), Why::All);
}
