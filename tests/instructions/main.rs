//! A guard over what the paths cost that every blob takes: instructions, as Valgrind's callgrind counts them.
//!
//! Instructions do not depend on what else a machine does, so a few percent more are seen at once, where times would
//! say nothing. `make instructions` compares them with `figures.json` and fails where one is more than 5 % above;
//! `make instructions WRITE=1` writes them down again. The programs are those of the tests (profile `dev`).
//!
//! Each case runs in a process of its own, and only what is within a function `instructions_of_…` is counted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;

use std::{collections::BTreeMap, env, fs, path::Path, process::Command};

/// Which case this process runs, of those that callgrind counts.
const CASE: &str = "INSTRUCTIONS_OF";
/// Set by `make instructions`: compare.
const COMPARE: &str = "INSTRUCTIONS";
/// Set by `make instructions WRITE=1`: write the figures down.
const WRITE: &str = "WRITE_INSTRUCTIONS";

/// By how much a figure may be above the one that was written down, in percent.
const MOST_ABOVE: u64 = 5;

#[test]
fn no_path_of_every_blob_costs_more_than_before() {
    if let Ok(case) = env::var(CASE) {
        cases::run(&case);
        return;
    }
    if env::var(COMPARE).is_err() {
        println!("not run: `make instructions` counts them, with Valgrind");
        return;
    }
    let found: BTreeMap<String, u64> = cases::NAMES
        .iter()
        .map(|name| ((*name).to_owned(), counted(name)))
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/instructions/figures.json");
    if env::var(WRITE).is_ok() {
        let text = serde_json::to_string_pretty(&found).expect("JSON") + "\n";
        fs::write(&path, text).expect("the figures can be written");
        return;
    }
    let text = fs::read_to_string(&path).expect("the figures can be read");
    let before: BTreeMap<String, u64> = serde_json::from_str(&text).expect("figures by name");
    let told = compared(&found, &before);
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// What is to be said of figures beside those that were written down; prints the others.
fn compared(found: &BTreeMap<String, u64>, before: &BTreeMap<String, u64>) -> Vec<String> {
    let mut told = Vec::new();
    for (name, &now) in found {
        let Some(&then) = before.get(name) else {
            told.push(format!(
                "{name}: {now} instructions, and no figure before: `make instructions WRITE=1` writes it down"
            ));
            continue;
        };
        let above = (now as f64 / then as f64 - 1.0) * 100.0;
        let line = format!("{name}: {now} instructions, {above:+.1} % beside {then}");
        if now * 100 > then * (100 + MOST_ABOVE) {
            told.push(format!(
                "{line}: more than {MOST_ABOVE} % above; make it cheaper, or write the figure down with `make instructions \
                 WRITE=1` and say in the commit what it buys"
            ));
        } else {
            println!("{line}");
        }
    }
    for gone in before.keys().filter(|name| !found.contains_key(*name)) {
        told.push(format!(
            "{gone}: no such case any more: `make instructions WRITE=1` removes its figure"
        ));
    }
    told
}

/// How many instructions a case takes.
fn counted(case: &str) -> u64 {
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--toggle-collect=*instructions_of_*",
        ])
        .arg(env::current_exe().expect("this program has a path"))
        .args(["--exact", "no_path_of_every_blob_costs_more_than_before"])
        .env(CASE, case)
        .output()
        .expect("Valgrind is installed");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{case} failed:\n{told}");
    told.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .filter(|count| *count > 0)
        .unwrap_or_else(|| panic!("{case}: callgrind counted nothing:\n{told}"))
}

#[test]
fn a_figure_is_told_when_it_is_above_new_or_of_no_case() {
    let figures = |all: &[(&str, u64)]| {
        all.iter()
            .map(|(name, it)| ((*name).to_owned(), *it))
            .collect()
    };
    let before = figures(&[("same", 100), ("more", 100), ("gone", 100)]);
    let found = figures(&[("same", 105), ("more", 106), ("new", 100)]);
    let told = compared(&found, &before);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("more: 106 instructions, +6.0 % beside 100"));
    assert!(told[1].starts_with("new: 100 instructions, and no figure before"));
    assert!(told[2].starts_with("gone: no such case any more"));
}
