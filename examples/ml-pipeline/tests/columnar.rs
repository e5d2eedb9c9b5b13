//! Parquet files are read as what is in them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use std::sync::Arc;

use common::{Case, plants};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray,
    FixedLenByteArrayType, FloatType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

/// Writes a file with some groups of rows.
fn file(
    schema: &str,
    properties: WriterProperties,
    groups: usize,
    write: impl Fn(usize, &mut SerializedRowGroupWriter<'_, Vec<u8>>),
) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    for group in 0..groups {
        let mut rows = writer.next_row_group().unwrap();
        write(group, &mut rows);
        rows.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// Writes the next column; nothing where a value is missing.
fn column<T: DataType>(
    rows: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: Vec<Option<T::T>>,
) {
    let mut column = rows.next_column().unwrap().unwrap();
    let levels: Vec<_> = values.iter().map(|it| i16::from(it.is_some())).collect();
    let values: Vec<_> = values.into_iter().flatten().collect();
    column
        .typed::<T>()
        .write_batch(&values, Some(&levels), Some(&vec![0; levels.len()]))
        .unwrap();
    column.close().unwrap();
}

fn text(value: impl AsRef<str>) -> ByteArray {
    ByteArray::from(value.as_ref())
}

/// The table of [`plants`] in some groups of rows.
fn plants_file(rows: usize, compression: Compression, groups: usize) -> Vec<u8> {
    let table = plants(rows as u32);
    let lines: Vec<Vec<String>> = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect();
    let schema = "message m { optional double height; optional binary soil (STRING); optional int32 planted (DATE); \
                  optional binary kind (STRING); }";
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .build();
    file(schema, properties, groups, |group, rows| {
        let size = lines.len().div_ceil(groups);
        let lines: Vec<_> = lines.iter().skip(group * size).take(size).collect();
        let each = |at: usize| lines.iter().map(move |line| line[at].clone());
        let days = |date: String| {
            let parts: Vec<i32> = date.split('-').map(|it| it.parse().unwrap()).collect();
            let month = time::Month::try_from(parts[1] as u8).unwrap();
            let date = time::Date::from_calendar_date(parts[0], month, parts[2] as u8).unwrap();
            date.to_julian_day() - 2_440_588
        };
        column::<DoubleType>(rows, each(0).map(|it| it.parse().ok()).collect());
        column::<ByteArrayType>(rows, each(1).map(|it| Some(text(it))).collect());
        column::<Int32Type>(rows, each(2).map(|it| Some(days(it))).collect());
        column::<ByteArrayType>(rows, each(3).map(|it| Some(text(it))).collect());
    })
}

fn left(case: &Case) -> (Vec<u8>, Vec<u8>) {
    case.preprocess(&[]);
    (case.read("train.csv"), case.read("test.csv"))
}

#[test]
fn a_parquet_file_comes_to_the_same_as_a_csv_file() {
    let csv = Case::new(plants(3000));
    let expected = left(&csv);
    let warnings = csv.json("schema.json")["warnings"].clone();
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        let case = Case::new(plants_file(3000, compression, 3));
        let said = case.run(&["preprocess", "data.csv", "--out", "out"]);
        assert!(
            said.err
                .contains("read data.csv: Parquet, 3000 rows, 4 columns"),
            "{}",
            said.err
        );
        assert_eq!(case.json("schema.json")["warnings"], warnings);
        assert_eq!((case.read("train.csv"), case.read("test.csv")), expected);
    }
}

#[test]
fn a_model_is_trained_and_predicts() {
    let case = Case::new(plants_file(300, Compression::SNAPPY, 2));
    case.pipeline(&[]);
    let of = |data: &str| {
        let said = case.run(&["predict", "out/model.onnx", data]);
        assert!(said.ok, "{}", said.err);
        said.out
    };
    let expected = of("data.csv");
    assert_eq!(expected.lines().count(), 301);
    std::fs::write(case.path("plain.csv"), plants(300)).unwrap();
    assert_eq!(of("plain.csv"), expected);
    std::fs::create_dir(case.path("parts")).unwrap();
    std::fs::write(
        case.path("parts/a.parquet"),
        plants_file(200, Compression::SNAPPY, 1),
    )
    .unwrap();
    std::fs::write(case.path("parts/b.csv"), plants(100)).unwrap();
    let said = case.run(&["predict", "out/model.onnx", "parts"]);
    assert!(said.ok && said.out.lines().count() == 301, "{}", said.err);
}

#[test]
fn files_of_both_kinds_are_one_table() {
    let packed = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, plants(300).as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let case = Case::folder(&[
        ("_SUCCESS", Vec::new()),
        ("a.parquet", plants_file(300, Compression::SNAPPY, 2)),
        ("b.csv", plants(300).replace(',', ";").into_bytes()),
        ("c.csv.gz", packed),
    ]);
    let schema = case.preprocess(&[]);
    assert_eq!(
        (&schema["files"], &schema["rows"]["read"]),
        (&3.into(), &900.into())
    );
    assert_eq!(
        schema["warnings"][0],
        "the files are stored in Parquet (1) and UTF-8 (1) and UTF-8 in gzip (1)"
    );
    let other = plants(30).replacen("soil", "ground", 1);
    let case = Case::folder(&[
        ("a.parquet", plants_file(300, Compression::SNAPPY, 1)),
        ("b.csv", other.into_bytes()),
    ]);
    assert_eq!(
        case.refused(&[]),
        "data: 'a.parquet' and 'b.csv' are not parts of one table: the second lacks 'soil', and has 'ground' instead"
    );
}

#[test]
fn each_type_is_read_as_what_it_means() {
    let schema = "message m { required boolean flag; optional int32 small (INTEGER(8,false)); optional int64 big; \
                  optional float part; optional int32 price (DECIMAL(9,2)); \
                  optional fixed_len_byte_array(5) sum (DECIMAL(11,3)); optional int64 at (TIMESTAMP(MICROS,true)); \
                  optional int96 old; optional int32 clock (TIME(MILLIS,false)); optional binary word; \
                  optional binary picture; optional group list (LIST) { repeated group list { optional int32 element; } } \
                  optional group pair { optional int32 left; optional int32 right; } \
                  optional binary y (STRING); optional int64 __index_level_0__; }";
    let data = file(schema, WriterProperties::default(), 1, |_, rows| {
        let all = || 0..60_i32;
        let some = |at: i32| at % 7 != 3;
        column::<BoolType>(rows, all().map(|at| Some(at % 2 == 0)).collect());
        column::<Int32Type>(
            rows,
            all().map(|at| some(at).then_some(-1 - at % 5)).collect(),
        );
        column::<Int64Type>(
            rows,
            all().map(|at| Some(i64::from(at * at % 11))).collect(),
        );
        column::<FloatType>(
            rows,
            all()
                .map(|at| {
                    Some(if at % 9 == 4 {
                        f32::NAN
                    } else {
                        at as f32 / 4.0
                    })
                })
                .collect(),
        );
        column::<Int32Type>(rows, all().map(|at| Some(at * 101 % 977 - 200)).collect());
        let sum = |at: i32| {
            let bytes = i64::from(at * 37 - 500).to_be_bytes();
            FixedLenByteArray::from(bytes[3..].to_vec())
        };
        column::<FixedLenByteArrayType>(rows, all().map(|at| Some(sum(at))).collect());
        let at = |at: i32| Some(1_700_000_000_000_000 + i64::from(at * 7919 % 60) * 3_600_500_000);
        column::<Int64Type>(rows, all().map(at).collect());
        let old = |at: i32| {
            let mut value = Int96::new();
            value.set_data(0, 0, 2_460_000 + (at * 13 % 60) as u32);
            Some(value)
        };
        column::<Int96Type>(rows, all().map(old).collect());
        column::<Int32Type>(
            rows,
            all().map(|at| Some(at * 13 % 24 * 3_600_000)).collect(),
        );
        column::<ByteArrayType>(
            rows,
            all()
                .map(|at| Some(text(["a", "b", "c"][at as usize % 3])))
                .collect(),
        );
        column::<ByteArrayType>(
            rows,
            all()
                .map(|at| Some(ByteArray::from(vec![0x89, 0, at as u8])))
                .collect(),
        );
        column::<Int32Type>(rows, all().map(|_| None).collect());
        column::<Int32Type>(rows, all().map(|_| None).collect());
        column::<Int32Type>(rows, all().map(|_| None).collect());
        column::<ByteArrayType>(
            rows,
            all()
                .map(|at| Some(text(["u", "v"][at as usize / 2 % 2])))
                .collect(),
        );
        column::<Int64Type>(rows, all().map(|at| Some(i64::from(at))).collect());
    });
    let case = Case::new(data);
    let schema = case.preprocess(&[]);
    assert_eq!(schema["target"]["name"], "y");
    let warnings: Vec<_> = schema["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .take(3)
        .collect();
    assert_eq!(
        warnings,
        [
            "each of the columns 'list', 'pair' has values within values, and only flat columns are read: left out",
            "column '__index_level_0__' is the index of pandas: left out",
            "column 'picture' has bytes and no text: left out",
        ]
    );
    // What a CSV file of these values comes to.
    let csv = (0..60_i32).fold("flag,small,big,part,price,sum,at,old,clock,word,y\n".to_owned(), |csv, at| {
        let cents = at * 101 % 977 - 200;
        let sum = at * 37 - 500;
        let sign = |number: i32| if number < 0 { "-" } else { "" };
        let hours = at * 7919 % 60;
        let moment = 1_700_000_000 + i64::from(hours) * 3600;
        let moment = time::OffsetDateTime::from_unix_timestamp(moment).unwrap();
        let half = time::Duration::milliseconds(500) * hours;
        let moment = moment + half;
        let old = time::Date::from_julian_day(2_460_000 + at * 13 % 60).unwrap();
        csv + &format!(
            "{},{},{},{},{}{}.{:02},{}{}.{:03},{}T{:02}:{:02}:{:02}.{:03},{old}T00:00:00,{:02}:00:00,{},{}\n",
            at % 2 == 0,
            if at % 7 == 3 { String::new() } else { (u32::MAX - (at % 5) as u32).to_string() },
            at * at % 11,
            if at % 9 == 4 { String::new() } else { (at as f32 / 4.0).to_string() },
            sign(cents),
            cents.abs() / 100,
            cents.abs() % 100,
            sign(sum),
            sum.abs() / 1000,
            sum.abs() % 1000,
            moment.date(),
            moment.hour(),
            moment.minute(),
            moment.second(),
            moment.millisecond(),
            at * 13 % 24,
            ["a", "b", "c"][at as usize % 3],
            ["u", "v"][at as usize / 2 % 2],
        )
    });
    let expected = Case::new(csv);
    expected.preprocess(&[]);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(
        text(case.read("train.csv")),
        text(expected.read("train.csv"))
    );
}

#[test]
fn the_index_of_a_data_frame_is_no_target() {
    let schema = "message m { optional double x; optional binary y (STRING); optional int64 day; }";
    let about = KeyValue::new(
        "pandas".to_owned(),
        "{\"index_columns\": [\"day\"], \"columns\": []}".to_owned(),
    );
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(vec![about]))
        .build();
    let data = file(schema, properties, 1, |_, rows| {
        column::<DoubleType>(
            rows,
            (0..60).map(|at| Some(f64::from(at * 7 % 13))).collect(),
        );
        column::<ByteArrayType>(
            rows,
            (0..60).map(|at| Some(text(["u", "v"][at % 2]))).collect(),
        );
        column::<Int64Type>(rows, (0..60).map(|at| Some(at * 5 % 17)).collect());
    });
    let schema = Case::new(data).preprocess(&[]);
    assert_eq!(schema["target"]["name"], "y");
    assert_eq!(schema["columns"][0]["name"], "day");
}

#[test]
fn damaged_files_are_told() {
    let whole = plants_file(300, Compression::SNAPPY, 1);
    let damaged =
        "this Parquet file cannot be read: it is damaged or was cut off, so store it again";
    for length in [4, 100, whole.len() / 2, whole.len() - 1] {
        let refused = Case::new(&whole[..length]).refused(&[]);
        assert!(
            refused.starts_with(&format!("data.csv: {damaged}: ")),
            "{refused}"
        );
    }
    // A column that begins before the file.
    let mut before = include_bytes!("../fuzz/seeds/zstd.parquet").to_vec();
    before[765] = 0xff;
    assert_eq!(
        Case::new(before).refused(&[]),
        format!("data.csv: {damaged}")
    );
    let mut wrong = whole.clone();
    wrong[20..60].fill(0xff);
    let refused = Case::new(wrong).refused(&[]);
    assert!(
        refused.starts_with(&format!("data.csv: {damaged}")),
        "{refused}"
    );
    assert_eq!(
        Case::new(&whole).refused(&["--skip-lines", "1"]),
        "data.csv is a Parquet file, and --encoding and --skip-lines are for text files: leave them out"
    );
    let empty = file(
        "message m { optional double x; }",
        WriterProperties::default(),
        0,
        |_, _| (),
    );
    assert!(
        Case::new(empty)
            .refused(&[])
            .contains("it has one column, 'x'")
    );
    let nested = file(
        "message m { optional group a { optional double x; } }",
        WriterProperties::default(),
        0,
        |_, _| (),
    );
    assert_eq!(
        Case::new(nested).refused(&[]),
        "data.csv: this Parquet file has no flat column of numbers, words or dates"
    );
}

#[test]
fn a_last_column_that_is_not_read_is_no_reason_for_another_target() {
    let nested = file(
        "message m { optional double x; optional double z; optional group y { optional double a; } }",
        WriterProperties::default(),
        0,
        |_, _| (),
    );
    assert_eq!(
        Case::new(nested.clone()).refused(&[]),
        "data.csv: the last column 'y' would be the target, and its values cannot be read: name another one with --target"
    );
    let named = Case::new(nested).refused(&["--target", "z"]);
    assert_eq!(named, "data.csv: it has a header and no rows");
}
