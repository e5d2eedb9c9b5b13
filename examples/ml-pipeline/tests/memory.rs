//! `preprocess` streams: its memory does not grow with the dataset. A file of its own, as the kernel tells
//! the most memory of all children together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use std::fmt::Write as _;
use std::io::Write;
use std::ops::Range;

use common::Case;
use nix::sys::resource::{UsageWho, getrusage};

const ROWS: u64 = 1_200_000;

#[test]
fn a_large_dataset_is_read_in_little_memory() {
    let case = Case::new("");
    write(&case, "data.csv", 0..ROWS);
    assert!(std::fs::metadata(case.path("data.csv")).unwrap().len() > 100 << 20);
    let whole = case.preprocess(&[]);
    assert_eq!(whole["rows"]["read"], ROWS);
    assert_little();

    let case = Case::folder(&[("_", "")]);
    for part in 0..24 {
        let size = ROWS / 24;
        let name = format!("data/{part:02}.csv");
        write(&case, &name, part * size..(part + 1) * size);
    }
    let mut parts = case.preprocess(&[]);
    assert_little();
    assert_eq!(parts["files"], 24);
    (parts["files"], parts["file"]) = (1.into(), "data.csv".into());
    assert_eq!(parts, whole);

    let small: Vec<_> = (0..5_000)
        .map(|at| {
            (
                format!("{at}.csv"),
                format!("a,y\n{},{}\n", at % 977, at % 2),
            )
        })
        .collect();
    let small: Vec<_> = small
        .iter()
        .map(|(name, data)| (name.as_str(), data))
        .collect();
    assert_eq!(Case::folder(&small).preprocess(&[])["rows"]["read"], 5_000);
    assert_little();
}

fn write(case: &Case, name: &str, rows: Range<u64>) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(case.path(name)).unwrap());
    file.write_all(b"a,b,c,word,text,y\n").unwrap();
    let mut line = String::new();
    for row in rows {
        let mixed = row.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        line.clear();
        writeln!(
            line,
            "{}.{},{},{mixed:x},word-{},a text that is different in each row: {row},{}",
            mixed >> 50,
            mixed & 0xffff,
            row % 977,
            mixed >> 54,
            mixed >> 62
        )
        .unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
    file.into_inner().unwrap();
}

fn assert_little() {
    let most = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    assert!(most < 60 * 1024, "{most} KiB");
}
