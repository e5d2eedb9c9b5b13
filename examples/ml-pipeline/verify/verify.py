"""Proves the pipeline's models with software that has nothing in common with it: onnx's checker,
onnxruntime, and scikit-learn's MLP on the same split.

Usage: verify.py ML_PIPELINE_PROGRAM

For each dataset that scikit-learn ships, and for made ones with words, dates and missing values, with many
words and codes, with free text, and with numbers and dates written in many ways, it runs all steps, and fails unless

- the onnx checker takes both models, and they have the promised versions, inputs and outputs;
- onnxruntime's predictions of the full model are those of tract (`predict`), within 1e-5, also of words that
  were never seen and of missing ones;
- those of the 8-bit model name the same classes in all rows, with probabilities within 5e-3;
- onnxruntime's optimiser makes an integer kernel of every Gemm of a model that is in 8 bits as a whole;
- the script that is left beside the model says the same as `predict` of the dataset as pandas reads it, of a
  single row, and of blanks, markers of missing values and words that were never seen;
- that script names a column that is not there, and warns of a word that pandas takes for a missing value;
- MLflow loads the folder, and says the same as that script of the dataset as pandas reads it, also of whole numbers
  and of text alone;
- the signature has the names, types and shapes that onnxruntime tells;
- the scores on the rows that were set apart reach the floors, and 8 bits lose at most 0.01;
- examples/python-step, on the same rows, is no more than 0.1 below the floors.
"""

import csv
import importlib.util
import io
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import onnx
import onnxruntime
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

import datasets

MADE = ["mixed", "words", "texts", "forms"]
FLOORS = {"digits": 0.97, "breast_cancer": 0.96, "wine": 0.97, "iris": 0.93, "diabetes": 0.38}
FLOORS |= {"words": 0.9, "texts": 0.85}
# What examples/python-step reaches: its forest takes a feature for each word.
STEP_FLOORS = {"words": 0.4}
MOST_LOST = 0.01
STEP = Path(__file__).resolve().parents[2] / "python-step" / "train.py"

# What the nodes of a layer may be called once onnxruntime's optimiser is done.
INTEGER = {"QGemm", "QLinearMatMul", "MatMulIntegerToFloat", "MatMulInteger", "DynamicQuantizeMatMul"}


def main(program):
    failures = []
    with tempfile.TemporaryDirectory() as temp:
        print(f"{'':<15}{'model':>9}{'8 bits':>9}{'floor':>9}{'sklearn':>9}  rows")
        for name in dict.fromkeys([*FLOORS, *MADE]):
            data, out = Path(temp, f"{name}.csv"), Path(temp, name)
            globals()[name](data) if name in MADE else datasets.shipped(name, data)
            for problem in verify(program, name, data, out):
                failures.append(f"{name}: {problem}")
            failures.extend(f"{name}: {problem}" for problem in own_step(name, out))
    for failure in failures:
        print("FAILED:", failure)
    print(f"{len({*FLOORS, *MADE})} datasets, {len(failures)} failures")
    return 1 if failures else 0


