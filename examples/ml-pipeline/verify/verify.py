"""Proves the pipeline's models with software that has nothing in common with it: onnx's checker,
onnxruntime, and scikit-learn's MLP on the same split.

Usage: verify.py ML_PIPELINE_PROGRAM

For each dataset that scikit-learn ships, and for one with words, dates and missing values, it runs all
steps, and fails unless

- the onnx checker takes both models, and they have the promised versions, inputs and outputs;
- onnxruntime's predictions of the full model are those of tract (`predict`), within 1e-5;
- those of the 8-bit model name the same classes in all rows, with probabilities within 5e-3;
- onnxruntime's optimiser makes an integer kernel of every Gemm of the 8-bit model;
- the scores on the rows that were set apart reach the floors, and 8 bits lose at most 0.01;
- examples/python-step, on the same rows, is no more than 0.1 below the floors.
"""

import csv
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

import datasets

FLOORS = {"digits": 0.97, "breast_cancer": 0.96, "wine": 0.97, "iris": 0.93, "diabetes": 0.38}
MOST_LOST = 0.01
STEP = Path(__file__).resolve().parents[2] / "python-step" / "train.py"

# What the nodes of a layer may be called once onnxruntime's optimiser is done.
INTEGER = {"QGemm", "QLinearMatMul", "MatMulIntegerToFloat", "MatMulInteger", "DynamicQuantizeMatMul"}


def main(program):
    failures = []
    with tempfile.TemporaryDirectory() as temp:
        print(f"{'':<15}{'model':>9}{'8 bits':>9}{'floor':>9}{'sklearn':>9}  rows")
        for name in [*FLOORS, "mixed"]:
            data, out = Path(temp, f"{name}.csv"), Path(temp, name)
            mixed(data) if name == "mixed" else datasets.shipped(name, data)
            for problem in verify(program, name, data, out):
                failures.append(f"{name}: {problem}")
            failures.extend(f"{name}: {problem}" for problem in own_step(name, out))
    for failure in failures:
        print("FAILED:", failure)
    print(f"{len(FLOORS) + 1} datasets, {len(failures)} failures")
    return 1 if failures else 0


def verify(program, name, data, out):
    run(program, "preprocess", data, "--out", out)
    run(program, "train", out)
    run(program, "evaluate", out)
    run(program, "quantize", out, "--max-drop", "1")
    schema = json.loads((out / "schema.json").read_text())
    classes = [it["name"] for it in schema["target"]["task"].get("classes", [])]
    test = pd.read_csv(out / "test.csv", dtype=str, keep_default_na=False)
    scores = []
    for file in ["model.onnx", "model-quantized.onnx"]:
        path = out / file
        yield from shape(path, schema, classes)
        found = served(path, schema, test)
        yield from same_as_tract(program, path, out / "test.csv", found, classes, full=file == "model.onnx")
        scores.append(score(found, test.iloc[:, -1], classes))
    yield from fused(out / "model-quantized.onnx")
    floor, reference = FLOORS.get(name), sklearn(schema, out, classes) if name in FLOORS else None
    shown = [f"{it:>9.4f}" if it is not None else f"{'-':>9}" for it in [*scores, floor, reference]]
    print(f"{name:<15}{''.join(shown)}  {len(test)}")
    if floor is not None and scores[0] < floor:
        yield f"the score {scores[0]:.4f} is below {floor}"
    if scores[0] - scores[1] > MOST_LOST:
        yield f"8 bits lose {scores[0] - scores[1]:.4f}"


def run(program, *arguments):
    subprocess.run([program, *map(str, arguments)], check=True, stderr=subprocess.DEVNULL)


