//! `preprocess` streams: its memory does not grow with the file. A file of its own, as the kernel tells
//! the most memory of all children together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use std::fmt::Write as _;
use std::io::Write;

use common::Case;
use nix::sys::resource::{UsageWho, getrusage};

#[test]
fn a_large_file_is_read_in_little_memory() {
    let case = Case::new("");
    let mut file = std::io::BufWriter::new(std::fs::File::create(case.path("data.csv")).unwrap());
    file.write_all(b"a,b,c,word,text,y\n").unwrap();
    let mut line = String::new();
    for row in 0_u64..1_200_000 {
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
    assert!(std::fs::metadata(case.path("data.csv")).unwrap().len() > 100 << 20);
    let schema = case.preprocess(&[]);
    assert_eq!(schema["rows"]["read"], 1_200_000);
    let most = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    assert!(most < 60 * 1024, "{most} KiB");
}
