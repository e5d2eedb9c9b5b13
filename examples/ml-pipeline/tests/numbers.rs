//! Numbers as people and programs write them: prices without cents, sizes, durations, signs and marks before them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::Case;
use serde_json::Value;

/// 200 rows of a number that is written in some way, another number, and classes.
fn column(delimiter: char, of: impl Fn(usize) -> String) -> Case {
    let rows = (0..200).map(|row| {
        let field = of(row).replace('"', "\"\"");
        let state = ["up", "down"][row * 7 % 5 % 2];
        format!(
            "\"{field}\"{delimiter}{}{delimiter}{state}\n",
            row * 37 % 91
        )
    });
    let header = format!("value{delimiter}load{delimiter}state\n");
    Case::new(header + &rows.collect::<String>())
}

/// What was read of the first column, with its schema.
fn read(case: &Case) -> (Vec<f64>, Value) {
    let schema = case.preprocess(&[]);
    assert_eq!(schema["columns"][0]["kind"], "number", "{schema}");
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    let first = |line: &str| line.split(',').next().unwrap().parse().unwrap();
    (train.lines().skip(1).map(first).collect(), schema)
}

fn whole(row: usize) -> usize {
    row * 7919 % 1009 + 1
}

#[test]
fn a_dash_behind_the_decimal_mark_is_no_minus() {
    let expected = read(&column(';', |row| format!("{},00", whole(row)))).0;
    assert!(expected.iter().all(|number| *number > 0.0));
    type Written = fn(usize) -> String;
    let ways: [Written; 7] = [
        |it| format!("{it},-"),
        |it| format!("{it},–"),
        |it| format!("{it},--"),
        |it| format!("{it}.-"),
        |it| format!("CHF {it}.–"),
        |it| format!("{it},- €"),
        |it| match it % 3 {
            0 => format!("{it},-"),
            _ => format!("{it},00"),
        },
    ];
    for written in ways {
        for delimiter in [';', ','] {
            let case = column(delimiter, |row| written(whole(row)));
            if delimiter == ',' && written(4).contains(",0") {
                continue;
            }
            let (found, schema) = read(&case);
            assert_eq!(found, expected, "{} {delimiter}", written(3));
            assert_eq!(schema["warnings"], serde_json::json!([]), "{}", written(3));
        }
    }
    // A target too.
    let rows = (0..200).map(|row| format!("{};{},-\n", row % 17, whole(row)));
    let case = Case::new("x;price\n".to_owned() + &rows.collect::<String>());
    case.preprocess(&[]);
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    assert!(!train.contains('-'), "{train}");
}

#[test]
fn bytes_beside_multiples_of_them_are_no_billions() {
    let written = |row: usize| match whole(row) {
        it @ ..500 => format!("{it} B"),
        it @ 500..900 => format!("{it}.5 KB"),
        it => format!("{it} MB"),
    };
    let (found, schema) = read(&column(',', written));
    let known = [1.0, 499.0, 500.5e3, 899.5e3, 900e6, 1009e6];
    let is_near = |it: &f64| {
        known
            .chunks(2)
            .any(|range| (range[0]..=range[1]).contains(it))
    };
    assert!(found.iter().all(is_near), "{found:?}");
    assert_eq!(
        schema["warnings"][0],
        "'value': its sizes have different units (B, KB, MB, ...): they are read as bytes, and 1 KB as 1000 of them"
    );
    // Without them, billions they are.
    let (found, _) = read(&column(',', |row| format!("{}B", whole(row))));
    assert!(found.iter().all(|it| *it >= 1e9));
}

#[test]
fn a_target_in_bytes_loses_no_row() {
    let rows = (0..300).map(|row| match whole(row) {
        it @ ..300 => format!("{row},{it} B\n"),
        it => format!("{row},{it} KB\n"),
    });
    let case = Case::new("x,size\n".to_owned() + &rows.collect::<String>());
    let schema = case.preprocess(&[]);
    assert_eq!(
        schema["rows"]["train"].as_u64().unwrap() + schema["rows"]["test"].as_u64().unwrap(),
        300
    );
}

#[test]
fn signs_marks_and_several_units_are_read() {
    let expected = read(&column(',', |row| whole(row).to_string())).0;
    type Written = fn(usize) -> String;
    let ways: [Written; 18] = [
        |it| format!("#{it}"),
        |it| format!("~{it}"),
        |it| format!("HK${it}"),
        |it| format!("HKD {it}"),
        |it| format!("NT${it}"),
        |it| format!("₱{it}.00"),
        |it| format!("₦{it}"),
        |it| format!("฿{it}"),
        |it| format!("￥{it}"),
        |it| format!("{it}¢"),
        |it| format!("'{it}'"),
        |it| format!("'{it}"),
        |it| format!("=\"{it}\""),
        |it| format!("{}h {}m", it / 60, it % 60),
        |it| format!("{} hours {} minutes", it / 60, it % 60),
        |it| format!("{}'{}\"", it / 12, it % 12),
        |it| format!("{} ft {} in", it / 12, it % 12),
        |it| match it {
            1000.. => format!("1’{:03}", it % 1000),
            _ => it.to_string(),
        },
    ];
    for written in ways {
        let (found, schema) = read(&column(',', |row| written(whole(row))));
        assert_eq!(found, expected, "{}", written(1005));
        assert_eq!(schema["warnings"], serde_json::json!([]), "{}", written(7));
    }
    let (found, schema) = read(&column(',', |row| format!("{} Mio. €", whole(row))));
    assert_eq!(found[0], expected[0] * 1e6);
    assert_eq!(schema["columns"][0]["unit"], "eur");
}

#[test]
fn codes_that_spreadsheets_keep_as_texts_are_codes() {
    let case = column(',', |row| format!("=\"{:05}\"", 501 + row % 20 * 4711));
    let schema = case.preprocess(&[]);
    assert_eq!(schema["columns"][0]["kind"], "category", "{schema}");
}
