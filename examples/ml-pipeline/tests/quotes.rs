//! Quotes behind blanks, with backslashes in them, and of other kinds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::{
    Case,
    table::{HEADER, lines, read, table},
};
use serde_json::json;

#[test]
fn a_quote_behind_blanks_is_one() {
    let lines = lines(60);
    let usual: Vec<_> = lines
        .iter()
        .map(|line| line.replace("hall", "\"hall, east\""))
        .collect();
    let (expected, none) = read(&table(HEADER, &usual));
    assert_eq!(none, [""; 0]);
    let all = |line: &String| {
        let fields: Vec<_> = line.split(',').collect();
        let site = match fields[2] {
            "hall" => "hall, east",
            other => other,
        };
        format!(
            "{}, {}, \"{site}\" ,   \"{}\"",
            fields[0], fields[1], fields[3]
        )
    };
    let some = |line: &String| line.replace(',', ", ").replace("hall", "\"hall, east\"");
    let single = |line: &String| all(line).replace('"', "'");
    for (way, written) in [
        ("all", lines.iter().map(all).collect::<Vec<_>>()),
        ("some", lines.iter().map(some).collect()),
        ("single", lines.iter().map(single).collect()),
    ] {
        for header in [HEADER, "temp, load, \"site\", \"state\""] {
            let header = if way == "single" {
                header.replace('"', "'")
            } else {
                header.to_owned()
            };
            assert_eq!(
                read(&table(&header, &written)),
                (expected.clone(), vec![]),
                "{way} {header}"
            );
        }
    }
    let semicolons = |line: &String| {
        let line = line.replace(',', "; ");
        line.replace("hall", "\"hall; east\"")
    };
    let written: Vec<_> = lines.iter().map(semicolons).collect();
    let (train, _) = read(&table(&HEADER.replace(',', "; "), &written));
    assert_eq!(train, expected.replace("\"hall, east\"", "hall; east"));
}

#[test]
fn a_quote_that_only_begins_a_word_stays() {
    let text: Vec<_> = lines(60)
        .iter()
        .map(|line| line.replace(",hall", ", \"big\" hall"))
        .collect();
    let schema = Case::new(table(HEADER, &text)).preprocess(&[]);
    assert_eq!(schema["warnings"], json!([]));
    assert_eq!(schema["columns"].as_array().unwrap().len(), 3);
}

#[test]
fn single_quotes_may_have_backslashes_and_backticks_are_quotes() {
    let lines = lines(60);
    let with = |quote: char, site: &str, escaped: &str, every: usize| -> Vec<String> {
        let written = |(at, line): (usize, &String)| {
            let fields: Vec<_> = line.split(',').collect();
            let found = if fields[2] == "hall" && at % every == 0 {
                escaped
            } else {
                site
            };
            let site = if fields[2] == "hall" {
                found
            } else {
                fields[2]
            };
            format!(
                "{},{},{quote}{site}{quote},{quote}{}{quote}",
                fields[0], fields[1], fields[3]
            )
        };
        lines.iter().enumerate().map(written).collect()
    };
    for every in [1, 9, 51] {
        let expected = read(&table(
            HEADER,
            &with('"', "hall, east", "it's hall, east", every),
        ));
        let written = with('\'', "hall, east", "it\\'s hall, east", every);
        assert_eq!(read(&table(HEADER, &written)), expected, "{every}");
        let written = with('`', "hall, east", "it's hall, east", every);
        assert_eq!(read(&table(HEADER, &written)), expected, "{every}");
    }
}
