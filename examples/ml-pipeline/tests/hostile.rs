//! The messages about files from which no model can be trained, and about files from which one nearly cannot.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use std::fmt::Write;

use common::{Case, plants};

fn refused(data: impl AsRef<[u8]>) -> String {
    Case::new(data).refused(&[])
}

/// Rows of two columns.
fn rows(header: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    (0..rows).fold(format!("{header}\n"), |text, at| text + &row(at) + "\n")
}

#[test]
fn files_without_anything_to_learn_from_are_refused_with_a_reason() {
    assert_eq!(refused(""), "data.csv is empty");
    assert_eq!(refused("\n \n"), "data.csv is empty");
    assert_eq!(refused("a,b,c\n"), "data.csv: it has a header and no rows");
    assert_eq!(
        refused("a\n1\n2\n"),
        "data.csv: it has one column, 'a': a target and at least one column to learn from are needed (a field is \
         taken to end at a comma, semicolon, tab or vertical bar)"
    );
    let blanks = "temp      site            state\n54.2      main hall       up\n53.8      roof            down\n";
    assert_eq!(
        refused(blanks),
        "data.csv: it has one column, 'temp      site            state': a target and at least one column to learn from are \
         needed; the names seem to be set apart by blanks alone, and some values have blanks or are empty: store the file with \
         commas, semicolons or tabs between the fields"
    );
    let long = refused(format!("{}\n1\n2\n", "long".repeat(100)));
    assert!(long.len() < 300 && long.contains("longlong…'"), "{long}");
    let negative = [
        "preprocess",
        "data.csv",
        "--out",
        "out",
        "--skip-lines",
        "-1",
    ];
    let said = Case::new("a,b\n").run(&negative);
    let wanted =
        "invalid value '-1' for '--skip-lines <LINES>': a whole number such as 2 is needed";
    assert!(said.err.contains(wanted), "{}", said.err);
    assert_eq!(
        refused("a,b\n1,x\n"),
        "data.csv: it has 1 row below its header: at least 10 are needed, for training and for the test"
    );
    assert_eq!(
        refused(rows("a,b", 20, |at| format!("{},x", at % 3))),
        "data.csv: the target 'b' has one value, 'x', in all 20 rows that have any: there is nothing to learn"
    );
    assert_eq!(
        refused(rows("a,b", 20, |at| format!("{},", at % 3))),
        "data.csv: the target 'b' has no value in any row"
    );
    assert_eq!(
        refused(rows("a,b,y", 20, |at| format!(",,{}", at % 2))),
        "data.csv: no column is left to learn from: 'a' (it has no value in any row), 'b' (it has no value in any row)"
    );
}

#[test]
fn a_nul_byte_is_told_with_its_line() {
    assert_eq!(
        refused("a,b\n1,2\n3,\u{0}\n"),
        "data.csv: line 3 has a NUL byte: this is no text"
    );
}

#[test]
fn quotes_are_followed_and_an_open_one_is_found() {
    assert_eq!(
        refused("a,b\n1,x\n2,\"y\n3,z\n"),
        "data.csv: line 3: a quote opens here that is never closed"
    );
    let text = rows("a,b,y", 30, |at| {
        format!("{},\"two\nlines, \"\"{}\"\"\",{}", at % 7, at % 3, at % 2)
    });
    let schema = Case::new(text).preprocess(&[]);
    assert_eq!(schema["rows"]["read"], 30);
    assert_eq!(schema["columns"][1]["kind"], "category");
    // Within a field a quote is a character like others.
    let text = rows("size,y", 30, |at| format!("{}\" wide,{}", at % 3, at % 2));
    assert_eq!(Case::new(text).preprocess(&[])["rows"]["read"], 30);
}

#[test]
fn a_record_without_end_is_refused_before_it_fills_the_memory() {
    let long = "a,".repeat(50 << 20);
    assert_eq!(
        refused(long),
        "data.csv: the record that begins in line 1 is longer than 4 MiB"
    );
    let quoted = rows("a,b", 300_000, |at| format!("{},\"{at}", at % 3));
    assert!(refused(&quoted[..quoted.len() - 1]).contains("data.csv: "));
    let open = format!("a,b\n1,\"{}", "x,1\n".repeat(2 << 20));
    assert_eq!(
        refused(open),
        "data.csv: line 2: a quote opens here that is not closed within 4 MiB"
    );
}

