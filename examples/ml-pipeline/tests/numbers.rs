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

/// What is said of the column `value`.
fn told(schema: &Value) -> Vec<String> {
    let all = schema["warnings"].as_array().unwrap().iter();
    let all = all.map(|it| it.as_str().unwrap().to_owned());
    all.filter(|it| it.starts_with("'value'")).collect()
}

#[test]
fn each_column_has_its_own_decimal_mark() {
    let point = |row: usize| format!("{}.{:02}", whole(row), row % 100);
    let expected = read(&column(',', point)).0;
    for written in ["{} €", "{} %", "{}e0", "\u{2212}{}"] {
        let comma = |row| written.replace("{}", &point(row).replace('.', ","));
        let rows = (0..200).map(|row| {
            let state = ["up", "down"][row * 7 % 5 % 2];
            format!(
                "\"{}\",{}.{},{}.5,{state}\n",
                comma(row),
                row * 37 % 91,
                row % 9 + 1,
                row % 7
            )
        });
        let case = Case::new("value,load,size,state\n".to_owned() + &rows.collect::<String>());
        let (found, schema) = read(&case);
        let sign = if written.starts_with('\u{2212}') {
            -1.0
        } else {
            1.0
        };
        assert!(
            found
                .iter()
                .zip(&expected)
                .all(|(a, b)| (a * sign - b).abs() < 1e-3),
            "{written}"
        );
        assert_eq!(schema["columns"][0]["numerals"], "comma", "{written}");
        assert_eq!(schema["columns"][1]["numerals"], Value::Null, "{written}");
    }
    // A target, too.
    let rows = (0..200).map(|row| {
        format!(
            "{}.5,\"{}.{:03},50 €\"\n",
            row * 37 % 91,
            whole(row),
            row % 1000
        )
    });
    let case = Case::new("load,price\n".to_owned() + &rows.collect::<String>());
    let schema = case.preprocess(&[]);
    assert_eq!(schema["target"]["task"]["kind"], "regression");
    assert_eq!(schema["target"]["numerals"], "comma");
}

#[test]
fn a_model_reads_each_column_as_training_did() {
    let rows = (0..200).map(|row| {
        format!(
            "{}.5,\"{},5 €\",{}\n",
            row * 37 % 91,
            whole(row),
            whole(row) * 2
        )
    });
    let case = Case::new("load,price,double\n".to_owned() + &rows.collect::<String>());
    case.pipeline(&["--max-drop", "1"]);
    let predicted = |name: &str, text: &str| {
        std::fs::write(case.path(name), text).unwrap();
        let said = case.run(&["predict", "out/model.onnx", name]);
        assert!(said.ok, "{}", said.err);
        said.out
    };
    let known = predicted(
        "known.csv",
        "load,price\n3.5,\"800,5 €\"\n7.5,\"1200,5 €\"\n",
    );
    let grouped = predicted(
        "grouped.csv",
        "load,price\n3.5,\"800,50 €\"\n7.5,\"1.200,5 €\"\n",
    );
    assert_eq!(known, grouped);
    // A single row that does not tell.
    let open = predicted("open.csv", "load,price\n3.5,1.200 €\n");
    let plain = predicted("plain.csv", "load,price\n3.5,1200 €\n");
    assert_eq!(open, plain);
}

#[test]
fn thousands_marks_beside_smaller_numbers_are_no_decimal_ones() {
    let price = |row: usize| row * 7919 % 1009 * 3 + 200;
    let expected = read(&column(',', |row| price(row).to_string())).0;
    let grouped = |mark: &str, it: usize| match it {
        1000.. => format!("{}{mark}{:03}", it / 1000, it % 1000),
        _ => it.to_string(),
    };
    for written in ["€ {}", "{} €", "$ {}", "{}"] {
        let write = |row| written.replace("{}", &grouped(".", price(row)));
        let (found, schema) = read(&column(',', write));
        assert_eq!(found, expected, "{written}");
        let [told] = told(&schema).try_into().unwrap();
        assert!(told.contains("is read as a mark of thousands"), "{told}");
    }
    for written in ["1.{}", "1,{}", "1_{}", "₹1,0{}"] {
        let digits = |it: usize| format!("{:03}.{:03}", it / 1000, it % 1000);
        let mark = written.trim_start_matches('₹').get(1..2).unwrap();
        let large = written.replace("{}", "");
        let rows = (0..200).map(|row| {
            let target = match written.starts_with('₹') {
                true => format!("{large}{},{:03}", row % 7 + 1, whole(row) % 1000),
                false => large.clone() + &digits(whole(row) * 900).replace('.', mark),
            };
            format!("{},\"{target}\"\n", row * 37 % 91)
        });
        let case = Case::new("load,price\n".to_owned() + &rows.collect::<String>());
        let schema = case.preprocess(&[]);
        assert_eq!(schema["target"]["task"]["kind"], "regression", "{written}");
    }
}

#[test]
fn seconds_since_1970_may_have_marks_of_thousands() {
    let stamp = |row: usize| 1_600_000_000 + row * 87_654;
    let grouped = |row| {
        let text = stamp(row).to_string();
        format!(
            "{},{},{},{}",
            &text[..1],
            &text[1..4],
            &text[4..7],
            &text[7..]
        )
    };
    let dates = |of: &dyn Fn(usize) -> String| {
        let case = column(',', of);
        case.preprocess(&[]);
        String::from_utf8(case.read("train.csv")).unwrap()
    };
    assert_eq!(dates(&grouped), dates(&|row| stamp(row).to_string()));
}

#[test]
fn more_ways_of_writing_a_number_are_read() {
    let expected = read(&column(',', |row| whole(row).to_string())).0;
    type Written = fn(usize) -> String;
    let ways: [Written; 9] = [
        |it| format!("{it}+"),
        |it| format!("Rs.{it}/-"),
        |it| format!("{it} ℃"),
        |it| format!("{it} m^2"),
        |it| format!("{it} €/m²"),
        |it| format!("{it} / kg"),
        |it| format!("{it}[7]"),
        |it| format!("{it} × 10⁰"),
        |it| {
            it.to_string()
                .bytes()
                .map(|digit| char::from_u32(0xff10 + u32::from(digit - b'0')).unwrap())
                .collect()
        },
    ];
    for written in ways {
        let (found, schema) = read(&column(',', |row| written(whole(row))));
        assert_eq!(found, expected, "{}", written(1005));
        assert_eq!(schema["warnings"], serde_json::json!([]), "{}", written(7));
    }
}

#[test]
fn what_cannot_be_read_is_told_with_examples() {
    let dropped = |case: &Case| {
        let schema = case.preprocess(&[]);
        schema["dropped"][0]["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert!(
        dropped(&column(',', |row| format!("{} ± {}", whole(row), row % 9))).starts_with(
            "200 of 200 values are no numbers or dates that can be read, such as '1 ± 0', "
        )
    );
    let hex = dropped(&column(',', |row| format!("{:04x}", row * 7919 % 65_521)));
    assert!(!hex.contains("units"), "{hex}");
    let case = column(',', |row| match row % 5 {
        0..3 => "bad".to_owned(),
        _ => whole(row).to_string(),
    });
    let schema = case.preprocess(&[]);
    assert_eq!(
        told(&schema),
        [
            "'value': 80 of 200 values are numbers, and the others are none, such as 'bad': all are treated as categories; if \
             these words stand for no value, --missing says so"
        ]
    );
}
