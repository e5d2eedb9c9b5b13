//! What is predicted: numbers on the scale that suits them, counts as numbers, and words that could stand for no value.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::Case;

/// 300 rows of two numbers and a target.
fn target(of: impl Fn(f64, usize) -> String) -> Case {
    let rows = (0..300).map(|row: usize| {
        let (a, b) = (mixed(row, 1), mixed(row, 2));
        format!("{a:.3},{b:.3},{}\n", of(a * 2.0 + b, row))
    });
    Case::new(format!("a,b,y\n{}", rows.collect::<String>()))
}

/// A number between 0 and 1 that looks like chance.
fn mixed(row: usize, by: u64) -> f64 {
    let mixed = (row as u64 + 77 * by).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64
}

fn kind(schema: &serde_json::Value) -> (&str, &str) {
    let target = &schema["target"];
    (
        target["task"]["kind"].as_str().unwrap(),
        target["because"].as_str().unwrap(),
    )
}

fn warnings(schema: &serde_json::Value) -> String {
    schema["warnings"].to_string()
}

#[test]
fn a_heavy_tail_is_learned_on_a_log_scale_and_predicted_in_its_own_unit() {
    for shift in [0.0, 1.0] {
        let case = target(|sum, _| format!("{:.2}", ((sum * 5.0).exp() - shift).max(0.0)));
        let said = case.pipeline(&[]);
        assert!(
            said.err
                .contains("target 'y': regression on a log scale, because"),
            "{}",
            said.err
        );
        let metrics = case.json("metrics.json");
        assert_eq!(metrics["score"]["name"], "R2 on a log scale");
        // No figure is taken for one in the target's own unit.
        assert!(said.out.contains("MAE (log scale)"), "{}", said.out);
        assert!(
            said.out.contains("and MAE on a log scale ("),
            "{}",
            said.out
        );
        let report = String::from_utf8(case.read("report.html")).unwrap();
        for head in ["MAE (log scale)", "true (log scale)"] {
            assert!(report.contains(head), "{head}");
        }
        assert!(
            metrics["score"]["value"].as_f64().unwrap() > 0.95,
            "{}",
            metrics["score"]
        );
        for model in ["out/model.onnx", "out/model-quantized.onnx"] {
            let said = case.run(&["predict", model, "data.csv"]);
            let first: f64 = said.out.lines().nth(1).unwrap().parse().unwrap();
            let truth = ((mixed(0, 1) * 2.0 + mixed(0, 2)) * 5.0).exp() - shift;
            assert!((first / truth).ln().abs() < 0.7, "{first} {truth}");
        }
    }
}

#[test]
fn a_few_numbers_that_are_far_from_all_others_are_told_and_left_out() {
    let case = target(|sum, row| {
        if row % 120 == 7 {
            "1000000000".into()
        } else {
            format!("{sum:.3}")
        }
    });
    case.pipeline(&[]);
    let metrics = case.json("metrics.json");
    assert!(
        metrics["score"]["value"].as_f64().unwrap() > 0.95,
        "{}",
        metrics["score"]
    );
    let told = warnings(&metrics["data"]);
    assert!(
        told.contains("3 rows are left out, as 'y' is far from all others there (1000000000): the others are between 0."),
        "{told}"
    );
}

#[test]
fn a_group_of_numbers_that_are_ten_times_too_great_does_not_spoil_the_model() {
    for of in [100, 50, 25] {
        let case = target(|sum, row| {
            let number = 50.0 + sum;
            format!("{:.3}", if row % of == 7 { number * 10.0 } else { number })
        });
        case.pipeline(&[]);
        let metrics = case.json("metrics.json");
        let score = &metrics["score"];
        assert!(score["value"].as_f64().unwrap() > 0.95, "{of}: {score}");
        let told = warnings(&metrics["data"]);
        let start = format!(
            "{} rows are left out, as 'y' is far from all others there (from 5",
            300 / of
        );
        assert!(told.contains(&start), "{told}");
    }
}

#[test]
fn counts_are_numbers_and_labels_are_classes() {
    let case = target(|sum, _| format!("{}", (sum * sum) as u32));
    let schema = case.preprocess(&[]);
    let (task, because) = kind(&schema);
    assert_eq!(task, "regression");
    assert!(because.contains("distributed like counts"), "{because}");
    assert_eq!(
        kind(&case.preprocess(&["--task", "classification"])).0,
        "classification"
    );
    assert_eq!(
        kind(&target(|sum, _| format!("{}", (sum * 3.0) as u32 + 3)).preprocess(&[])).0,
        "regression"
    );
    for (of, because) in [
        (
            0,
            "'y' has 3 different whole numbers from 0 to 2, like labels; --task regression takes them for numbers",
        ),
        (
            -1,
            "'y' has 3 different whole numbers from -1 to 1, like labels; --task regression takes them for numbers",
        ),
    ] {
        let case = target(|_, row| (of + (row % 3) as i32).to_string());
        assert_eq!(kind(&case.preprocess(&[])), ("classification", because));
    }
}

