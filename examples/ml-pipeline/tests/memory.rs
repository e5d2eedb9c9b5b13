//! `preprocess` streams: its memory does not grow with the dataset. A file of its own, as the kernel tells
//! the most memory of all children together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use common::Case;
use nix::sys::resource::{UsageWho, getrusage};
use parquet::data_type::{ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

const ROWS: u64 = 1_200_000;
const HALF: u64 = ROWS / 2;

#[test]
fn a_large_dataset_is_read_in_little_memory() {
    let case = Case::new("");
    write(&case, "data.csv", 0..ROWS);
    assert!(std::fs::metadata(case.path("data.csv")).unwrap().len() > 100 << 20);
    let whole = case.preprocess(&[]);
    assert_eq!(whole["rows"]["read"], ROWS);
    assert_little();

    let packed = Case::new("");
    pack(&packed);
    assert_eq!(packed.preprocess(&[])["rows"]["read"], HALF);
    assert_little();

    let columnar = Case::new("");
    write_columns(&columnar);
    assert_eq!(columnar.preprocess(&[])["rows"]["read"], HALF);
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
    // The files differ, and so does the time that they take.
    for other in ["sha256", "took"] {
        parts[other] = whole[other].clone();
    }
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
    for row in rows {
        let line = fields(row).join(",") + "\n";
        file.write_all(line.as_bytes()).unwrap();
    }
    file.into_inner().unwrap();
}

/// The fields of a row.
fn fields(row: u64) -> [String; 6] {
    let mixed = row.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    [
        format!("{}.{}", mixed >> 50, mixed & 0xffff),
        (row % 977).to_string(),
        format!("{mixed:x}"),
        format!("word-{}", mixed >> 54),
        format!("a text that is different in each row: {row}"),
        (mixed >> 62).to_string(),
    ]
}

/// Half of the rows, compressed.
fn pack(case: &Case) {
    write(case, "plain.csv", 0..HALF);
    let mut plain = std::fs::File::open(case.path("plain.csv")).unwrap();
    let file = std::fs::File::create(case.path("data.csv")).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    std::io::copy(&mut plain, &mut encoder).unwrap();
    encoder.finish().unwrap();
}

/// The same rows as Parquet, in some groups.
fn write_columns(case: &Case) {
    let schema = "message m { required double a; required int64 b; required binary c (STRING); required binary word (STRING); \
                  required binary text (STRING); required int64 y; }";
    let file = std::fs::File::create(case.path("data.csv")).unwrap();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
    for group in 0..4 {
        let rows = group * HALF / 4..(group + 1) * HALF / 4;
        let mut writer = writer.next_row_group().unwrap();
        column::<DoubleType>(&mut writer, rows.clone(), |row| {
            fields(row)[0].parse().unwrap()
        });
        column::<Int64Type>(&mut writer, rows.clone(), |row| {
            fields(row)[1].parse().unwrap()
        });
        column::<ByteArrayType>(&mut writer, rows.clone(), |row| {
            fields(row)[2].as_str().into()
        });
        column::<ByteArrayType>(&mut writer, rows.clone(), |row| {
            fields(row)[3].as_str().into()
        });
        column::<ByteArrayType>(&mut writer, rows.clone(), |row| {
            fields(row)[4].as_str().into()
        });
        column::<Int64Type>(&mut writer, rows, |row| fields(row)[5].parse().unwrap());
        writer.close().unwrap();
    }
    writer.close().unwrap();
}

fn column<T: DataType>(
    writer: &mut SerializedRowGroupWriter<'_, std::fs::File>,
    rows: Range<u64>,
    value: impl Fn(u64) -> T::T,
) {
    let mut column = writer.next_column().unwrap().unwrap();
    let values: Vec<_> = rows.map(value).collect();
    column
        .typed::<T>()
        .write_batch(&values, None, None)
        .unwrap();
    column.close().unwrap();
}

fn assert_little() {
    let most = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    assert!(most < 60 * 1024, "{most} KiB");
}
