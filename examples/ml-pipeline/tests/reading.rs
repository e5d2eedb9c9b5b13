//! Files of any make are read, and columns are taken for what they are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::{Case, plants, prices};

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn each_encoding_is_told_from_the_bytes() {
    let text = plants(60).replace("peat", "Erde für Gärten");
    let latin1: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let cases: [(&str, Vec<u8>); 7] = [
        ("UTF-8", text.clone().into_bytes()),
        ("UTF-8", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        (
            "UTF-16LE",
            [&[0xff, 0xfe], utf16(&text, false).as_slice()].concat(),
        ),
        (
            "UTF-16BE",
            [&[0xfe, 0xff], utf16(&text, true).as_slice()].concat(),
        ),
        ("UTF-16LE", utf16(&text, false)),
        ("UTF-16BE", utf16(&text, true)),
        ("Latin-1", latin1),
    ];
    let expected = {
        let case = Case::new(&text);
        case.preprocess(&[]);
        case.read("train.csv")
    };
    for (encoding, data) in cases {
        let case = Case::new(data);
        let schema = case.preprocess(&[]);
        assert_eq!(schema["encoding"], encoding);
        assert_eq!(
            schema["columns"][0]["name"], "height",
            "no byte order mark is left"
        );
        assert_eq!(case.read("train.csv"), expected, "{encoding}");
    }
}

#[test]
fn each_delimiter_and_the_decimal_comma_are_told_from_the_text() {
    let text = prices(60);
    let expected = {
        let case = Case::new(&text);
        case.preprocess(&[]);
        case.read("test.csv")
    };
    for delimiter in [";", "\t", "|"] {
        let case = Case::new(text.replace(',', delimiter));
        assert_eq!(case.preprocess(&[])["delimiter"], delimiter);
        assert_eq!(case.read("test.csv"), expected);
        let case = Case::new(text.replace(',', delimiter).replace('.', ","));
        let schema = case.preprocess(&[]);
        assert_eq!(
            (&schema["delimiter"], &schema["numerals"]),
            (&delimiter.into(), &"comma".into())
        );
        assert_eq!(case.read("test.csv"), expected);
    }
    let windows = Case::new(text.replace('\n', "\r\n"));
    windows.preprocess(&[]);
    assert_eq!(windows.read("test.csv"), expected);
}

#[test]
fn a_file_without_header_gets_names() {
    let (_, body) = plants(60)
        .split_once('\n')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let case = Case::new(&body);
    let schema = case.preprocess(&[]);
    assert_eq!(
        (&schema["header"], &schema["rows"]["read"]),
        (&"absent".into(), &60.into())
    );
    assert_eq!(schema["target"]["name"], "column_4");
    assert_eq!(
        schema["warnings"][0],
        "there is no header: the columns are called column_1 to column_4"
    );
    // A header of numbers is one, where another name stands above numbers.
    let text = (0..40).fold("0,1,target\n".to_owned(), |text, at| {
        text + &format!("{},{},{}\n", at % 7, at % 5, at % 2)
    });
    assert_eq!(Case::new(text).preprocess(&[])["header"], "present");
}

#[test]
fn columns_are_taken_for_what_they_are_or_left_out_with_a_reason() {
    let mut text = "row,number,words,flag,day,when,id,uuid,note,same,copy,empty,y\n".to_owned();
    for at in 0_u32..60 {
        text += &format!(
            "{at},{},{},{},{}.03.2025,2025-03-{:02}T08:30:00Z,{},{:x}-x,\"the {} thing that is said of {}\",7,{},,{}\n",
            f64::from(at % 11) + 0.5,
            ["red", "green", ""][at as usize % 3],
            ["yes", "no"][at as usize % 2],
            1 + at % 28,
            1 + at * 3 % 28,
            1000 + at * at * 7,
            at * 7919 + 4096,
            at,
            at * 3,
            f64::from(at % 11) + 0.5,
            at % 2,
        );
    }
    let schema = Case::new(text).preprocess(&[]);
    let kinds: Vec<_> = schema["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| format!("{} {}", column["name"].as_str().unwrap(), column["kind"]))
        .collect();
    assert_eq!(
        kinds,
        [
            "number \"number\"",
            "words \"category\"",
            "flag \"boolean\"",
            "day {\"date\":{\"order\":\"day-month-year\"}}",
            "when {\"date\":{\"order\":\"year-month-day\"}}",
            "note \"text\""
        ]
    );
    let dropped: Vec<_> = schema["dropped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| {
            format!(
                "{}: {}",
                column["name"].as_str().unwrap(),
                column["reason"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        dropped,
        [
            "row: it is a row number",
            "id: it is an identifier: a whole number that is different in each row",
            "uuid: it is an identifier: a word that is different in each row",
            "same: it has the same value in all rows",
            "copy: the same as the column 'number'",
            "empty: it has no value in any row",
        ]
    );
}

#[test]
fn what_is_predicted_is_decided_and_said() {
    let target = |schema: serde_json::Value| {
        (
            schema["target"]["task"]["kind"]
                .as_str()
                .unwrap()
                .to_owned(),
            schema["target"]["because"].as_str().unwrap().to_owned(),
        )
    };
    let case = Case::new(plants(60));
    assert_eq!(
        target(case.preprocess(&[])),
        (
            "classification".into(),
            "'kind' has 3 different words".into()
        )
    );
    assert_eq!(
        target(case.preprocess(&["--target", "height"])).0,
        "regression"
    );
    let case = Case::new(prices(60));
    assert_eq!(target(case.preprocess(&[])).0, "regression");
    let rooms = target(case.preprocess(&["--target", "rooms"]));
    assert_eq!(
        rooms,
        (
            "classification".into(),
            "'rooms' has 5 different whole numbers from 1 to 5, like labels; --task regression takes them for numbers"
                .into()
        )
    );
    let asked = target(case.preprocess(&["--target", "rooms", "--task", "regression"]));
    assert_eq!(asked, ("regression".into(), "it was asked for".into()));
    let words = Case::new(plants(60)).refused(&["--task", "regression"]);
    assert_eq!(
        words,
        "data.csv: the target 'kind' is no number (such as 'fern', 'moss', 'reed'): it cannot be a regression"
    );
}

#[test]
fn the_split_has_the_share_of_each_class_and_all_rows() {
    let case = Case::new(plants(300));
    let schema = case.preprocess(&[]);
    assert_eq!(
        (&schema["rows"]["train"], &schema["rows"]["test"]),
        (&240.into(), &60.into())
    );
    let test = String::from_utf8(case.read("test.csv")).unwrap();
    for class in ["fern", "moss", "reed"] {
        assert_eq!(
            test.lines().filter(|line| line.ends_with(class)).count(),
            20,
            "{class}"
        );
    }
}

/// A table of some rows.
fn rows(header: &str, row: impl Fn(usize) -> String) -> String {
    (0..60).fold(format!("{header}\n"), |text, at| text + &row(at) + "\n")
}

#[test]
fn numbers_that_can_be_read_in_one_way_decide_for_those_that_cannot() {
    let text = rows("rate;people;y", |at| {
        format!(
            "0,{:03};2.{:03};{}",
            at * 13 % 999,
            100 + at * at % 800,
            ["u", "v"][at % 2]
        )
    });
    let case = Case::new(text);
    assert_eq!(case.preprocess(&[])["numerals"], "comma");
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    assert!(
        train.lines().nth(1).unwrap().starts_with("0,2100,"),
        "{train}"
    );
}

#[test]
fn a_header_is_found_among_numbers_words_and_stray_values() {
    let header = |text: String| Case::new(text).preprocess(&[])["header"].clone();
    let value = |at: usize| format!("0.{:03}", at * 37 % 1000);
    let word = |at: usize| ["u", "v"][at % 2];
    assert_eq!(
        header(rows("0,1,target", |at| format!(
            "{},{},{}",
            value(at),
            value(at + 5),
            word(at)
        ))),
        "present"
    );
    assert_eq!(
        header(rows("2019,2020,y", |at| format!(
            "{},{},{}",
            value(at),
            value(at + 5),
            word(at)
        ))),
        "present"
    );
    assert_eq!(
        header(rows("u,y", |at| format!(
            "{},{}",
            ["u", "w"][at % 2],
            word(at)
        ))),
        "present"
    );
    let stray = |at: usize| {
        if at == 50 {
            "abc".to_owned()
        } else {
            value(at)
        }
    };
    assert_eq!(
        header(rows("x,y", |at| format!(
            "{},{}",
            stray(at),
            ["y", "n"][at % 2]
        ))),
        "present"
    );
    assert_eq!(
        header(rows("0.5,u", |at| format!("{},{}", value(at), word(at)))),
        "absent"
    );
    assert_eq!(
        header(rows("7,9,u", |at| format!(
            "{at},{},{}",
            value(at),
            word(at)
        ))),
        "absent"
    );
}

#[test]
fn what_spreadsheets_add_is_no_data() {
    let plain = rows("x;y", |at| format!("{},5;{}", at % 9, ["u", "v"][at % 2]));
    let told = Case::new(format!("sep=;\n{plain}")).preprocess(&[]);
    assert_eq!(
        (&told["columns"][0]["name"], &told["rows"]["read"]),
        (&"x".into(), &60.into())
    );
    let ended = rows("x;y;", |at| format!("{},5;{};", at % 9, ["u", "v"][at % 2]));
    assert_eq!(Case::new(ended).preprocess(&[])["target"]["name"], "y");
    let money = rows("price,share,y", |at| {
        format!(
            "\"${},{:03}.50\",{}%,{}",
            1 + at % 9,
            at * 7 % 999,
            at * 3 % 90,
            at % 2
        )
    });
    let schema = Case::new(money).preprocess(&[]);
    assert_eq!(
        (&schema["columns"][0]["kind"], &schema["columns"][1]["kind"]),
        (&"number".into(), &"number".into())
    );
}

#[test]
fn what_may_have_been_meant_otherwise_is_said() {
    let warnings = |text: String| Case::new(text).preprocess(&[])["warnings"].to_string();
    let word = |at: usize| ["u", "v"][at % 2];
    let dates = rows("d,x,y", |at| {
        format!(
            "{:02}/{:02}/2021,{},{}",
            1 + at % 12,
            1 + at * 5 % 12,
            at % 7,
            word(at)
        )
    });
    assert!(
        warnings(dates).contains("read as day, month, year, but could also be month, day, year")
    );
    let near = rows("x,y", |at| {
        format!("{},{}", 1_700_000_000 + at * 7 % 50, word(at))
    });
    assert!(warnings(near).contains("too close together for 32-bit floats"));
    let none = rows("x,y", |at| {
        format!("{},{}", at % 7, ["None", "mild", "severe"][at % 3])
    });
    assert!(
        warnings(none)
            .contains("20 rows are left out, as 'y' has no value there ('None' means no value)")
    );
    let alike = rows("x,y", |at| {
        format!("{},{}", at % 7, ["Yes", "yes", "no"][at % 3])
    });
    assert!(warnings(alike).contains("'Yes' and 'yes' count as different classes"));
    let open = rows("x,y", |at| format!("{},{}", at % 7, word(at))).replacen("3,v", "3,\"v", 1)
        + "1,\"u\"\n"
        + &rows("1,u", |at| format!("{},u", at % 7));
    assert!(warnings(open).contains("is a quote missing there?"));
}