def shape(path, schema, classes):
    """What the model promises of itself."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    versions = {it.domain: it.version for it in model.opset_import}
    if (model.ir_version, versions) != (8, {"": 17, "ai.onnx.ml": 3}):
        yield f"{path.name} has IR {model.ir_version} and opsets {versions}"
    names = [it.name for it in model.graph.input]
    if names != [it["name"] for it in schema["columns"]]:
        yield f"{path.name} has inputs {names}"
    outputs = [it.name for it in model.graph.output]
    if outputs != (["label", "probabilities"] if classes else ["prediction"]):
        yield f"{path.name} has outputs {outputs}"
    keys = {it.key for it in model.metadata_props}
    if not {"source_file", "score", "metrics", "tool_version", "classes", "inputs"} <= keys:
        yield f"{path.name} has metadata {keys}"


def is_text(column):
    return column["kind"] in ("category", "boolean")


def served(path, schema, test):
    """What onnxruntime says of the rows, each column an input of its own."""
    session = onnxruntime.InferenceSession(path)
    inputs = {}
    for column in schema["columns"]:
        values = test[column["name"]]
        if is_text(column):
            inputs[column["name"]] = values.to_numpy(dtype=object).reshape(-1, 1)
        else:
            inputs[column["name"]] = pd.to_numeric(values).to_numpy(dtype=np.float32).reshape(-1, 1)
    return session.run(None, inputs)


def same_as_tract(program, path, data, found, classes, full):
    """Whether both runtimes say the same of the same file."""
    printed = subprocess.run([program, "predict", path, data], check=True, capture_output=True, text=True).stdout
    rows = list(csv.reader(printed.splitlines()))[1:]
    if not classes:
        tract = np.array([float(row[0]) for row in rows], dtype=np.float32)
        spread = float(np.std(tract))
        apart = float(np.max(np.abs(tract - found[0]) / np.maximum(np.abs(tract), spread)))
        if apart > (1e-5 if full else 5e-3):
            yield f"{path.name}: onnxruntime and tract are {apart:.2e} apart"
        return
    labels = [row[0] for row in rows]
    if labels != list(found[0]):
        yield f"{path.name}: onnxruntime and tract name other classes"
    tract = np.array([[float(it) for it in row[1:]] for row in rows], dtype=np.float32)
    if full and not np.allclose(tract, found[1], rtol=1e-5, atol=1e-7):
        yield f"{path.name}: probabilities are up to {np.max(np.abs(tract - found[1])):.2e} apart"
    if not full and np.max(np.abs(tract - found[1])) > 5e-3:
        yield f"{path.name}: probabilities are up to {np.max(np.abs(tract - found[1])):.2e} apart"


def fused(path):
    """Whether the optimiser left no layer in floats."""
    with tempfile.NamedTemporaryFile(suffix=".onnx") as optimized:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = optimized.name
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.log_severity_level = 3
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        ops = [node.op_type for node in onnx.load(optimized.name).graph.node]
    layers = sum(node.op_type == "Gemm" for node in onnx.load(path).graph.node)
    if {"Gemm", "MatMul", "FusedGemm"} & set(ops) or sum(op in INTEGER for op in ops) != layers or layers == 0:
        yield f"of {layers} layers not all became integer kernels: {ops}"


def score(found, truth, classes):
    if classes:
        return accuracy_score(truth, found[0])
    return r2_score(pd.to_numeric(truth), found[0])


def sklearn(schema, out, classes):
    """scikit-learn's MLP on the same rows, for comparison."""
    parts = [pd.read_csv(out / name) for name in ["train.csv", "test.csv"]]
    scaler = StandardScaler().fit(parts[0].iloc[:, :-1])
    (x, x_test), (y, y_test) = ([scaler.transform(it.iloc[:, :-1]) for it in parts], [it.iloc[:, -1] for it in parts])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if classes:
            return accuracy_score(y_test, MLPClassifier(random_state=0, max_iter=500).fit(x, y).predict(x_test))
        mean, deviation = y.mean(), y.std()
        model = MLPRegressor(random_state=0, max_iter=500, early_stopping=True).fit(x, (y - mean) / deviation)
        return r2_score(y_test, model.predict(x_test) * deviation + mean)


def own_step(name, out):
    """The example of a step in Python, on what `preprocess` left."""
    subprocess.run([sys.executable, STEP, out], check=True, stdout=subprocess.DEVNULL)
    score = float((out / "score").read_text())
    if score < FLOORS.get(name, 0.8) - 0.1:
        yield f"examples/python-step has {score}"
    if not (out / "model.joblib").exists() or "<title>" not in (out / "report.html").read_text():
        yield "examples/python-step left no model or no report"


def mixed(path, rows=900):
    """Made data with all that a column may be, and with what is missing."""
    random = np.random.default_rng(3)
    kind = random.choice(["ash", "birch", "cedar", "fir"], rows, p=[0.4, 0.3, 0.2, 0.1])
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 700, rows), unit="D")
    height = random.normal(10.0, 3.0, rows)
    wet = random.choice(["yes", "no"], rows)
    winter = np.cos((day.day_of_year - 15) / 365.25 * 2 * np.pi)
    value = height / 3.0 + (kind == "fir") * 2.0 + (wet == "yes") * 1.5 + winter * 2.0 + random.normal(0.0, 0.4, rows)
    frame = pd.DataFrame(
        {
            "tree": kind,
            "day": day.strftime("%Y-%m-%d"),
            "height": height.round(3),
            "wet": wet,
            "class": np.where(value > np.median(value), "grows", "rests"),
        }
    )
    frame.loc[random.choice(rows, 90, replace=False), "height"] = np.nan
    frame.loc[random.choice(rows, 40, replace=False), "tree"] = ""
    frame.to_csv(path, index=False)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
