//! All steps on small data: what they leave, and what the models say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails so")]

mod common;

use common::{Case, plants, prices, trips};
use sha2::{Digest, Sha256};

const LEFT: [&str; 6] = [
    "metrics.json",
    "model-quantized.onnx",
    "model.onnx",
    "predict.py",
    "report.html",
    "signature.json",
];

#[test]
fn run_leaves_six_files_and_ends_with_a_table() {
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
            let case = Case::new(&data).at("1764412800");
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
fn whole_numbers_come_back_as_such_and_other_spellings_are_known() {
    let mut data = plants(240)
        .replace("fern", "-1")
        .replace("moss", "2")
        .replace("reed", "30");
    data = data.replace(",peat,", ",?,");
    let case = Case::new(data);
    case.pipeline(&[]);
    let signature = case.json("signature.json");
    let outputs = signature["outputs"].as_str().unwrap();
    assert!(outputs.contains(r#""dtype":"int64""#), "{outputs}");
    // Blanks and markers reach `predict` as a file and the graph as they are; both come to the same.
    let said = case.run(&["predict", "out/model.onnx", "data.csv"]);
    assert!(
        said.out.starts_with("label,p(-1),p(2),p(30)"),
        "{}",
        said.out
    );
    let labels: Vec<_> = said
        .out
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(labels[..3], ["-1", "2", "30"]);
    let model = case.read("model.onnx");
    for spelling in [" clay", "sand ", "N/A"] {
        let is_there = model
            .windows(spelling.len())
            .any(|it| it == spelling.as_bytes());
        assert!(is_there, "{spelling}");
    }
}

#[test]
fn metrics_json_is_described() {
    let described = include_str!("../../../docs/pipeline-metrics.md");
    for data in [plants(240), prices(700)] {
        let case = Case::new(data);
        case.pipeline(&[]);
        let metrics = case.json("metrics.json");
        assert_eq!(metrics["schema_version"], 1);
        let mut names: Vec<_> = metrics.as_object().unwrap().keys().cloned().collect();
        for part in ["verdict", "score", "model", "quantized"] {
            let fields = metrics[part].as_object().unwrap().keys();
            names.extend(fields.map(|field| format!("{part}.{field}")));
        }
        for name in names {
            assert!(described.contains(&format!("`{name}`")), "{name}");
        }
    }
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
        assert_eq!(
            report.matches("<table").count(),
            report.matches("</table>").count()
        );
        assert!(!report.contains("NaN"));
    }
}

#[test]
fn the_report_shows_where_the_errors_are() {
    let headings = |data: String| {
        let case = Case::new(data);
        case.pipeline(&["--max-drop", "1"]);
        let report = String::from_utf8(case.read("report.html")).unwrap();
        let headings: Vec<_> = report
            .lines()
            .filter_map(|line| line.strip_prefix("<h2>").or(line.strip_prefix("<h3>")))
            .map(|rest| rest[..rest.find("</").unwrap()].to_owned())
            .collect();
        (headings.join(", "), report, case.json("metrics.json"))
    };
    let (classes, report, metrics) = headings(plants(240));
    assert!(
        classes.contains("Confusion, Classes, ROC curve, Calibration, Errors")
            && classes.ends_with("Feature importance, Columns, Training, Data and run"),
        "{classes}"
    );
    let found = metrics["details"]["classes"].as_array().unwrap();
    let rows: u64 = found.iter().map(|it| it["rows"].as_u64().unwrap()).sum();
    assert_eq!(rows, metrics["data"]["rows"]["test"].as_u64().unwrap());
    assert!(report.contains("data-label=\"recall\""));
    let importance = &metrics["importance"][0];
    assert!(importance["deviation"].as_f64().unwrap() > 0.0);

    let (numbers, report, metrics) = headings(prices(400));
    assert!(
        numbers.contains("Predicted and true values, Residuals, Errors"),
        "{numbers}"
    );
    let worst = metrics["details"]["worst"].as_array().unwrap();
    assert_eq!(worst.len(), 10);
    let data = prices(400);
    for row in worst {
        let place = row["place"].as_str().unwrap();
        let line: usize = place.strip_prefix("line ").unwrap().parse().unwrap();
        let truth: f32 = row["truth"].as_str().unwrap().parse().unwrap();
        let source = data.lines().nth(line - 1).unwrap();
        let target: f32 = source.rsplit(',').next().unwrap().parse().unwrap();
        assert!((truth - target).abs() < 0.01, "{row}: {source}");
        assert!(report.contains(place), "{place}");
    }
    assert!(report.contains("For 90 % of the rows"));
    let slices = metrics["details"]["slices"].as_array().unwrap();
    assert!(!slices.is_empty());
    let column = &metrics["training"]["columns"][0];
    assert!(column["range"].as_array().unwrap().len() == 3, "{column}");
}

#[test]
fn the_report_tells_which_data_it_was_and_when() {
    let case = Case::new(plants(120)).at("1764412800");
    case.pipeline(&["--source-url", "https://a.example/c/plants.csv"]);
    let metrics = case.json("metrics.json");
    let sum = Sha256::digest(plants(120));
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(metrics["data"]["sha256"], sum.as_str());
    assert_eq!(metrics["took"]["started"], "2025-11-29T10:40:00Z");
    let report = String::from_utf8(case.read("report.html")).unwrap();
    for told in [
        &sum,
        "2025-11-29T10:40:00Z",
        "https://a.example/c/plants.csv",
        "quantize 0.0 s",
    ] {
        assert!(report.contains(told), "{told}");
    }
    let now = Case::new(plants(120));
    now.pipeline(&[]);
    let train = &now.json("metrics.json")["training"]["took"];
    assert!(train["seconds"].as_f64().unwrap() > 0.0, "{train}");
}

#[test]
fn a_folder_for_mlflow_is_left_where_it_is_asked_for() {
    let case = Case::new(plants(240));
    let said = case.pipeline(&["--mlflow"]);
    assert!(said.out.contains("out/mlflow"), "{}", said.out);
    let about = case.json("mlflow/MLmodel");
    let flavors = &about["flavors"];
    let function = &flavors["python_function"];
    for (key, wanted) in [
        ("data", "model.onnx"),
        ("code", "code"),
        ("loader_module", "ml_pipeline_model"),
        ("python_version", "3.11"),
    ] {
        assert_eq!(function[key], wanted, "{function}");
    }
    assert_eq!(flavors["onnx"]["data"], "model.onnx");
    for file in ["python_env.yaml", "conda.yaml"] {
        let environment = String::from_utf8(case.read(&format!("mlflow/{file}"))).unwrap();
        assert!(environment.contains("3.11"), "{file}: {environment}");
    }
    let inputs: serde_json::Value =
        serde_json::from_str(about["signature"]["inputs"].as_str().unwrap()).unwrap();
    // MLflow refuses whole numbers where a float is promised, and pandas makes both of a column of numbers.
    for input in inputs.as_array().unwrap() {
        assert_eq!(input["type"], "any", "{input}");
        assert_eq!(input["required"], false, "{input}");
    }
    assert_eq!(inputs[1]["name"], "soil");
    assert_eq!(
        case.read("mlflow/model.onnx"),
        case.read("model-quantized.onnx")
    );
    assert_eq!(case.read("mlflow/code/predict.py"), case.read("predict.py"));
    // An empty one is what a Workflow gives that does not ask for it.
    case.pipeline(&["--mlflow="]);
    assert!(!case.path("out/mlflow").exists());
}

#[test]
fn a_dataset_has_a_target_of_its_own() {
    let case = Case::new(plants(240));
    std::fs::write(
        case.path("data.csv.pipeline.json"),
        r#"{"target": "soil", "ignore": ["planted"]}"#,
    )
    .unwrap();
    std::fs::write(
        case.path("m.json"),
        r#"{"pipeline_target": "height", "x": "y"}"#,
    )
    .unwrap();
    let said = case.run(&["preprocess", "data.csv", "--out", "out", "--target", "kind"]);
    assert!(said.ok, "{}", said.err);
    assert!(
        said.err
            .contains("set by the dataset: target \"soil\", from data.csv.pipeline.json"),
        "{}",
        said.err
    );
    let schema = case.json("schema.json");
    assert_eq!(schema["target"]["name"], "soil");
    assert_eq!(schema["dropped"][0]["name"], "planted");
    let said = case.run(&[
        "preprocess",
        "data.csv",
        "--out",
        "out",
        "--metadata",
        "m.json",
    ]);
    assert!(said.ok, "{}", said.err);
    assert_eq!(case.json("schema.json")["target"]["name"], "height");
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
    let case = Case::new(trips(1500));
    let said = case.run(&["run", "data.csv", "--out", "out", "--max-drop", "-1"]);
    assert!(
        !said.ok && said.err.contains("more than the -1 that --max-drop allows"),
        "{}",
        said.err
    );
    assert!(case.path("out/model-quantized.onnx").exists());
}

#[test]
fn a_model_that_is_no_better_than_the_baseline_fails_unless_another_bound_is_set() {
    let mut data = "a,b,y\n".to_owned();
    for row in 0..700_u64 {
        let mixed = (row + 9000).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let [a, b, y] = [40, 20, 0].map(|by| (mixed >> by) % 99_991);
        data += &format!("{a},{b},{y}\n");
    }
    let case = Case::new(data);
    let said = case.run(&["run", "data.csv", "--out", "out"]);
    let last = said.err.lines().last().unwrap();
    assert!(
        !said.ok
            && last.starts_with(
                "error: the model is rejected: no better than the baseline, which learns"
            ),
        "{last}"
    );
    assert_eq!(case.json("metrics.json")["verdict"]["outcome"], "no-better");
    let report = String::from_utf8(case.read("report.html")).unwrap();
    assert!(report.contains("No better than the baseline"));
    let said = case.pipeline(&["--min-score", "-1"]);
    assert!(
        said.out.contains("\nverdict: no better than the baseline"),
        "{}",
        said.out
    );
}

/// Which form `model-quantized.onnx` has, and why it is the full model where it is.
fn eight_bits(case: &Case) -> (String, serde_json::Value) {
    let metrics = case.json("metrics.json");
    let form = metrics["quantized"]["form"].as_str().unwrap().to_owned();
    (form, metrics["quantized"]["because"].clone())
}

#[test]
fn a_small_difference_of_two_wide_columns_is_kept_in_8_bits() {
    let case = Case::new(trips(1500));
    case.pipeline(&["--max-drop", "0.01"]);
    let metrics = case.json("metrics.json");
    let bytes = |of: &serde_json::Value| of["model_bytes"].as_u64().unwrap();
    assert!(metrics["quantized"]["drop"].as_f64().unwrap() < 0.01);
    assert!(bytes(&metrics["quantized"]) <= bytes(&metrics));
}

#[test]
fn the_full_model_stands_in_where_its_8_bit_form_is_larger() {
    let case = Case::new(plants(240));
    let said = case.pipeline(&["--max-drop", "0"]);
    let (form, because) = eight_bits(&case);
    assert_eq!(form, "full model");
    let because = because.as_str().unwrap();
    assert!(
        because.starts_with("its 8-bit form would be larger"),
        "{because}"
    );
    assert!(said.out.contains(because), "{}", said.out);
    let report = String::from_utf8(case.read("report.html")).unwrap();
    assert!(report.contains(because));
    assert_eq!(case.read("model.onnx"), case.read("model-quantized.onnx"));
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
    let case = Case::new(plants(240)).at("1764412800");
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
    assert_eq!(case.read("verdict"), b"better");
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
