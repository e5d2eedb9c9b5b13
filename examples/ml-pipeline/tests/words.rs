//! Columns of words: many of them, codes that look like numbers, and spellings of one word.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use std::fmt::Write;

use common::Case;

/// Numbers that follow no rule, the same in each run.
fn mixed(row: u64) -> u64 {
    let mixed = (row + 77).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 24
}

fn table(header: &str, rows: u64, of: impl Fn(u64) -> String) -> String {
    let mut text = format!("{header}\n");
    (0..rows).for_each(|row| writeln!(text, "{}", of(row)).unwrap());
    text
}

fn kinds(schema: &serde_json::Value) -> Vec<String> {
    let columns = schema["columns"].as_array().unwrap().iter();
    columns
        .map(|it| format!("{} {}", it["name"], it["kind"]).replace('"', ""))
        .collect()
}

fn warnings(schema: &serde_json::Value) -> Vec<&str> {
    let warnings = schema["warnings"].as_array().unwrap().iter();
    warnings.map(|it| it.as_str().unwrap()).collect()
}

/// A city of 300, each with a height of its own, and a number that adds to it.
fn cities(rows: u64) -> String {
    table("city,x,y", rows, |row| {
        let city = mixed(row) % 300;
        let height = (mixed(city * 31 + 5) % 1000) as f64 / 100.0;
        let x = (mixed(row + 50_000) % 100) as f64 / 50.0;
        let noise = (mixed(row + 90_000) % 100) as f64 / 100.0;
        format!("city {city},{x},{:.3}", height + x + noise)
    })
}

#[test]
fn many_words_of_a_number_are_learned() {
    let case = Case::new(cities(2400));
    case.pipeline(&["--target", "y"]);
    let score = case.json("metrics.json")["score"]["value"]
        .as_f64()
        .unwrap();
    assert!(score > 0.95, "{score}");
    // Words that are known, one that is not, and none.
    std::fs::write(
        case.path("new.csv"),
        "city,x\ncity 7,1\n city 7 ,1\nVilnius,1\n,1\n",
    )
    .unwrap();
    let said = case.run(&["predict", "out/model.onnx", "new.csv"]);
    let said: Vec<f64> = said
        .out
        .lines()
        .skip(1)
        .map(|it| it.parse().unwrap())
        .collect();
    let height = (mixed(7 * 31 + 5) % 1000) as f64 / 100.0;
    assert!((said[0] - height - 1.5).abs() < 0.6, "{said:?}, {height}");
    assert!((said[0] - said[1]).abs() < 1e-6, "{said:?}");
    assert!(
        (said[2] - 6.5).abs() < 1.0 && (said[3] - 6.5).abs() < 1.0,
        "{said:?}"
    );
}

#[test]
fn many_words_of_classes_are_learned_and_chance_is_not() {
    let state = |word: u64| ["up", "down", "idle"][(mixed(word + 7) % 3) as usize];
    let case = Case::new(table("part,other,state", 2000, |row| {
        let part = mixed(row) % 200;
        let state = if mixed(row + 1).is_multiple_of(10) {
            state(row)
        } else {
            state(part)
        };
        format!("p{part},o{},{state}", mixed(row * 3) % 200)
    }));
    case.pipeline(&[]);
    let metrics = case.json("metrics.json");
    assert!(
        metrics["score"]["value"].as_f64().unwrap() > 0.85,
        "{}",
        metrics["score"]
    );
    let chance = Case::new(table("part,state", 400, |row| {
        format!("p{},{}", mixed(row) % 130, state(row + 900))
    }));
    let said = chance.run(&["run", "data.csv", "--out", "out"]);
    let score = chance.json("metrics.json")["score"].clone();
    assert!(
        score["value"].as_f64().unwrap() < 0.42,
        "{score} {}",
        said.err
    );
}

#[test]
fn codes_are_words_and_that_is_told() {
    // The third has a rule in its words alone: neighbouring codes have nothing in common.
    let data = table("zip,store_id,load,state", 300, |row| {
        let zip = ["60601", "00501", "99501", "94103", "30301", "01001"][(mixed(row) % 6) as usize];
        let state = if ["00501", "94103", "30301"].contains(&zip) {
            "up"
        } else {
            "down"
        };
        format!(
            "{zip},{},{}.5,{state}",
            mixed(row + 9) % 20,
            mixed(row * 5) % 50
        )
    });
    let case = Case::new(data);
    let schema = case.preprocess(&[]);
    assert_eq!(
        kinds(&schema),
        ["zip category", "store_id category", "load number"]
    );
    let told = warnings(&schema);
    assert!(
        told.contains(
            &"'zip': its whole numbers look like codes, as some begin with 0: they are treated as categories"
        ),
        "{told:?}"
    );
    assert!(
        told.contains(
            &"'store_id': its whole numbers look like codes, as its name says so: they are treated as categories"
        ),
        "{told:?}"
    );
    case.pipeline(&[]);
    let score = case.json("metrics.json")["score"]["value"]
        .as_f64()
        .unwrap();
    assert!(score > 0.99, "{score}");
    // As a spreadsheet leaves them.
    std::fs::write(
        case.path("new.csv"),
        "zip,store_id,load\n501,3,9\n00501,3,9\n501.0,3.0,9\n1001,3,9\n",
    )
    .unwrap();
    let said = case.run(&["predict", "out/model.onnx", "new.csv"]).out;
    let said: Vec<&str> = said.lines().skip(1).collect();
    assert!(
        said[0].starts_with("up,") && said[3].starts_with("down,"),
        "{said:?}"
    );
    assert_eq!((said[0], said[0]), (said[1], said[2]));
}

