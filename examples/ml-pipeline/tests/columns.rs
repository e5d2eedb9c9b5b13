//! Columns whose numbers are written in unusual ways, or have values missing, are learned from, and what is left out has a
//! reason.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::Case;

/// 200 rows of two columns: one that is asked for, and classes.
fn column(name: &str, of: impl Fn(usize) -> String) -> Case {
    let rows = (0..200).map(|row| {
        format!(
            "\"{}\",{},{}\n",
            of(row),
            row * 37 % 91,
            ["up", "down"][row * 7 % 5 % 2]
        )
    });
    Case::new(format!("{name},load,state\n{}", rows.collect::<String>()))
}

/// A number that hardly comes twice.
fn number(row: usize) -> f64 {
    (row * 7919 % 1009) as f64 / 10.0 + 0.05
}

/// The first column: its kind, or why it is left out.
fn kind(schema: &serde_json::Value, name: &str) -> String {
    let named = |list: &str| {
        let all = schema[list].as_array().unwrap();
        all.iter().find(|it| it["name"] == name).cloned()
    };
    match named("columns") {
        Some(column) => column["kind"].as_str().unwrap_or("date").to_owned(),
        None => named("dropped").unwrap()["reason"]
            .as_str()
            .unwrap()
            .to_owned(),
    }
}

fn warnings(schema: &serde_json::Value, name: &str) -> Vec<String> {
    let all = schema["warnings"].as_array().unwrap().iter();
    let all = all.map(|it| it.as_str().unwrap().to_owned());
    all.filter(|it| it.starts_with(&format!("'{name}'")))
        .collect()
}

#[test]
fn numbers_that_rise_are_kept_unless_they_are_an_index() {
    let rising = |row: usize| row.to_string();
    for name in ["height", "year", "time", "t", "day", "column2b"] {
        assert_eq!(
            kind(&column(name, rising).preprocess(&[]), name),
            "number",
            "{name}"
        );
    }
    for name in [
        "id",
        "PassengerId",
        "row_number",
        "Unnamed: 0",
        "index",
        "#",
        "X",
    ] {
        let reason = kind(&column(name, rising).preprocess(&[]), name);
        assert_eq!(reason, "it is a row number", "{name}");
    }
    assert_eq!(
        kind(&column("", rising).preprocess(&[]), "column_1"),
        "it is a row number"
    );
    // Gapless, in another order.
    let mixed = |row: usize| (1900 + row * 67 % 200).to_string();
    assert_eq!(
        kind(&column("built", mixed).preprocess(&[]), "built"),
        "number"
    );
}

#[test]
fn markers_of_missing_values_make_no_words_of_numbers() {
    for marker in [
        "\\N",
        "<NA>",
        "NaT",
        "(null)",
        "#DIV/0!",
        "#VALUE!",
        "--",
        "n.a.",
        "missing",
        "unknown",
        "None",
        "-",
        "N/K",
        "not available",
        "—",
        "ausstehend",
    ] {
        let case = column("temp", |row| {
            if row % 4 == 0 {
                marker.to_owned()
            } else {
                number(row).to_string()
            }
        });
        let schema = case.preprocess(&[]);
        assert_eq!(kind(&schema, "temp"), "number", "{marker}");
        let told = warnings(&schema, "temp");
        match marker {
            // No known one, but the same in each row.
            "ausstehend" => assert_eq!(
                told,
                [
                    "'temp': 50 of 200 values are no numbers, such as 'ausstehend': they count as missing"
                ]
            ),
            _ => assert_eq!(told, [""; 0], "{marker}"),
        }
        let train = String::from_utf8(case.read("train.csv")).unwrap();
        assert!(train.lines().any(|line| line.starts_with(',')), "{marker}");
    }
}

#[test]
fn words_such_as_none_are_missing_beside_numbers_alone() {
    let case = column("alley", |row| {
        ["none", "gravel", "-", "", "n/a"][row % 5].to_owned()
    });
    case.preprocess(&[]);
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    for (word, is_there) in [("none,", true), ("-,", true), ("n/a,", false)] {
        assert_eq!(train.contains(word), is_there, "{word}");
    }
}

