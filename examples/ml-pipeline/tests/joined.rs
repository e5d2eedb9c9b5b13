//! Rows that are none among the others: the header once more, lines of dashes, units.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::{
    Case,
    table::{HEADER, lines, read, table},
};

#[test]
fn the_header_of_a_joined_file_is_no_row() {
    let lines = lines(60);
    let (expected, none) = read(&table(HEADER, &lines));
    assert_eq!(none, [""; 0]);
    for (header, told) in [
        (
            HEADER,
            "2 rows are the header once more, the first in line 22: they are left out",
        ),
        (
            "\u{feff}temp, load ,\"site\",state",
            "2 rows are the header once more, the first in line 22: they are left out",
        ),
        (
            "temp,load,site,state\n----,----,----,-----",
            "2 rows are the header once more, the first in line 22: they are left out",
        ),
    ] {
        let mut joined = lines.clone();
        joined.insert(40, header.to_owned());
        joined.insert(20, header.to_owned());
        let (train, warnings) = read(&table(HEADER, &joined));
        assert_eq!(train, expected, "{header}");
        assert_eq!(warnings[0], told, "{header}");
    }
}

#[test]
fn a_header_that_comes_again_among_words_is_one() {
    let words: Vec<_> = (0..120_usize)
        .map(|at| {
            let word = |of: [&str; 3], by: usize| of[at * by / 7 % 3].to_owned();
            [
                word(["hall", "roof", "yard"], 3),
                word(["q", "r", "s"], 5),
                word(["up", "down", "up"], 4),
            ]
            .join(",")
        })
        .collect();
    let expected = read(&table("site,kind,state", &words)).0;
    let mut joined = words.clone();
    joined.insert(50, "site,kind,state".to_owned());
    let (train, warnings) = read(&table("site,kind,state", &joined));
    assert_eq!(train, expected);
    assert_eq!(
        warnings[0],
        "line 52 is the header once more, and is left out"
    );
    // In a table without a header, rows come twice as well.
    let schema = Case::new(words.join("\n") + "\n").preprocess(&[]);
    assert_eq!(schema["header"], "absent");
}

#[test]
fn each_file_of_a_directory_may_have_the_header_again() {
    let lines = lines(60);
    let mut joined = lines[30..].to_vec();
    joined.insert(10, HEADER.to_owned());
    let case = Case::folder(&[
        ("a.csv", table(HEADER, &lines[..30])),
        ("b.csv", table(HEADER, &joined)),
    ]);
    let schema = case.preprocess(&[]);
    assert_eq!(schema["rows"]["read"], 60);
    assert_eq!(
        schema["warnings"][0],
        "line 12 of 'b.csv' is the header once more, and is left out"
    );
}

#[test]
fn a_line_below_the_header_is_no_row() {
    let lines = lines(60);
    let expected = read(&table(HEADER, &lines)).0;
    for rule in ["----,----,----,-----", ":---,---:,:---:,---", "==,==,==,=="] {
        let (train, warnings) = read(&table(&format!("{HEADER}\n{rule}"), &lines));
        assert_eq!(train, expected, "{rule}");
        assert_eq!(
            warnings,
            ["line 2 is a line below the header that has no values, and is left out"]
        );
    }
    let markdown: Vec<_> = lines
        .iter()
        .map(|line| format!("| {} |", line.replace(',', " | ")))
        .collect();
    let header = "| temp | load | site | state |\n|------|-----:|:----:|-------|";
    let (train, warnings) = read(&table(header, &markdown));
    assert_eq!(train, expected);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn units_and_types_below_the_header_are_told() {
    for row in ["[C],[kW],[-],[-]", "float,float,string,string", "°C,kW,,"] {
        let (_, warnings) = read(&table(&format!("{HEADER}\n{row}"), &lines(60)));
        let told = |it: &String| {
            it.starts_with("line 2 looks like the units or types of the columns ('")
                && it.ends_with("and counts as a row: delete it if it is none")
        };
        assert!(warnings.iter().any(told), "{warnings:?}");
    }
}