#[test]
fn words_that_could_stand_for_no_value_are_classes_where_the_others_are_written_so() {
    let of = |words: &'static [&'static str]| {
        let case = target(move |_, row| words[row % words.len()].to_owned());
        let schema = case.preprocess(&[]);
        let classes = schema["target"]["task"]["classes"]
            .as_array()
            .unwrap()
            .len();
        (classes, warnings(&schema).contains("rows are left out"))
    };
    assert_eq!(of(&["-", "+"]), (2, false));
    assert_eq!(of(&["None", "Mild", "Severe"]), (3, false));
    assert_eq!(of(&["NA", "DE", "FR"]), (3, false));
    assert_eq!(of(&["?", "!", "."]), (3, false));
    assert_eq!(of(&["-", "up", "down"]), (2, true));
    assert_eq!(of(&["NA", "yes", "no"]), (2, true));
}

#[test]
fn a_marker_of_no_value_is_a_class_where_there_is_only_one_other() {
    for (marker, other) in [
        ("-", "Y"),
        ("NA", "EU"),
        ("NA", "1"),
        ("-", "0"),
        ("nan", "gran"),
        ("null", "alt"),
        ("-", "*"),
        (".", "x"),
    ] {
        let case = target(|sum, _| if sum > 1.5 { marker } else { other }.to_owned());
        let schema = case.preprocess(&[]);
        let classes = &schema["target"]["task"]["classes"];
        assert_eq!(classes.as_array().unwrap().len(), 2, "{marker} {other}");
        let told = warnings(&schema);
        let one = format!("'{marker}' often stands for no value, and is a class here");
        let both =
            format!("'{other}' and '{marker}' often stand for no value, and are classes here");
        assert!(
            told.contains(&one) || told.contains(&both),
            "{marker} {other}: {told}"
        );
        let refused = case.refused(&[&format!("--missing={marker}")]);
        assert!(
            refused.contains("there is nothing to learn")
                || refused.contains("no value in any row"),
            "{refused}"
        );
    }
    // Among several classes it stands for no value.
    let case = target(|_, row| ["yes", "no", "NA"][row % 3].to_owned());
    let told = warnings(&case.preprocess(&[]));
    assert!(
        told.contains("'y' has no value there ('NA' means no value)"),
        "{told}"
    );
    // It may be the code of a region.
    let case = target(|_, row| ["EMEA", "APAC", "NA"][row % 3].to_owned());
    let told = warnings(&case.preprocess(&[]));
    assert!(
        told.contains("if that is a class, use --missing='!NA'"),
        "{told}"
    );
    let schema = case.preprocess(&["--missing=!NA"]);
    assert_eq!(
        schema["target"]["task"]["classes"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(warnings(&schema), "[]");
    let case = target(|sum, _| if sum > 1.5 { "NA" } else { "EU" }.to_owned());
    case.pipeline(&[]);
    let labels = case.run(&["predict", "out/model.onnx", "data.csv"]).out;
    assert!(
        labels.lines().any(|line| line.starts_with("NA,")),
        "{labels}"
    );
}

#[test]
fn a_marker_that_is_kept_is_a_word_of_its_own() {
    let of = |row: usize| ["NA", "EMEA", "", "APAC"][row % 4];
    let rows =
        (0..200).map(|row| format!("{},{},{}\n", of(row), row * 37 % 91, ["a", "b"][row % 2]));
    let case = Case::new("region,load,y\n".to_owned() + &rows.collect::<String>());
    let regions = |arguments: &[&str]| {
        case.preprocess(arguments);
        let train = String::from_utf8(case.read("train.csv")).unwrap();
        train.lines().filter(|line| line.starts_with("NA,")).count()
    };
    assert_eq!(regions(&[]), 0);
    assert!(regions(&["--missing=!NA"]) > 20);
    case.pipeline(&["--missing=!NA"]);
    let metadata = case.read("model.onnx");
    let has = |text: &[u8]| metadata.windows(text.len()).any(|it| it == text);
    assert!(
        has(b"\"!NA\"") && !has(b"[\"na\""),
        "predict.py reads it so"
    );
}

#[test]
fn numbers_with_some_words_are_a_regression_with_missing_labels() {
    for (word, reason) in [
        ("err", "as 'y' has no value there ('err' means no value)"),
        (
            "broken",
            "as 'y' is no finite number there: 30 of 300 values are none, such as 'broken'",
        ),
        (
            "e{}",
            "as 'y' is no finite number there: 30 of 300 values are none, such as 'e3', 'e13', 'e23'",
        ),
    ] {
        let case = target(|sum, row| {
            if row % 10 == 3 {
                word.replace("{}", &row.to_string())
            } else {
                format!("{sum:.3}")
            }
        });
        let schema = case.preprocess(&[]);
        assert_eq!(kind(&schema).0, "regression");
        let told = warnings(&schema);
        assert!(
            told.contains(&format!("30 rows are left out, {reason}")),
            "{told}"
        );
    }
}

#[test]
fn dates_are_not_predicted_also_if_some_are_words() {
    let date = |row: usize| format!("2025-{:02}-{:02}", 1 + row % 12, 1 + row % 28);
    assert_eq!(
        target(|_, row| date(row)).refused(&[]),
        "data.csv: the target 'y' has dates, which are not predicted: choose a column of classes or numbers with --target"
    );
    assert_eq!(
        target(|_, row| if row % 5 == 0 {
            "never".into()
        } else {
            date(row)
        })
        .refused(&[]),
        "data.csv: the target 'y' has dates in 240 of 300 rows, which are not predicted: choose a column of classes or \
         numbers with --target"
    );
    let few = target(|_, row| format!("2020Q{}", 1 + row % 4));
    assert_eq!(
        few.refused(&[]),
        "data.csv: the target 'y' has dates, which are not predicted: choose a column of classes or numbers with --target; \
         --task classification takes each for a class"
    );
    let schema = few.preprocess(&["--task", "classification"]);
    assert_eq!(kind(&schema).0, "classification");
}

#[test]
fn a_word_that_is_taken_for_no_value_is_told_with_the_option_that_makes_it_a_class() {
    for (word, others) in [
        ("Na", ["K", "Mg", "Ca"]),
        ("Null", ["Jones", "Smith", "Wu"]),
    ] {
        let case = target(|_, row| {
            let word = if row % 5 == 1 { word } else { others[row % 3] };
            word.to_owned()
        });
        let told = warnings(&case.preprocess(&[]));
        assert!(
            told.contains(&format!(
                "('{word}' means no value); if that is a class, use --missing='!{word}'"
            )),
            "{told}"
        );
        let schema = case.preprocess(&[&format!("--missing=!{word}")]);
        assert!(kind(&schema).1.contains("4 different words"));
    }
}

#[test]
fn yes_and_no_as_numbers_and_as_words_are_told() {
    let case = target(|_, row| ["1", "true", "0", "false"][row % 4].to_owned());
    let told = warnings(&case.preprocess(&[]));
    assert!(
        told.contains("'0' and 'false' count as different classes"),
        "{told}"
    );
}

#[test]
fn numbers_of_which_hardly_one_comes_again_are_no_classes() {
    let half = target(|sum, row| {
        if row % 9 < 5 {
            "fail".into()
        } else {
            format!("{:.2}", sum + row as f64)
        }
    });
    let refused = half.refused(&[]);
    assert!(
        refused.contains("different numbers in 132 rows, and words such as 'fail' in others: --missing=fail leaves out"),
        "{refused}"
    );
    let schema = half.preprocess(&["--missing=fail"]);
    assert_eq!(kind(&schema).0, "regression");
    let many = target(|sum, row| {
        if row % 9 < 5 {
            format!("p{row}")
        } else {
            format!("{:.2}", sum + row as f64)
        }
    });
    let refused = many.refused(&[]);
    assert!(refused.contains("classes in 300 rows"), "{refused}");
    let huge = target(|sum, row| format!("{}", (sum + row as f64) * 1e200));
    let refused = huge.refused(&[]);
    assert!(
        refused.contains("beyond the range of 32-bit floats in 300 of 300 rows"),
        "{refused}"
    );
}

#[test]
fn infinite_targets_are_left_out_and_not_told_as_far_ones() {
    let case = target(|sum, row| {
        if row % 9 == 5 {
            "inf".into()
        } else {
            format!("{sum:.3}")
        }
    });
    let told = warnings(&case.preprocess(&[]));
    assert!(
        told.contains("33 rows are left out, as 'y' is no finite number there"),
        "{told}"
    );
    assert!(!told.contains("far from all others"), "{told}");
}

#[test]
fn codes_and_numbers_that_are_named_like_labels_are_classes() {
    let codes = target(|_, row| ["00501", "10001", "60601"][row % 3].to_owned());
    let schema = codes.preprocess(&[]);
    let (kind_of, because) = kind(&schema);
    assert_eq!(kind_of, "classification");
    assert!(
        because.contains("look like codes, as some begin with 0"),
        "{because}"
    );
    let rows: String = (0..300)
        .map(|row| format!("{},{}\n", row * 7 % 31, row % 30))
        .collect();
    let schema = Case::new(format!("x,label\n{rows}")).preprocess(&[]);
    assert_eq!(kind(&schema).0, "classification");
    assert!(
        kind(&schema).1.contains("--task regression"),
        "{}",
        kind(&schema).1
    );
}

#[test]
fn a_target_that_counts_with_a_unit_says_why_it_is_a_number() {
    let rows: String = (0..80)
        .map(|row| format!("{},{} stars\n", row * 7 % 31, 1 + row * 7 % 31 / 7))
        .collect();
    let schema = Case::new(format!("x,rating\n{rows}")).preprocess(&[]);
    let because = schema["target"]["because"].as_str().unwrap();
    assert!(because.contains("'rating'"), "{because}");
}
