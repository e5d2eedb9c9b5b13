//! Quotes behind blanks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::Case;
use serde_json::json;

const HEADER: &str = "temp,load,site,state";

/// The lines of a table without its header.
fn lines(rows: usize) -> Vec<String> {
    let line = |at: usize| {
        let (site, state) = (["hall", "roof", "yard"][at % 3], ["up", "down"][at / 2 % 2]);
        format!("{}.5,{},{site},{state}", at * 7 % 31, at * 13 % 53)
    };
    (0..rows).map(line).collect()
}

fn table(header: &str, lines: &[String]) -> String {
    format!("{header}\n{}\n", lines.join("\n"))
}

/// What is learned from a table, and what is said of it.
fn read(text: &str) -> (String, Vec<String>) {
    let case = Case::new(text);
    let schema = case.preprocess(&[]);
    let warnings = schema["warnings"].as_array().unwrap().iter();
    let warnings = warnings.map(|it| it.as_str().unwrap().to_owned()).collect();
    (String::from_utf8(case.read("train.csv")).unwrap(), warnings)
}

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
