//! A directory of files is one dataset: what is read as one, and what is said of files that do not fit.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::{Case, plants, prices};

/// A table as some files that follow on each other, each with the header.
fn parts(table: &str, sizes: &[usize]) -> Vec<String> {
    let (header, rows) = table.split_once('\n').unwrap();
    let mut rows = rows.lines();
    let mut part = |size| {
        let rows: Vec<_> = rows.by_ref().take(size).collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    sizes.iter().map(|&size| part(size)).collect()
}

/// What `preprocess` leaves of a table that is in one file.
fn whole(table: &str) -> (Vec<u8>, Vec<u8>) {
    left(&Case::new(table))
}

fn left(case: &Case) -> (Vec<u8>, Vec<u8>) {
    case.preprocess(&[]);
    (case.read("train.csv"), case.read("test.csv"))
}

#[test]
fn files_come_to_the_same_as_one_file_of_all_their_rows() {
    let table = plants(240);
    let [a, b, c] = &parts(&table, &[100, 1, 139])[..] else {
        panic!()
    };
    // In the order of their names, whatever the order in which they were written.
    let case = Case::folder(&[("10.csv", b), ("2.csv", c), ("1", a)]);
    let said = case.run(&["preprocess", "data", "--out", "out"]);
    assert!(
        said.err
            .contains("read data: 3 files, UTF-8, delimiter ',', 240 rows, 4 columns"),
        "{}",
        said.err
    );
    assert_eq!(left(&case), whole(&table));
    assert_eq!(case.preprocess(&["--target", "height"])["files"], 3);
    case.pipeline(&[]);
    let report = String::from_utf8(case.read("report.html")).unwrap();
    assert!(report.contains("kind from data</h1>"));
    assert!(report.contains("of 240 in 3 files;"), "{report}");
}

#[test]
fn each_file_is_read_in_the_way_in_which_it_is_written() {
    let table = prices(90);
    let [a, b, c] = &parts(&table, &[40, 40, 10])[..] else {
        panic!()
    };
    let utf16: Vec<u8> = format!("\u{feff}{}", b.replace(',', ";"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let case = Case::folder(&[
        ("a.csv", format!("\u{feff}{a}").into_bytes()),
        ("b.csv", utf16),
        // The line ends of Windows, and none at the end.
        ("c.csv", c.trim_end().replace('\n', "\r\n").into_bytes()),
    ]);
    assert_eq!(left(&case), whole(&table));
    assert_eq!(
        case.preprocess(&[])["warnings"],
        serde_json::json!(["the files are stored in UTF-16LE (1) and UTF-8 (2)"])
    );
    let old: Vec<u8> = c.replace('\n', "\r").into_bytes();
    let case = Case::folder(&[("a", a.as_bytes()), ("b", b.as_bytes()), ("c", &old)]);
    assert_eq!(left(&case), whole(&table));
}

#[test]
fn files_with_few_rows_or_none_are_read_as_the_others_are() {
    let table = plants(60).replace(',', ";");
    let [a, b] = &parts(&table, &[59, 1])[..] else {
        panic!()
    };
    let case = Case::folder(&[
        ("a.csv", a.as_str()),
        ("b.csv", b),
        // Nothing but the header, once with a delimiter at its end.
        ("c.csv", "height;soil;planted;kind"),
        ("d.csv", "height;soil;planted;kind;\n"),
        ("e.csv", ""),
        ("f.csv", "\n"),
        ("_SUCCESS", ""),
        (".a.csv.crc", "crc\0"),
    ]);
    let schema = case.preprocess(&[]);
    assert_eq!(left(&case), whole(&table));
    assert_eq!(
        (&schema["files"], &schema["rows"]["read"]),
        (&4.into(), &60.into())
    );
    assert_eq!(
        schema["warnings"][0],
        "empty files are ignored: 'e.csv', 'f.csv'"
    );
    // A header of words over one row of words, and names among which there are numbers.
    let case = Case::folder(&[
        ("a.csv", "0,1,y\n".to_owned() + &"3,4,u\n5,2,v\n".repeat(20)),
        ("b.csv", "0,1,y\n".to_owned()),
    ]);
    assert_eq!(case.preprocess(&[])["rows"]["read"], 40);
    // Names with a comma, and no rows from which the delimiter can be told.
    let header = "size, m;price, EUR;y\n".to_owned();
    let rows = "1;7;u\n2;9;v\n".repeat(20);
    let case = Case::folder(&[("a.csv", header.clone() + &rows), ("b.csv", header)]);
    assert_eq!(case.preprocess(&[])["files"], 2);
}

#[test]
fn files_without_a_header_are_one_table_if_all_have_none() {
    let body = |rows| plants(rows).split_once('\n').unwrap().1.to_owned();
    let case = Case::folder(&[("a", body(60)), ("b", body(30))]);
    let schema = case.preprocess(&[]);
    assert_eq!(
        (&schema["header"], &schema["rows"]["read"]),
        (&"absent".into(), &90.into())
    );
    let refused = |a: String, b: String| Case::folder(&[("a.csv", a), ("b.csv", b)]).refused(&[]);
    assert_eq!(
        refused(body(60), plants(60)),
        "data: 'a.csv' and 'b.csv' are not parts of one table: the first has no header, and the second begins with \
         'height', 'soil', 'planted', 'kind'"
    );
    assert_eq!(
        refused(plants(60), body(60)),
        "data: 'a.csv' and 'b.csv' are not parts of one table: the first has the columns 'height', 'soil', 'planted', \
         'kind', and the second has no header and begins with '0.5', 'clay', '2025-01-01', 'fern'"
    );
    assert_eq!(
        refused(body(60), "1.5,2\n".repeat(9)),
        "data: 'a.csv' and 'b.csv' are not parts of one table: the first has 4 columns, and the second 2"
    );
}

#[test]
fn a_header_that_differs_is_told_with_the_file_and_the_columns() {
    let refused = |header: &str| {
        let table = plants(60);
        let (_, rows) = table.split_once('\n').unwrap();
        let other = format!("{header}\n{rows}");
        Case::folder(&[
            ("a.csv", table.as_str()),
            ("b.csv", &table),
            ("c.csv", &other),
        ])
        .refused(&[])
    };
    for (header, problem) in [
        ("height,soil,kind", "the second lacks 'planted'"),
        (
            "height,soil,planted,kind,who",
            "the second has 'who' as well",
        ),
        (
            "height,Soil,planted,sort",
            "the second lacks 'soil', 'kind', and has 'Soil', 'sort' instead",
        ),
        (
            "height,kind,planted,soil",
            "they have the same columns in another order (column 2 is 'soil' in the first and 'kind' in the second)",
        ),
        (
            "height,soil,planted,kind,kind",
            "the second has 'kind' as well",
        ),
        (
            "a1,a2,a3,a4,a5,a6,a7",
            "the second lacks 'height', 'soil', 'planted', 'kind', and has 'a1', 'a2', 'a3', 'a4', 'a5' and 2 more instead",
        ),
    ] {
        assert_eq!(
            refused(header),
            format!("data: 'a.csv' and 'c.csv' are not parts of one table: {problem}")
        );
    }
    // Blanks around a name are none of it.
    let table = plants(60);
    let blanks = table.replacen("height,soil", "height , soil", 1);
    let case = Case::folder(&[("a.csv", &table), ("b.csv", &blanks)]);
    assert_eq!(case.preprocess(&[])["rows"]["read"], 120);
}

#[test]
fn two_ways_of_writing_numbers_are_told_and_not_guessed() {
    let point = prices(60);
    let comma = point.replace(',', ";").replace('.', ",");
    let refused = Case::folder(&[("a.csv", &point), ("b.csv", &comma)]).refused(&[]);
    assert_eq!(
        refused,
        "data: 'a.csv' has numbers with a decimal point and 'b.csv' with a decimal comma: write them in one way"
    );
    // `1.234` may be either: the other file tells.
    let row = |at: usize| format!("{},{};1.{:03};{}\n", at % 7, at % 9, at, ["u", "v"][at % 2]);
    let sure: String = (0..60).map(row).collect();
    let row = |at: usize| format!("{};2.{:03};{}\n", at % 7, at, ["u", "v"][at % 2]);
    let unsure: String = (0..60).map(row).collect();
    let case = Case::folder(&[
        ("a.csv", format!("x;n;y\n{unsure}")),
        ("b.csv", format!("x;n;y\n{sure}")),
    ]);
    assert_eq!(case.preprocess(&[])["numerals"], "comma");
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    assert!(
        train.lines().nth(1).unwrap().starts_with("0,2000,"),
        "{train}"
    );
}

#[test]
fn what_is_no_dataset_is_told_in_one_sentence() {
    let none: [(&str, &str); 0] = [];
    let empty = "data is a directory without a file: put CSV or Parquet files into it (a name that begins with '_' or '.' does not \
                 count)";
    assert_eq!(Case::folder(&none).refused(&[]), empty);
    assert_eq!(Case::folder(&[("_SUCCESS", "")]).refused(&[]), empty);
    assert_eq!(
        Case::folder(&[("a", ""), ("b", " \n")]).refused(&[]),
        "data: all of its files are empty"
    );
    assert_eq!(
        Case::folder(&[("a", "x,y\n"), ("b", "x,y")]).refused(&[]),
        "data: it has a header and no rows"
    );
    let table = plants(60);
    assert_eq!(
        Case::folder(&[("a", table.as_bytes()), ("b", b"\x1f\x8b\x08")]).refused(&[]),
        "data/b: the file is cut off within its gzip data: store it again"
    );
    let case = Case::folder(&[("a", &table)]);
    std::fs::create_dir(case.path("data/more")).unwrap();
    assert_eq!(
        case.refused(&[]),
        "data/more is a directory within the dataset, which is one directory of files: move its files up, or give it \
         alone"
    );
    let case = Case::folder(&[("a", &table)]);
    for out in ["data", "data/out", "data/../data/x/y"] {
        let said = case.run(&["run", "data", "--out", out]);
        assert_eq!(
            said.err.lines().last().unwrap(),
            format!(
                "error: {out} is within data, the directory of the dataset: name another one with --out"
            )
        );
    }
    let case = Case::folder(&[("a", &table)]);
    let said = case.run(&["preprocess", "data", "--out", "data-out"]);
    assert!(said.ok, "{}", said.err);
}

#[test]
fn a_place_in_a_file_is_told_with_the_file() {
    let table = plants(60);
    let ragged = table.clone() + "1,2\n";
    let case = Case::folder(&[("a.csv", &table), ("b.csv", &ragged)]);
    assert_eq!(
        case.preprocess(&[])["warnings"][0],
        "1 of 121 rows have another number of fields than the 4 of the first line (line 62 of 'b.csv' has 2): they are \
         left out"
    );
    let open = table.clone() + "1,\"clay\n";
    assert_eq!(
        Case::folder(&[("a.csv", &table), ("b.csv", &open)]).refused(&[]),
        "data/b.csv: line 62: a quote opens here that is never closed"
    );
    let binary = table.clone() + "1,\0\n";
    assert_eq!(
        Case::folder(&[("a.csv", &table), ("b.csv", &binary)]).refused(&[]),
        "data/b.csv: line 62 has a NUL byte: this is no text"
    );
}

#[test]
fn the_name_of_a_directory_is_told_whatever_way_leads_to_it() {
    let case = Case::folder(&[("a", plants(60))]);
    std::fs::create_dir(case.path("data/_logs")).unwrap();
    for way in ["data", "data/", "./data", "data/_logs/.."] {
        let said = case.run(&["preprocess", way, "--out", "out"]);
        assert!(said.ok, "{}", said.err);
        assert_eq!(case.json("schema.json")["file"], "data", "{way}");
    }
}

#[test]
fn a_directory_has_a_bound() {
    let none: [(&str, &str); 0] = [];
    let case = Case::folder(&none);
    for at in 0..=100_000 {
        std::fs::File::create(case.path(&format!("data/{at}"))).unwrap();
    }
    assert_eq!(
        case.refused(&[]),
        "data has more than 100000 files: join some of them"
    );
}
