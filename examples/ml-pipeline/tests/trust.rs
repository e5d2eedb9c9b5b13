//! What makes a score look better than it is: it is said, or does not happen.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;

use common::{Case, plants};

fn mixed(row: u64) -> u64 {
    let mixed = (row + 9000).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

fn rows(header: &str, rows: u64, of: impl Fn(u64) -> String) -> String {
    let mut text = format!("{header}\n");
    (0..rows).for_each(|row| writeln!(text, "{}", of(row)).unwrap());
    text
}

fn warnings(schema: &serde_json::Value) -> Vec<&str> {
    let warnings = schema["warnings"].as_array().unwrap().iter();
    warnings.map(|it| it.as_str().unwrap()).collect()
}

/// The rows of one of the parts, without the header.
fn part(case: &Case, name: &str) -> Vec<String> {
    let text = String::from_utf8(case.read(name)).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_column_that_alone_decides_the_target_is_named_and_can_be_left_out() {
    let data = rows("load,copy,state", 200, |row| {
        let load = mixed(row) % 700;
        let state = if load + mixed(row) / 700 % 90 > 400 {
            "down"
        } else {
            "up"
        };
        format!("{load},{},{state}", state.len())
    });
    let case = Case::new(data);
    let schema = case.preprocess(&[]);
    let told = warnings(&schema);
    assert_eq!(
        told,
        [
            "'copy' alone decides the target 'state': if it is only known once 'state' is, the score is too good to be \
             true; --ignore leaves a column out"
        ]
    );
    let schema = case.preprocess(&["--ignore", "copy"]);
    assert_eq!(warnings(&schema), [""; 0]);
    assert_eq!(schema["dropped"][0]["reason"], "--ignore names it");
    assert_eq!(
        case.refused(&["--ignore", "load,cpy"]),
        "data.csv: there is no column 'cpy': did you mean 'copy'?"
    );
    assert_eq!(
        case.refused(&["--ignore", "load,copy,state"]),
        "data.csv: all columns are ignored: a target and at least one column to learn from are needed"
    );
    assert_eq!(
        case.refused(&["--ignore", "state", "--target", "state"]),
        "data.csv: 'state' is the target, and --ignore names it: it cannot be both"
    );
}

#[test]
fn a_workflow_may_leave_each_option_empty() {
    let data = rows("a,b,y", 60, |row| {
        format!(
            "{},{},{}",
            mixed(row) % 91,
            mixed(row) / 97 % 89,
            mixed(row) % 4
        )
    });
    let case = Case::new(data).at("0");
    let empty = [
        "--target=",
        "--task=",
        "--ignore=",
        "--missing=",
        "--split-by=",
        "--group=",
    ];
    assert_eq!(case.preprocess(&empty), case.preprocess(&[]));
    let schema = case.preprocess(&["--task=regression"]);
    assert_eq!(schema["target"]["task"]["kind"], "regression");
    let said = case.run(&["preprocess", "data.csv", "--out", "out", "--task", "guess"]);
    assert!(
        said.err.contains("write classification or regression"),
        "{}",
        said.err
    );
    let case = Case::new(common::plants(60));
    case.preprocess(&[]);
    for step in [
        vec!["train", "out"],
        vec!["evaluate", "out", "--min-score="],
        vec!["quantize", "out", "--max-drop="],
    ] {
        let said = case.run(&step);
        assert!(said.ok, "{}", said.err);
    }
}

#[test]
fn copies_of_a_row_are_on_one_side_and_equal_rows_of_a_few_words_on_both() {
    let value = |row: u64| mixed(row % 50) as f64 / 1e3;
    let copied = rows("p,q,r,y", 400, |row| {
        let y = if mixed(row % 50 + 700).is_multiple_of(2) {
            "a"
        } else {
            "b"
        };
        format!("{},{},{},{y}", value(row), value(row + 7), value(row + 9))
    });
    let case = Case::new(copied);
    let schema = case.preprocess(&[]);
    assert_eq!(
        warnings(&schema),
        [
            "350 rows are the same as an earlier one: copies are all used for training or all for the test"
        ]
    );
    let [train, test] = ["train.csv", "test.csv"].map(|name| part(&case, name));
    let train: BTreeSet<_> = train.into_iter().collect();
    assert!(!test.is_empty() && test.iter().all(|row| !train.contains(row)));

    // Two columns and 60 rows, five times each.
    let few = rows("p,q,y", 300, |row| {
        let y = mixed(row % 60 + 500) % 1000;
        format!("{},{},{y}.5", value(row % 60), value(row % 60 + 7))
    });
    let few = Case::new(few);
    let schema = few.preprocess(&[]);
    assert_eq!(warnings(&schema).len(), 1, "{}", schema["warnings"]);

    let words = rows("a,b,y", 400, |row| {
        let (a, b) = (mixed(row) % 3, mixed(row) / 3 % 2);
        format!(
            "a{a},b{b},{}",
            if (a + b).is_multiple_of(2) {
                "yes"
            } else {
                "no"
            }
        )
    });
    let case = Case::new(words);
    case.preprocess(&[]);
    assert!(!case.path("out/together.txt").exists());
    let seen: BTreeSet<_> = part(&case, "test.csv").into_iter().collect();
    assert_eq!(seen.len(), 6);
}

/// A walk: each price is near the one before.
fn walk() -> String {
    let mut price = 0.0;
    let prices: Vec<_> = (0..600)
        .map(|row| {
            price += (mixed(row) % 1000) as f64 / 500.0 - 0.999;
            price
        })
        .collect();
    rows("date,machine,price", 600, |row| {
        let (month, day) = (1 + row / 28 % 12, 1 + row % 28);
        let year = 2020 + row / 336;
        format!(
            "{year}-{month:02}-{day:02},m{},{:.3}",
            row % 7,
            prices[row as usize]
        )
    })
}

#[test]
fn rows_that_follow_each_other_are_told_and_the_last_ones_can_be_the_test() {
    let case = Case::new(walk());
    let schema = case.preprocess(&[]);
    assert_eq!(
        warnings(&schema),
        [
            "the rows are in the order of 'date', and 'price' is nearly the same in neighbouring rows: if the model is \
             to predict what comes later, a test with rows at random is too easy; --split-by 'date' tests with the \
             last rows, --group COLUMN with whole groups"
        ]
    );
    let schema = case.preprocess(&["--split-by", "date"]);
    assert_eq!(warnings(&schema), [""; 0]);
    assert_eq!(
        (&schema["rows"]["train"], &schema["rows"]["test"]),
        (&480.into(), &120.into())
    );
    let days = |name: &str| -> Vec<f64> {
        let rows = part(&case, name);
        rows.iter()
            .map(|row| row.split(',').next().unwrap().parse().unwrap())
            .collect()
    };
    let last = days("train.csv").into_iter().fold(0.0, f64::max);
    assert!(days("test.csv").iter().all(|&day| day > last));
    assert_eq!(
        case.refused(&["--split-by", "machine"]),
        "data.csv: --split-by: 'machine' has neither numbers nor dates, and what comes last is not clear: name a column \
         that has"
    );
    assert_eq!(
        case.refused(&["--split-by", "price"]),
        "data.csv: 'price' is the target: name another column with --split-by"
    );
}

#[test]
fn a_group_is_on_one_side_and_its_name_is_not_learned_from() {
    let data = rows("patient,dose,pulse", 400, |row| {
        let patient = mixed(row) % 25;
        format!(
            "p{patient},{},{}",
            mixed(row) / 25 % 900,
            patient * 3 + mixed(row) / 70 % 40
        )
    });
    let case = Case::new(data);
    let schema = case.preprocess(&["--group", "patient", "--task", "regression"]);
    assert_eq!(
        schema["split"],
        serde_json::json!({"by": "group", "column": "patient"})
    );
    assert_eq!(schema["dropped"][0]["name"], "patient");
    let test = schema["rows"]["test"].as_u64().unwrap();
    assert!((50..=110).contains(&test), "{test}");
    let together = String::from_utf8(case.read("together.txt")).unwrap();
    assert_eq!(together.lines().count() as u64, 400 - test);
    let groups: BTreeSet<_> = together.lines().collect();
    assert!((18..25).contains(&groups.len()), "{}", groups.len());
    assert_eq!(
        case.refused(&["--group", "patient", "--split-by", "dose"]),
        "data.csv: --split-by and --group exclude each other: the rows are split by the order of one column or by the \
         groups of another"
    );
}

#[test]
fn a_rare_class_is_found_and_the_probabilities_keep_its_share() {
    // 24 of 3000 rows are odd; half of those that look so are not.
    let data = rows("a,b,c,kind", 3000, |row| {
        let odd = row % 125 == 7;
        let looks = odd || row % 125 == 8;
        let a = mixed(row) % 1000 + if looks { 900 } else { 0 };
        format!(
            "{a},{},{},{}",
            mixed(row) / 1000 % 700,
            mixed(row) / 9 % 300,
            if odd { "odd" } else { "usual" }
        )
    });
    let case = Case::new(data);
    case.pipeline(&[]);
    let metrics = case.json("metrics.json");
    assert!(
        metrics["score"]["value"].as_f64().unwrap() > 0.8,
        "{}",
        metrics["score"]
    );
    let [model, prior] = ["model", "baseline"].map(|it| metrics[it]["log_loss"].as_f64().unwrap());
    assert!(model < prior, "{model} {prior}");
}

#[test]
fn few_rows_are_judged_by_cross_validation_that_keeps_copies_together() {
    // The target is chance: only who knows a row's copy can say it. One dataset may be lucky, so there are eight.
    let (mut total, mut lucky) = (0.0, 0);
    for number in 5..13 {
        let data = rows("p,q,r,y", 400, |row| {
            let [p, q, r] = [0, 7, 9].map(|by| mixed(row % 50 + by) as f64 / 1e3);
            let is_a = mixed(row % 50 + 100 * number).is_multiple_of(2);
            format!("{p},{q},{r},{}", if is_a { "a" } else { "b" })
        });
        let case = Case::new(data);
        case.pipeline(&["--min-score", "0"]);
        let score = &case.json("metrics.json")["score"];
        assert_eq!(score["by"], "cross-validation");
        let value = score["value"].as_f64().unwrap();
        assert!(value < 0.75, "{score}");
        total += value;
        lucky += u32::from(score["low"].as_f64().unwrap() > 0.5);
    }
    assert!(lucky <= 1, "{lucky} of 8 intervals are above chance");
    assert!(total / 8.0 < 0.58, "{} on average", total / 8.0);
}

#[test]
fn rows_of_one_class_prove_nothing_in_cross_validation_either() {
    // One row of the other class is for the training, and is not judged there.
    for others in [1, 2] {
        let case = Case::new(rows("a,b,y", 120, |row| {
            let class = if row < others { "down" } else { "up" };
            format!("{},{},{class}", mixed(row), mixed(row + 500))
        }));
        case.run(&["run", "data.csv", "--out", "out", "--min-score", "0"]);
        let verdict = &case.json("metrics.json")["verdict"];
        assert_eq!(verdict["outcome"], "untested", "{verdict}");
    }
}

#[test]
fn a_time_budget_ends_the_training_with_a_model_and_is_told() {
    let case = Case::new(plants(400));
    let said = case.pipeline(&["--time-budget", "0.01s", "--min-score", "0"]);
    let warning = "--time-budget of 0.01 s ended the training early (not tried: MLP 64, trees): the best model so far was \
                   taken, and another run may take another one";
    assert!(said.err.contains(warning), "{}", said.err);
    let metrics = case.json("metrics.json");
    let warnings = metrics["data"]["warnings"].as_array().unwrap();
    assert_eq!(warnings.last().unwrap(), warning);
    assert_eq!(metrics["training"]["chosen"], "linear");
    let report = String::from_utf8(case.read("report.html")).unwrap();
    assert!(report.contains("ended the training early"));
    // With time enough the result is that of a run without a bound, byte by byte.
    case.pipeline(&["--time-budget", "2h"]);
    let model = case.read("model.onnx");
    assert!(
        case.json("metrics.json")["training"]
            .get("warning")
            .is_none()
    );
    case.pipeline(&["--time-budget", ""]);
    assert_eq!(model, case.read("model.onnx"));
    let said = case.run(&["train", "out", "--time-budget", "soon"]);
    assert!(
        said.err.contains("a time such as 90s, 10m or 2h is needed"),
        "{}",
        said.err
    );
}

/// The warnings of a dataset.
fn told(data: String) -> Vec<String> {
    let schema = Case::new(data).preprocess(&[]);
    let told = warnings(&schema);
    told.into_iter().map(str::to_owned).collect()
}

#[test]
fn what_tells_the_target_in_part_together_or_in_a_word_is_named() {
    let target = |row: u64| mixed(row) % 5000;
    let starts = |told: Vec<String>, start: &str| {
        assert!(
            told.iter().any(|it| it.starts_with(start)),
            "{start}: {told:?}"
        );
    };
    let part = rows("load,copy,y", 300, |row| {
        let copy = Some(target(row)).filter(|_| row % 10 > 2);
        format!(
            "{},{},{}",
            row * 7 % 83,
            copy.map_or(String::new(), |it| it.to_string()),
            target(row)
        )
    });
    starts(
        told(part),
        "'copy' alone decides the target 'y' where it has a value: ",
    );
    let sum = rows("a,b,c,y", 300, |row| {
        let [a, b, c] = [0, 1, 2].map(|column| (chance(row, column) * 1e4).round() / 1e4);
        format!("{a},{b},{c},{:.4}", a + c)
    });
    starts(
        told(sum),
        "'a' and 'c' together give the target 'y', as a sum or a product of them: ",
    );
    let text = rows("x,note,y", 300, |row| {
        let class = usize::from(mixed(row).is_multiple_of(2));
        let verb = ["stays in town", "moved away"][class];
        let note = format!(
            "our number {} {verb} since the year {}",
            row * 31 % 977,
            1900 + row * 7 % 97
        );
        format!("{},{note},{}", row * 7 % 83, ["no", "yes"][class])
    });
    starts(
        told(text),
        "the word 'away' in 'note' alone decides whether 'y' is 'yes': ",
    );
}

#[test]
fn order_and_groups_are_told_of_shuffled_rows_too() {
    let series = rows("day,x,price", 400, |row| {
        let day = row * 157 % 400;
        let date = format!(
            "{}-{:02}-{:02}",
            2001 + day / 28 / 12,
            day / 28 % 12 + 1,
            day % 28 + 1
        );
        let price = 100.0 * (day as f64 / 40.0).sin() + chance(day, 0);
        format!("{date},{:.3},{price:.3}", chance(row, 1))
    });
    let warnings = told(series);
    let start = "in the order of 'day', 'price' is nearly the same in neighbouring rows: ";
    assert!(
        warnings.iter().any(|it| it.starts_with(start)),
        "{warnings:?}"
    );
    let patients = rows("patient,x,state", 400, |row| {
        let patient = mixed(row) % 40;
        let is_ill = (patient.is_multiple_of(3)) != (row % 20 == 7);
        format!(
            "P{patient:02},{:.3},{}",
            chance(row, 1),
            if is_ill { "ill" } else { "ok" }
        )
    });
    let warnings = told(patients);
    let end = "--group 'patient' tests with whole groups";
    assert!(warnings.iter().any(|it| it.ends_with(end)), "{warnings:?}");
}

#[test]
fn numbers_that_are_names_are_groups_whatever_the_column_is_called() {
    for name in ["house", "batch", "store", "school_id"] {
        let data = rows(&format!("{name},x,value"), 400, |row| {
            let place = row * 7 % 40;
            let value = (place as f64 * 2.4).sin() * 9.0 + chance(row, 0);
            format!("{},{:.3},{value:.3}", 1000 + place, chance(row, 1))
        });
        let warnings = told(data);
        let start = format!("'{name}' has the same values in several rows, and 'value' is alike");
        assert!(
            warnings.iter().any(|it| it.starts_with(&start)),
            "{warnings:?}"
        );
    }
    let measured = rows("rooms,x,value", 400, |row| {
        let rooms = row * 7 % 40;
        let value = rooms as f64 + 9.0 * chance(row, 0);
        format!("{rooms},{:.3},{value:.3}", chance(row, 1))
    });
    assert_eq!(told(measured), [""; 0]);
}

#[test]
fn rows_without_a_place_in_the_order_are_told() {
    let data = rows("day,x,y", 200, |row| {
        let day = if row % 5 < 2 {
            String::new()
        } else {
            format!("2024-{:02}-{:02}", row / 28 + 1, row % 28 + 1)
        };
        format!("{day},{},{}", mixed(row) % 97, mixed(row) % 83)
    });
    let schema = Case::new(data).preprocess(&["--split-by", "day"]);
    let told = warnings(&schema);
    assert!(
        told.iter()
            .any(|it| it.starts_with("80 rows of 200 have no value of 'day'")),
        "{told:?}"
    );
}

#[test]
fn copies_are_divided_so_that_each_class_has_its_share() {
    let data = rows("p,q,r,y", 400, |row| {
        let [p, q, r] = [0, 7, 9].map(|by| mixed(row % 50 + by) as f64 / 1e3);
        format!("{p},{q},{r},{}", if row % 50 % 2 == 0 { "a" } else { "b" })
    });
    let case = Case::new(data);
    case.preprocess(&[]);
    let test = part(&case, "test.csv");
    let of = |class: &str| test.iter().filter(|row| row.ends_with(class)).count();
    assert_eq!((of("a"), of("b")), (40, 40));
}

/// A number between -1 and 1 for each row and column.
fn chance(row: u64, column: u64) -> f64 {
    let number = mixed(row * 7 + column + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    number as f64 / f64::from(1 << 23) - 1.0
}

#[test]
fn where_columns_say_little_the_model_says_little_and_is_as_good_as_in_cross_validation() {
    for signal in [0.0, 0.3] {
        let numbers = rows("a,b,c,y", 900, |row| {
            let [a, b, c, rest] = [0, 1, 2, 3].map(|column| chance(row, column));
            format!("{a:.4},{b:.4},{c:.4},{:.4}", signal * a + rest)
        });
        let case = Case::new(numbers);
        case.pipeline(&["--min-score", "-1"]);
        let metrics = case.json("metrics.json");
        let score = metrics["score"]["value"].as_f64().unwrap();
        let training = &metrics["training"];
        let mut trials = training["trials"].as_array().unwrap().iter();
        let chosen = trials.find(|it| it["name"] == training["chosen"]).unwrap();
        let folds = chosen["score"].as_f64().unwrap();
        assert!(score > folds - 0.06, "{signal}: {score} and {folds}");
        assert!(score > -0.06, "{signal}: {score}");
    }
}