#[test]
fn numbers_have_one_unit_currency_or_power_of_ten() {
    type Written = fn(f64) -> String;
    let ways: [(&str, Written, Option<&str>); 10] = [
        ("EUR before", |it| format!("EUR {it}"), Some("eur")),
        ("USD behind", |it| format!("{it} USD"), Some("usd")),
        ("sign", |it| format!("€{it}"), Some("eur")),
        (
            "brackets",
            |it| {
                if it > 50.0 {
                    format!("({it})")
                } else {
                    it.to_string()
                }
            },
            None,
        ),
        ("thousands", |it| format!("{it}k"), None),
        (
            "mixed powers",
            |it| {
                if it > 50.0 {
                    format!("{}M", it / 1e3)
                } else {
                    format!("{it}k")
                }
            },
            None,
        ),
        (
            "small m",
            |it| {
                if it > 50.0 {
                    format!("{}m", it / 1e3)
                } else {
                    format!("{it}k")
                }
            },
            Some("k, m"),
        ),
        ("degrees", |it| format!("{it} °C"), Some("c")),
        ("letters", |it| format!("{it} C"), Some("c")),
        ("weight", |it| format!("{it}kg"), Some("kg")),
    ];
    for (way, written, unit) in ways {
        let case = column("value", |row| written(number(row)));
        let schema = case.preprocess(&[]);
        assert_eq!(kind(&schema, "value"), "number", "{way}");
        assert_eq!(schema["columns"][0]["unit"].as_str(), unit, "{way}");
        assert_eq!(warnings(&schema, "value"), [""; 0], "{way}");
        let train = String::from_utf8(case.read("train.csv")).unwrap();
        let first: f64 = train
            .lines()
            .nth(1)
            .unwrap()
            .split(',')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let expected = [number(0), number(1), number(2), number(3)];
        let power = if way.contains("thousands") || way.contains('m') && unit != Some("eur") {
            1e3
        } else {
            1.0
        };
        let power = if matches!(way, "thousands" | "mixed powers" | "small m") {
            power
        } else {
            1.0
        };
        let is_near = |it: f64| (first.abs() - it * power).abs() < it * power * 1e-6;
        assert!(expected.into_iter().any(is_near), "{way}: {first}");
    }
    let mixed = column("value", |row| {
        format!("{} {}", number(row), ["kg", "lb"][row % 2])
    });
    assert_eq!(
        kind(&mixed.preprocess(&[]), "value"),
        "its numbers have different units, such as 'kg' and 'lb'"
    );
}

#[test]
fn a_column_of_numbers_and_many_words_is_told_as_such() {
    let case = column("ticket", |row| {
        if row % 4 == 0 {
            format!("A/{row}")
        } else {
            number(row).to_string()
        }
    });
    assert_eq!(
        kind(&case.preprocess(&[]), "ticket"),
        "50 of 200 values are no numbers, such as 'A/0', 'A/4', 'A/8'"
    );
}

#[test]
fn a_text_without_blanks_between_its_words_is_told_as_such() {
    let review = |row: usize| {
        let words = ["产品", "质量", "送货", "很好", "不好", "太慢", "满意"];
        let places = [row, row / 7, row / 49, row * 3, row * 5];
        places.iter().map(|place| words[place % 7]).collect()
    };
    let reason = kind(&column("评论", review).preprocess(&[]), "评论");
    assert!(
        reason.starts_with("it is a text without blanks between its words"),
        "{reason}"
    );
}

#[test]
fn numbers_that_may_stand_for_no_value_are_told_and_can_be_made_missing() {
    let case = column("temp", |row| {
        if row % 10 == 3 {
            "-999".to_owned()
        } else {
            number(row).to_string()
        }
    });
    let told = warnings(&case.preprocess(&[]), "temp");
    assert_eq!(
        told,
        [
            "'temp': 20 of 200 values are -999, far from all others (0.05 to 100.15): if that stands for no value, \
             --missing=-999 says so"
        ]
    );
    let schema = case.preprocess(&["--missing=-999,gone"]);
    assert_eq!(warnings(&schema, "temp"), [""; 0]);
    assert_eq!(schema["missing"], serde_json::json!(["-999", "gone"]));
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    assert!(!train.contains("-999") && train.lines().any(|line| line.starts_with(',')));
    assert_eq!(
        case.preprocess(&["--missing", "-999", "--missing="])["missing"],
        serde_json::json!(["-999"])
    );

    // Words too, and rows without a target.
    let case = column("site", |row| ["gone", "hall", "roof"][row % 3].to_owned());
    let schema = case.preprocess(&["--missing", "gone"]);
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    assert!(!train.contains("gone"), "{schema}");
}