def verify(program, name, data, out):
    run(program, "preprocess", data, "--out", out)
    run(program, "train", out)
    run(program, "evaluate", out)
    run(program, "quantize", out, "--max-drop", "1", "--mlflow")
    schema = json.loads((out / "schema.json").read_text())
    classes = [it["name"] for it in schema["target"]["task"].get("classes", [])]
    test = pd.read_csv(out / "test.csv", dtype=str, keep_default_na=False)
    yield from script(program, out, data)
    yield from mlflow_folder(out, data)
    scores = []
    for file in ["model.onnx", "model-quantized.onnx"]:
        path = out / file
        yield from shape(path, schema, classes)
        odd = strange(schema, test)
        odd.to_csv(out / "odd.csv", index=False)
        for rows, data_file in [(odd, "odd.csv"), (test, "test.csv")]:
            found = served(path, schema, rows)
            found[0] = found[0].astype(str) if classes else found[0]
            yield from same_as_tract(program, path, out / data_file, found, classes, full=file == "model.onnx")
        scores.append(score(found, test.iloc[:, -1], classes))
    if json.loads((out / "metrics.json").read_text())["quantized"]["form"] == "8 bits":
        yield from fused(out / "model-quantized.onnx")
    floor, reference = FLOORS.get(name), sklearn(schema, out, classes) if name not in MADE else None
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
    has_text = any(it["kind"] == "text" for it in schema["columns"])
    if (model.ir_version, versions[""], versions["ai.onnx.ml"]) != ((9, 20, 3) if has_text else (8, 17, 3)):
        yield f"{path.name} has IR {model.ir_version} and opsets {versions}"
    names = [it.name for it in model.graph.input]
    if names != [it["name"] for it in schema["columns"]]:
        yield f"{path.name} has inputs {names}"
    outputs = [it.name for it in model.graph.output]
    if outputs != (["label", "probabilities"] if classes else ["prediction"]):
        yield f"{path.name} has outputs {outputs}"
    # On processors with VNNI, onnxruntime would round what goes into such a layer to bytes as well.
    made_by = {name: it.op_type for it in model.graph.node for name in it.output}
    for layer in (it for it in model.graph.node if it.op_type == "Gemm"):
        if len({made_by.get(name) == "DequantizeLinear" for name in layer.input[:2]}) > 1:
            yield f"{path.name} has {layer.name} with weights in bytes and inputs in floats"
    keys = {it.key for it in model.metadata_props}
    if not {"source_file", "score", "metrics", "tool_version", "classes", "inputs"} <= keys:
        yield f"{path.name} has metadata {keys}"


def is_text(column):
    return column["kind"] in ("category", "boolean", "text")


def strange(schema, test):
    """The rows with words that were never seen, and with none."""
    odd = test.copy()
    for column in filter(is_text, schema["columns"]):
        odd.loc[::3, column["name"]] = "never seen before"
        odd.loc[1::3, column["name"]] = ""
    return odd


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
    tract = np.array([[float(it) for it in row[1:]] for row in rows], dtype=np.float32)
    others = [it for it in range(len(rows)) if rows[it][0] != found[0][it]]
    favour = label_favour(path, classes)
    close = lambda it: close_call(favour, classes, rows[it][0], found[0][it], tract[it], found[1][it])
    unexplained = [it for it in others if full or not close(it)]
    if unexplained:
        yield f"{path.name}: onnxruntime and tract name other classes in {len(unexplained)} of {len(rows)} rows"
    if full and not np.allclose(tract, found[1], rtol=1e-5, atol=1e-7):
        yield f"{path.name}: probabilities are up to {np.max(np.abs(tract - found[1])):.2e} apart"
    if not full and np.max(np.abs(tract - found[1])) > 5e-3:
        yield f"{path.name}: probabilities are up to {np.max(np.abs(tract - found[1])):.2e} apart"


def label_favour(path, classes):
    """What the model adds to the logarithm of each probability before it takes the greatest; zeros if it has none."""
    weights = onnx.load(path).graph.initializer
    found = (onnx.numpy_helper.to_array(it).ravel() for it in weights if it.name == "label_favour")
    return next(found, np.zeros(len(classes)))


def close_call(favour, classes, one, other, tract, onnxruntime_says):
    """Whether two classes of a row in 8 bits were so close that the small difference of its probabilities decides.

    Each runtime rounds to 8 bits in its own way, so a row at the threshold may fall on either side.
    """
    pair = [classes.index(str(it)) for it in (one, other)]
    by_tract, by_onnxruntime = np.log(tract[pair]), np.log(onnxruntime_says[pair])
    gap = (by_onnxruntime + favour[pair]) @ [-1, 1]
    return gap <= np.abs(by_tract - by_onnxruntime).sum() + 1e-4


def left_script(out):
    """The module predict.py that the run left."""
    spec = importlib.util.spec_from_file_location("predict", out / "predict.py")
    left = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(left)
    return left


def as_text(data):
    """The dataset as the README reads it for predict.py: no word becomes a missing value."""
    return pd.read_csv(data, dtype=str, keep_default_na=False)


