//! All steps on small data: what they leave, and what the models say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::{Case, plants, prices};
use sha2::{Digest, Sha256};

const LEFT: [&str; 4] = [
    "metrics.json",
    "model-quantized.onnx",
    "model.onnx",
    "report.html",
];

#[test]
fn run_leaves_four_files_and_ends_with_a_table() {
    let case = Case::new(plants(240));
    let said = case.pipeline(&[]);
    let mut left: Vec<_> = std::fs::read_dir(case.path("out"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, LEFT);
    for row in [
        "accuracy",
        "balanced accuracy",
        "macro F1",
        "log loss",
        "AUC",
        "bytes",
        "out/model.onnx",
        "out/report.html",
    ] {
        assert!(said.out.contains(row), "{row}: {}", said.out);
    }
    let metrics = case.json("metrics.json");
    assert!(
        metrics["score"]["value"].as_f64().unwrap() > 0.95,
        "{}",
        metrics["score"]
    );
    assert!(metrics["quantized"]["agreement"].as_f64().unwrap() > 0.95);
    let least = metrics["importance"].as_array().unwrap().last().unwrap();
    assert_eq!(
        least["column"], "planted",
        "the date says nothing of the kind: {}",
        metrics["importance"]
    );
}

#[test]
fn two_runs_leave_the_same_bytes() {
    for data in [plants(240), prices(240)] {
        let sums = || {
            let case = Case::new(&data);
            case.pipeline(&["--max-drop", "1"]);
            LEFT.map(|name| (name, Sha256::digest(case.read(name))))
        };
        assert_eq!(sums(), sums());
    }
}

#[test]
fn numbers_are_predicted_in_their_own_unit() {
    let case = Case::new(prices(400));
    case.pipeline(&[]);
    let metrics = case.json("metrics.json");
    assert_eq!(metrics["score"]["name"], "R2");
    assert!(
        metrics["score"]["value"].as_f64().unwrap() > 0.95,
        "{}",
        metrics["score"]
    );
    let said = case.run(&["predict", "out/model-quantized.onnx", "data.csv"]);
    let first: f64 = said.out.lines().nth(1).unwrap().parse().unwrap();
    assert!((first - 160.0).abs() < 30.0, "{first}");
}

#[test]
fn words_that_were_never_seen_and_missing_values_are_served() {
    let case = Case::new(plants(240));
    case.pipeline(&[]);
    let serve = "planted,soil,more,height\n2025-02-01,lava,1,20.5\n,,2,\n01.02.2025,clay,3,0.5\n";
    std::fs::write(case.path("serve.csv"), serve).unwrap();
    for model in ["out/model.onnx", "out/model-quantized.onnx"] {
        let said = case.run(&["predict", model, "serve.csv"]);
        assert!(said.ok, "{}", said.err);
        let lines: Vec<_> = said.out.lines().collect();
        assert_eq!(lines[0], "label,p(fern),p(moss),p(reed)");
        assert!(
            lines[1].starts_with("reed,") && lines[3].starts_with("fern,"),
            "{}",
            said.out
        );
        assert_eq!(lines.len(), 4);
        assert_eq!(
            said.err,
            "  warning: 'planted': 1 values are no date, such as '01.02.2025': they count as missing\n"
        );
    }
    std::fs::write(case.path("serve.csv"), "height,soil\n1,clay\n2,clay\n").unwrap();
    let said = case.run(&["predict", "out/model.onnx", "serve.csv"]);
    assert_eq!(
        said.err,
        "error: serve.csv: it has no column 'planted', which the model needs: its columns are 'height', 'soil' (delimiter ',')\n"
    );
}

#[test]
fn columns_may_be_called_as_the_outputs_and_inner_values_are() {
    let data = plants(240).replacen(
        "height,soil,planted,kind",
        "label,probabilities,features,<b>kind</b>",
        1,
    );
    let case = Case::new(data);
    case.pipeline(&[]);
    let said = case.run(&["predict", "out/model.onnx", "data.csv"]);
    assert!(
        said.ok && said.out.starts_with("label,p(fern)"),
        "{}{}",
        said.err,
        said.out
    );
    let report = String::from_utf8(case.read("report.html")).unwrap();
    assert!(report.contains("&lt;b&gt;kind&lt;/b&gt;") && !report.contains("<b>kind"));
}

#[test]
fn the_report_needs_nothing_but_itself() {
    for data in [plants(240), prices(240)] {
        let case = Case::new(data);
        case.pipeline(&["--max-drop", "1"]);
        let report = String::from_utf8(case.read("report.html")).unwrap();
        for reference in [
            "http:", "https:", "src=", "href=", "url(", "<script", "@import",
        ] {
            assert!(!report.contains(reference), "{reference}");
        }
        assert!(
            report.contains("prefers-color-scheme: dark") && report.contains("width=device-width")
        );
        assert_eq!(
            report.matches("<svg").count(),
            report.matches("</svg>").count()
        );
        assert_eq!(report.matches("<svg").count(), 3);
        assert!(!report.contains("NaN"));
    }
}

#[test]
fn a_score_that_is_too_low_fails_the_step_and_leaves_the_report() {
    let case = Case::new(plants(240));
    let said = case.run(&["run", "data.csv", "--out", "out", "--min-score", "1.5"]);
    assert!(!said.ok);
    let last = said.err.lines().last().unwrap();
    assert!(
        last.starts_with("error: the model's balanced accuracy is ")
            && last.contains("below the 1.5"),
        "{last}"
    );
    assert!(case.path("out/report.html").exists());
    let said = case.run(&["run", "data.csv", "--out", "out", "--max-drop", "-1"]);
    assert!(
        !said.ok && said.err.contains("more than the -1 that --max-drop allows"),
        "{}",
        said.err
    );
    assert!(case.path("out/model-quantized.onnx").exists());
}

#[test]
fn the_source_goes_into_the_metadata() {
    let case = Case::new(plants(120));
    case.pipeline(&[
        "--source-url",
        "https://a.blob/d/plants.csv",
        "--source-etag",
        "0x8D",
        "--source-last-modified",
        "2026-11-25T10:00:00Z",
    ]);
    let model = case.read("model-quantized.onnx");
    for text in [
        "https://a.blob/d/plants.csv",
        "0x8D",
        "2026-11-25T10:00:00Z",
        "score",
        "tool_version",
        "days since 1970-01-01",
    ] {
        assert!(
            model
                .windows(text.len())
                .any(|window| window == text.as_bytes()),
            "{text}"
        );
    }
}

#[test]
fn the_steps_one_by_one_come_to_the_same_as_all_at_once() {
    let case = Case::new(plants(240));
    let all = case.pipeline(&[]);
    let expected = LEFT.map(|name| case.read(name));
    case.preprocess(&["--target", ""]);
    for step in ["train", "evaluate", "quantize"] {
        assert!(case.run(&[step, "out"]).ok, "{step}");
    }
    let said = case.run(&["summary", "out"]);
    assert_eq!(said.out, all.out);
    assert_eq!(LEFT.map(|name| case.read(name)), expected);
    let score = case.json("metrics.json")["score"]["value"]
        .as_f64()
        .unwrap();
    assert_eq!(case.read("score"), format!("{score:.4}").into_bytes());
}

#[test]
fn a_class_with_one_row_is_learned_from_and_does_not_stop_the_others() {
    let data = plants(240) + "3.5,clay,2025-01-01,unique\n";
    let case = Case::new(data);
    case.pipeline(&[]);
    let metrics = case.json("metrics.json");
    assert_eq!(
        metrics["data"]["target"]["task"]["classes"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert!(metrics["score"]["value"].as_f64().unwrap() > 0.9);
}