#[test]
fn few_ragged_rows_are_left_out_and_many_are_refused() {
    let few = rows("a,b,y", 100, |at| {
        if at == 40 {
            "1,2".into()
        } else {
            format!("{},{},{}", at % 7, at % 5, at % 2)
        }
    });
    let schema = Case::new(few).preprocess(&[]);
    assert_eq!(
        schema["warnings"][0],
        "1 of 100 rows have another number of fields than the 3 of the first line (line 42 has 2): they are left out"
    );
    assert_eq!(
        schema["rows"]["train"].as_u64().unwrap() + schema["rows"]["test"].as_u64().unwrap(),
        99
    );
    let many = rows("a,b,y", 100, |at| {
        if at % 10 == 3 {
            "1,2".into()
        } else {
            format!("{},{},{}", at % 7, at % 5, at % 2)
        }
    });
    assert_eq!(
        refused(many),
        "data.csv: 10 of 100 rows have another number of fields than the 3 of the first line (line 5 has 2): look at its \
         delimiter and quotes there"
    );
    // A delimiter at the end of each row is no field.
    let trailing = rows("a,b,y", 30, |at| {
        format!("{},{},{},", at % 7, at % 5, at % 2)
    });
    assert_eq!(
        Case::new(trailing).preprocess(&[])["warnings"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn what_no_float_holds_and_junk_among_numbers_count_as_missing() {
    let text = rows("a,b,y", 100, |at| match at {
        5 => "inf,1,0".into(),
        6 => "1e999,1,1".into(),
        7 => "3,oops,0".into(),
        _ => format!("{}.5,{},{}", at % 9, at % 5, at % 2),
    });
    let schema = Case::new(text).preprocess(&[]);
    assert_eq!(schema["columns"][0]["kind"], "number");
    assert_eq!(
        schema["warnings"][0],
        "'a': 2 of 100 values are no finite numbers of 32 bits, such as 'inf', '1e999': they count as missing"
    );
    assert_eq!(
        schema["warnings"][1],
        "'b': 1 of 100 values are no numbers, such as 'oops': they count as missing"
    );
}

#[test]
fn a_name_that_comes_twice_gets_a_number_and_is_no_target() {
    let text = rows("a,a,y", 30, |at| {
        format!("{},{},{}", at % 7, at % 5, at % 2)
    });
    let case = Case::new(text);
    let schema = case.preprocess(&[]);
    assert_eq!(
        schema["warnings"][0],
        "the header has 'a' more than once: column 2 is called 'a_2' here"
    );
    assert_eq!(
        case.refused(&["--target", "a"]),
        "data.csv: the target 'a' is the name of more than one column: rename one of them"
    );
    assert_eq!(
        case.refused(&["--target", "zz"]),
        "data.csv: there is no column 'zz': the columns are 'a', 'a_2', 'y'"
    );
    // A name that only looks like one of ours is a name.
    let case = Case::new(rows("y,y_2,z", 40, |at| {
        format!("{},{},{}", at % 2, at % 7, at % 5)
    }));
    assert_eq!(case.preprocess(&["--target", "y"])["target"]["name"], "y");
    let near = Case::new(plants(30)).refused(&["--target", "hieght"]);
    assert_eq!(
        near,
        "data.csv: there is no column 'hieght': did you mean 'height'?"
    );
}

#[test]
fn ten_thousand_columns_are_read_and_more_than_twenty_thousand_are_refused() {
    let wide = |columns: usize| {
        let mut text: String = (0..columns).fold(String::new(), |mut text, at| {
            let _ = write!(text, "c{at},");
            text
        });
        text.push_str("y\n");
        for row in 0..30 {
            (0..columns).for_each(|at| {
                let _ = write!(text, "{},", (row * 7 + at * 13 + row * at) % 101);
            });
            let _ = writeln!(text, "{}", row % 2);
        }
        text
    };
    let schema = Case::new(wide(10_000)).preprocess(&[]);
    let (taken, dropped) = (&schema["columns"], &schema["dropped"]);
    assert_eq!(
        taken.as_array().unwrap().len() + dropped.as_array().unwrap().len(),
        10_000
    );
    assert_eq!(
        refused(wide(20_000)),
        "data.csv: line 1 has 20001 columns, where at most 20000 are read"
    );
}

#[test]
fn rare_classes_are_reported_and_too_many_are_refused() {
    let text = rows("a,y", 100, |at| {
        format!(
            "{},{}",
            at % 9,
            if at == 50 { "rare" } else { ["x", "z"][at % 2] }
        )
    });
    let case = Case::new(text);
    let schema = case.preprocess(&[]);
    assert_eq!(
        schema["warnings"][0],
        "'y': 1 class is too rare to split well: 'rare' (1 row); 1 is used for training, but not for the test"
    );
    assert!(
        !String::from_utf8(case.read("test.csv"))
            .unwrap()
            .contains("rare")
    );
    assert!(
        String::from_utf8(case.read("train.csv"))
            .unwrap()
            .contains("rare")
    );
    assert_eq!(
        refused(rows("a,y", 25_000, |at| format!(
            "{},user-{}",
            at % 9,
            at % 5000
        ))),
        "data.csv: the target 'y' has more than 1000 classes (about 4976 different words in 25000 rows): choose another \
         column with --target, or fewer classes"
    );
    assert_eq!(
        refused(rows("a,y", 40, |at| format!(
            "{},user-{}",
            at % 9,
            at / 2 + at % 2
        ))),
        "data.csv: the target 'y' has 21 classes in 40 rows, fewer than two rows for each: choose another column with \
         --target, or fewer classes"
    );
}

#[test]
fn a_step_without_the_one_before_says_so() {
    let case = Case::new(plants(60));
    for (step, file) in [
        ("train", "schema.json"),
        ("evaluate", "schema.json"),
        ("quantize", "metrics.json"),
    ] {
        let said = case.run(&[step, "."]);
        assert!(!said.ok);
        assert!(
            said.err.starts_with(&format!(
                "error: cannot read ./{file}, which an earlier step leaves there"
            )),
            "{}",
            said.err
        );
    }
    let said = case.run(&["run", "nothing.csv", "--out", "out"]);
    assert_eq!(
        (
            said.ok,
            said.err.contains("cannot read nothing.csv: No such file")
        ),
        (false, true),
        "{}",
        said.err
    );
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let said = Case::new(plants(60)).run(&["run", "/dev/zero", "--out", "out"]);
    assert_eq!(
        said.err.lines().last().unwrap(),
        "error: /dev/zero is no regular file, and it is read more than once: store it in one"
    );
}

#[test]
fn nothing_of_an_earlier_run_is_left_beside_what_is_new() {
    let case = Case::new(plants(240));
    case.pipeline(&[]);
    assert!(case.path("out/model-quantized.onnx").exists());
    let said = case.run(&["run", "data.csv", "--out", "out", "--min-score", "1.5"]);
    assert!(!said.ok && !case.path("out/model-quantized.onnx").exists());
    let said = case.run(&["run", "data.csv", "--out", "out", "--min-score", "nan"]);
    assert!(
        !said.ok && said.err.contains("a number such as 0.9 is needed"),
        "{}",
        said.err
    );
}

#[test]
fn controls_in_names_and_values_do_not_reach_the_terminal() {
    let text = rows("a,y", 40, |at| {
        format!(
            "{},\"\u{1b}[31m{}\nx\"",
            at % 7,
            if at == 3 { "rare" } else { "b" }
        )
    });
    let said = Case::new(text).run(&["preprocess", "data.csv", "--out", "out"]);
    assert!(
        !said.err.contains('\u{1b}') && said.err.contains("'\\u{1b}[31mrare\\nx'"),
        "{}",
        said.err
    );
}