#[test]
fn words_that_differ_in_case_or_blanks_are_told() {
    let answers = ["Yes", "yes", "YES ", "no", "New York", "NewYork"];
    let data = table("answer,load,y", 120, |row| {
        let answer = answers[(mixed(row) % 6) as usize];
        format!(
            "{answer},{}.5,{}",
            mixed(row * 3) % 90,
            mixed(row + 5) % 1000
        )
    });
    let told = Case::new(data).preprocess(&[]);
    let told = warnings(&told);
    assert_eq!(told.len(), 1, "{told:?}");
    for part in [
        "'answer': ",
        "'Yes'",
        "'yes'",
        "'YES'",
        "'NewYork'",
        "only case or blanks differ",
    ] {
        assert!(told[0].contains(part), "{part} in {told:?}");
    }
}

/// Texts in which one of some words tells the kind, in many spellings, and others that tell nothing.
fn letters(rows: u64) -> String {
    let plain = |row: u64| format!("w{}", mixed(row * 41) % 150);
    table("text,kind", rows, |row| {
        let kind = mixed(row) % 2;
        let telling = [["good", "great", "Love"], ["bad", "broken,", "HATE"]][kind as usize];
        let telling = telling[(mixed(row + 3) % 3) as usize];
        let text: Vec<_> = (0..mixed(row + 5) % 9 + 2)
            .map(|at| plain(row * 20 + at))
            .collect();
        let kind = ["praise", "blame"][kind as usize];
        format!(
            "\"{} {telling} {}, no {row}\",{kind}",
            text.join(" "),
            plain(row + 7)
        )
    })
}

#[test]
fn words_of_free_text_are_learned() {
    let case = Case::new(letters(900));
    let schema = case.preprocess(&[]);
    assert_eq!(kinds(&schema), ["text text"]);
    case.pipeline(&["--max-drop", "0.02"]);
    let metrics = case.json("metrics.json");
    assert!(
        metrics["score"]["value"].as_f64().unwrap() > 0.95,
        "{}",
        metrics["score"]
    );
    std::fs::write(
        case.path("new.csv"),
        "text\n\"  so  GOOD, it is\"\n\"hate!\nbroken\"\nnever seen before\n\"\"\nN/A\n",
    )
    .unwrap();
    for model in ["out/model.onnx", "out/model-quantized.onnx"] {
        let said = case.run(&["predict", model, "new.csv"]).out;
        let said: Vec<&str> = said.lines().skip(1).collect();
        assert!(
            said[0].starts_with("praise,") && said[1].starts_with("blame,"),
            "{said:?}"
        );
        assert_eq!((said[2], said[2]), (said[3], said[4]));
    }
}

#[test]
fn texts_beside_other_columns_and_many_of_them() {
    let text = |row: u64| {
        let words =
            ["red", "green", "blue", "grey"].map(|word| (word, mixed(row + word.len() as u64) % 3));
        let words: Vec<_> = words
            .iter()
            .filter(|(_, it)| *it > 0)
            .map(|(word, _)| *word)
            .collect();
        format!("{} at {row} of {}", words.join(" "), mixed(row) % 40)
    };
    let case = Case::new(table("a,b,c,load,y", 200, |row| {
        let red = f64::from(u8::from(text(row).contains("red")));
        let load = (mixed(row * 7) % 100) as f64 / 25.0;
        format!(
            "{},{},{},{load},{}",
            text(row),
            text(row + 500),
            text(row + 900),
            red * 4.0 + load
        )
    }));
    let schema = case.preprocess(&[]);
    assert_eq!(
        kinds(&schema),
        ["a text", "b text", "c text", "load number"]
    );
    case.pipeline(&[]);
    let score = case.json("metrics.json")["score"]["value"]
        .as_f64()
        .unwrap();
    assert!(score > 0.9, "{score}");
}

#[test]
fn a_column_of_true_and_false_in_any_case_is_a_yes_or_no_as_pandas_reads_it() {
    let rows: String = (0..60)
        .map(|row| {
            let word =
                [["TRUE", "true", "True"], ["FALSE", "false", "fALSE"]][row % 2][row / 2 % 3];
            format!("{word},{},{}\n", row * 7 % 11, ["up", "down"][row % 2])
        })
        .collect();
    let case = Case::new(format!("flag,x,y\n{rows}"));
    let schema = case.preprocess(&[]);
    assert_eq!(schema["columns"][0]["kind"], "boolean");
    let told = schema["warnings"].as_array().unwrap();
    let told: Vec<_> = told.iter().map(|it| it.as_str().unwrap()).collect();
    assert!(
        told.iter().all(|it| !it.contains("different words")),
        "{told:?}"
    );
    let train = String::from_utf8(case.read("train.csv")).unwrap();
    let words = train
        .lines()
        .skip(1)
        .map(|row| row.split(',').next().unwrap());
    assert!(
        words.clone().all(|word| ["true", "false"].contains(&word)),
        "{train}"
    );
    let said = case.pipeline(&[]);
    assert!(
        said.out.contains("balanced accuracy          1.0000"),
        "{}",
        said.out
    );
}

#[test]
fn a_word_that_stands_in_one_row_says_what_that_row_does() {
    let mixed = |row: u64| (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    let rows: String = (0..900)
        .map(|row| {
            let town = mixed(row) % 350;
            let price = mixed(town + 9_999) % 1_000 + mixed(row + 77_777) % 100;
            format!("town {town},{},{price}\n", mixed(row + 5_555) % 89)
        })
        .collect();
    let case = Case::new(format!("town,x,price\n{rows}"));
    case.pipeline(&[]);
    let score = case.json("metrics.json")["score"]["value"]
        .as_f64()
        .unwrap();
    assert!(score > 0.84, "{score}");
}
