//! Compressed files are read as what is in them, and told where they are damaged.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use std::io::Write;

use common::{Case, plants};
use flate2::{Compression, write::GzEncoder};

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 3).unwrap()
}

#[test]
fn compressed_files_come_to_the_same_whatever_their_name() {
    let table = plants(240);
    let left = |case: &Case| {
        let warnings = case.preprocess(&[])["warnings"].clone();
        (warnings, case.read("train.csv"), case.read("test.csv"))
    };
    let expected = left(&Case::new(&table));
    let (a, b) = table.as_bytes().split_at(1000);
    let frame = b"\x50\x2a\x4d\x18\x02\0\0\0xx";
    for packed in [
        gzip(table.as_bytes()),
        zstd(table.as_bytes()),
        // Some programs write several streams one after the other.
        [gzip(a), gzip(b)].concat(),
        // Others fill a block with zeros.
        [gzip(a), gzip(b), vec![0; 100_000]].concat(),
        [zstd(a), zstd(b)].concat(),
        [frame.to_vec(), zstd(table.as_bytes())].concat(),
    ] {
        assert_eq!(left(&Case::new(packed)), expected);
    }
    let case = Case::new(gzip(table.as_bytes()));
    let said = case.run(&["preprocess", "data.csv", "--out", "out"]);
    assert!(
        said.err
            .contains("read data.csv: UTF-8 in gzip, delimiter ',', 240 rows, 4 columns"),
        "{}",
        said.err
    );
}

#[test]
fn the_files_of_a_directory_may_be_compressed() {
    let table = plants(240);
    let (header, rows) = table.split_once('\n').unwrap();
    let lines: Vec<_> = rows.lines().collect();
    let part = |range: std::ops::Range<usize>| format!("{header}\n{}\n", lines[range].join("\n"));
    let case = Case::folder(&[
        ("_SUCCESS", Vec::new()),
        (".a.crc", b"crc\0".to_vec()),
        ("a.csv", part(0..80).into_bytes()),
        ("b.csv.gz", gzip(part(80..160).as_bytes())),
        ("c.csv.zst", zstd(part(160..240).as_bytes())),
        ("d.csv.gz", gzip(b"")),
    ]);
    let schema = case.preprocess(&[]);
    assert_eq!(
        (&schema["files"], &schema["rows"]["read"]),
        (&3.into(), &240.into())
    );
    let warnings = schema["warnings"].as_array().unwrap();
    assert_eq!(
        warnings[..2],
        [
            "empty files are ignored: 'd.csv.gz'",
            "the files are stored in UTF-8 (1) and UTF-8 in gzip (1) and UTF-8 in zstd (1)"
        ]
    );
    let whole = Case::new(&table);
    whole.preprocess(&[]);
    assert_eq!(case.read("train.csv"), whole.read("train.csv"));
    let cut = gzip(table.as_bytes());
    let case = Case::folder(&[
        ("a.csv", table.as_bytes()),
        ("b.csv.gz", &cut[..cut.len() / 2]),
    ]);
    assert_eq!(
        case.refused(&[]),
        "data/b.csv.gz: the file is cut off within its gzip data: store it again"
    );
}

#[test]
fn damaged_files_are_told() {
    let mut table = plants(20_000);
    // What cannot be compressed well is cut in the middle.
    let mut mixed = 1_u64;
    table += &(0..20_000).fold(String::new(), |text, _| {
        mixed = mixed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        text + &format!("{},clay,2025-01-01,fern\n", mixed >> 20)
    });
    for (name, packed) in [
        ("gzip", gzip(table.as_bytes())),
        ("zstd", zstd(table.as_bytes())),
    ] {
        let cut = format!("data.csv: the file is cut off within its {name} data: store it again");
        for length in [packed.len() - 1, packed.len() / 2, 20] {
            assert_eq!(Case::new(&packed[..length]).refused(&[]), cut, "{length}");
        }
        let mut wrong = packed.clone();
        let at = wrong.len() / 2;
        wrong[at..at + 40].fill(0x55);
        let refused = Case::new(wrong).refused(&[]);
        assert!(
            refused.starts_with(&format!("data.csv: its {name} data cannot be unpacked (")),
            "{refused}"
        );
    }
    assert_eq!(Case::new(gzip(b"")).refused(&[]), "data.csv is empty");
}

#[test]
fn what_is_no_table_is_named_in_a_compressed_file_too() {
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    assert_eq!(
        Case::new(gzip(&tar)).refused(&[]),
        "data.csv: this is a tar archive, not a table: unpack it first"
    );
    let twice = gzip(&gzip(plants(60).as_bytes()));
    assert_eq!(
        Case::new(twice).refused(&[]),
        "data.csv: this is a file compressed twice, not a table: unpack it first"
    );
    assert_eq!(
        Case::new(zstd(b"PAR1\0\0")).refused(&[]),
        "data.csv: this is a compressed Parquet file, not a table: unpack it first"
    );
}

#[test]
fn what_grows_without_end_is_refused() {
    let row = b"1,2,u\n".repeat(1 << 16);
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.write_all(b"a,b,y\n").unwrap();
    (0..800).for_each(|_| encoder.write_all(&row).unwrap());
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    assert_eq!(
        Case::new(bomb).refused(&[]),
        "data.csv: its zstd data becomes more than 256 MiB, and 200 times its size: no table shrinks so much, so look at \
         the file, and unpack it if it is right"
    );
    let zeros = vec![0; 1 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    (0..300).for_each(|_| encoder.write_all(&zeros).unwrap());
    assert_eq!(
        Case::new(encoder.finish().unwrap()).refused(&[]),
        "data.csv: line 1 has a NUL byte: this is no text"
    );
}