def mlflow_folder(out, data):
    """Whether MLflow takes rows of any type, and says what predict.py says."""
    left, model = left_script(out), mlflow.pyfunc.load_model(str(out / "mlflow"))
    frame = pd.read_csv(data).iloc[:, :-1]
    rounded = frame.select_dtypes("number").columns
    tried = {
        "the dataset": frame,
        "whole numbers": frame.astype({name: "Int64" for name in rounded if (frame[name] % 1 == 0).all()}),
        "text alone": as_text(data).iloc[:, :-1],
    }
    for name, rows in tried.items():
        expected = left.predict(str(out / "model-quantized.onnx"), rows)
        try:
            found = model.predict(rows)
        except mlflow.MlflowException as error:
            yield f"MLflow refuses {name}: {error}"
            continue
        if not found.equals(expected):
            yield f"MLflow says something else than predict.py of {name}"


def script(program, out, data):
    """Whether predict.py, which the run left, serves what training did."""
    left = left_script(out)
    model, frame = str(out / "model.onnx"), pd.read_csv(data)
    yield from warned(left, model, frame)
    tried = {"the dataset": frame, "a single row": frame.iloc[[7]], "the dataset as text": as_text(data)}
    words = frame.select_dtypes(exclude="number").columns[:-1]
    if len(words):
        odd = frame.head(60).astype(object)
        odd.loc[::3, words] = odd.loc[::3, words].map(lambda it: f"  {it} " if isinstance(it, str) else it)
        odd.loc[1::6, words] = "N/A"
        odd.loc[4::6, words[0]] = "never seen"
        tried["odd rows"] = odd
    for name, rows in tried.items():
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            rows.to_csv(file.name, index=False)
            printed = subprocess.run(
                [program, "predict", model, file.name], check=True, capture_output=True, text=True
            ).stdout
        expected = pd.read_csv(io.StringIO(printed), dtype={"label": str})
        found = left.predict(model, rows)
        if "label" in found and list(found["label"].astype(str)) != list(expected["label"]):
            yield f"predict.py says other classes than `predict` of {name}"
        numbers = [it for it in expected if it != "label"]
        if not np.allclose(found[numbers], expected[numbers], rtol=1e-4, atol=1e-5):
            yield f"predict.py says other numbers than `predict` of {name}"
    session = onnxruntime.InferenceSession(model)
    signature = json.loads((out / "signature.json").read_text())
    kinds = {"tensor(float)": "float32", "tensor(string)": "object", "tensor(int64)": "int64"}
    for side, tensors in [("inputs", session.get_inputs()), ("outputs", session.get_outputs())]:
        wanted = [(it.name, kinds[it.type], [-1 if dim == "N" else dim for dim in it.shape]) for it in tensors]
        specs = [(it["name"], it["tensor-spec"]) for it in json.loads(signature[side])]
        if [(name, spec["dtype"], spec["shape"]) for name, spec in specs] != wanted:
            yield f"the signature has the {side} {specs}"


def warned(left, model, frame):
    """Whether predict.py names a column that is not there, and the words that pandas takes for missing values."""
    inputs = json.loads(onnxruntime.InferenceSession(model).get_modelmeta().custom_metadata_map["inputs"])
    column = inputs[0]["column"]
    try:
        left.predict(model, frame.drop(columns=column))
        yield "predict.py takes rows without a column"
    except ValueError as error:
        if f"'{column}'" not in str(error):
            yield f"predict.py says of rows without '{column}': {error}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        left.predict(model, frame)
    has_word = any(left.EMPTIED.intersection(it.get("words", ())) for it in inputs)
    if has_word != any("keep_default_na" in str(it.message) for it in caught):
        yield "predict.py does not warn of a word that pandas takes for a missing value, or warns without one"


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
    if score < STEP_FLOORS.get(name, FLOORS.get(name, 0.8) - 0.1):
        yield f"examples/python-step has {score}"
    if not (out / "model.joblib").exists() or "<title>" not in (out / "report.html").read_text():
        yield "examples/python-step left no model or no report"


def mixed(path, rows=900):
    """Made data with all that a column may be, and with what is missing."""
    random = np.random.default_rng(3)
    # pandas takes the last one for a missing value.
    kind = random.choice(["ash", "birch", "cedar", "None"], rows, p=[0.4, 0.3, 0.2, 0.1])
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 700, rows), unit="D")
    height = random.normal(10.0, 3.0, rows)
    wet = random.choice(["yes", "no"], rows)
    winter = np.cos((day.day_of_year - 15) / 365.25 * 2 * np.pi)
    value = height / 3.0 + (kind == "None") * 2.0 + (wet == "yes") * 1.5 + winter * 2.0 + random.normal(0.0, 0.4, rows)
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


def words(path, rows=3000):
    """Made data with 300 words, each with a number of its own, and with postal codes."""
    random = np.random.default_rng(4)
    effect, zips = random.normal(0.0, 3.0, 300), np.array(["00501", "01001", "30301", "60601", "94103", "99501"])
    city, place = random.integers(0, 300, rows), random.integers(0, len(zips), rows)
    x = random.normal(0.0, 1.0, rows)
    y = effect[city] + x + (place % 2) * 2.0 + random.normal(0.0, 0.5, rows)
    frame = pd.DataFrame({"city": [f"city {it}" for it in city], "zip": zips[place], "x": x.round(3), "y": y.round(3)})
    frame.loc[random.choice(rows, 60, replace=False), "city"] = ""
    frame.to_csv(path, index=False)


def texts(path, rows=1500):
    """Made data with a text in which some words tell the class, in all spellings."""
    random = np.random.default_rng(5)
    plain = [f"word{it}" for it in range(400)]
    telling = [["good", "great", "love", "fine"], ["bad", "poor", "hate", "broken"], ["how", "when", "where", "why"]]
    kinds, lines = ["praise", "complaint", "question"], []
    for kind in random.integers(0, 3, rows):
        text = [*random.choice(plain, random.integers(4, 25)), *random.choice(telling[kind], 2)]
        text = [str(it) for it in random.permutation(text)]
        text = [it.title() if random.random() < 0.1 else it + random.choice(["", "", "", ",", ".", "!"]) for it in text]
        lines.append({"text": " ".join(text), "length": len(text), "kind": kinds[kind]})
    frame = pd.DataFrame(lines)
    frame.loc[random.choice(rows, 30, replace=False), "text"] = ""
    frame.to_csv(path, index=False)


SPANISH = ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio"]
SPANISH += ["agosto", "septiembre", "octubre", "noviembre", "diciembre"]


def forms(path, rows=600):
    """Made data whose numbers and dates are written in many ways, with markers of missing values."""
    random = np.random.default_rng(4)
    figures = random.uniform(1, 90, (rows, 7)).round(2)
    stamps = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 500_000, rows), unit="min")
    ways = ["%Y-%m-%d %H:%M", "%d-%b-%Y", "%b %d, %Y %I:%M %p", "%d/%m/%Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S +0000"]
    columns = [
        [f"EUR {it}" for it in figures[:, 0]],
        [f"({it})" if it > 45 else f"{it}" for it in figures[:, 1]],
        [f"{it}k" if it < 45 else f"{it / 1000:.5f}M" for it in figures[:, 2]],
        [f"{it} °C" for it in figures[:, 3]],
        [f"{it * 1e5:,.1f}" for it in figures[:, 4]],
        [f"{it}kg" for it in figures[:, 5]],
        [stamp.strftime(random.choice(ways)) for stamp in stamps],
        [stamp.strftime("%m/%d/%y") for stamp in stamps],
        [stamp.strftime("%I:%M %p") for stamp in stamps],
        [int(stamp.timestamp()) for stamp in stamps],
        [stamp.strftime("%Y%m%d") for stamp in stamps],
        [f"Q{stamp.quarter} {stamp.year}" for stamp in stamps],
        [f"{stamp.day} de {SPANISH[stamp.month - 1]} de {stamp.year}" for stamp in stamps],
    ]
    names = ["euro", "brackets", "powers", "degrees", "groups", "weight", "mixed", "short", "clock", "epoch", "digits"]
    names += ["quarter", "spanish"]
    frame = pd.DataFrame(dict(zip(names, columns))).astype(object)
    for name, marker in zip(names[:8], ["\\N", "--", "n.a.", "unknown", "NaT", "", "<NA>", "none"]):
        frame.loc[random.choice(rows, 30, replace=False), name] = marker
    busy = (stamps.hour >= 9) & (stamps.hour < 17) & (stamps.day_of_week < 5)
    frame["state"] = np.where(busy ^ (figures[:, 0] > 80), "busy", "idle")
    frame.to_csv(path, index=False)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
