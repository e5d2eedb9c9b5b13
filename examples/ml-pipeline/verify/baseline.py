"""The same steps as the pipeline's, with pandas, scikit-learn and onnxruntime: what it is measured
against. It reads a CSV, compares a linear model and an MLP by cross-validation, trains the best,
evaluates it (dummy, bootstrap, permutation importance), writes it as ONNX, makes the 8-bit form with
onnxruntime's quantizer, and evaluates that.

Usage: baseline.py DATA.csv DIR
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from common import COMPARED, IMPORTANCE_ROWS, MOST_ROWS, REPEATS, apart, interval, spread


def main(data, out):
    out.mkdir(parents=True, exist_ok=True)
    frame = pd.read_csv(data)
    frame = frame.loc[:, frame.nunique(dropna=False) > 1]
    target = frame.columns[-1]
    x, y = frame.drop(columns=target), frame[target]
    classes = not pd.api.types.is_numeric_dtype(y) or (y.nunique() <= 20 and (y == y.round()).all())
    x_train, x_test, y_train, y_test = apart(x, y, classes)

    words = [name for name in x if not pd.api.types.is_numeric_dtype(x[name])]
    numbers = [name for name in x if name not in words]
    features = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("words", OneHotEncoder(handle_unknown="ignore", max_categories=50, sparse_output=False), words),
        ]
    )
    encoded = features.fit_transform(x_train).astype(np.float32)
    test = features.transform(x_test).astype(np.float32)
    scaler = StandardScaler()
    wanted = y_train if classes else scaler.fit_transform(y_train.to_frame()).ravel()

    many = len(encoded) >= 3_000
    stop = dict(early_stopping=many, max_iter=60 if many else 200, n_iter_no_change=6 if many else 25, random_state=0)
    if classes:
        candidates = [LogisticRegression(max_iter=1000)] + [MLPClassifier(hidden, **stop) for hidden in [(64,)]]
    else:
        candidates = [Ridge()] + [MLPRegressor(hidden_layer_sizes=hidden, **stop) for hidden in [(64,)]]
    scoring = "balanced_accuracy" if classes else "r2"
    some = spread(encoded, COMPARED)
    scores = [
        cross_val_score(model, encoded[some], np.asarray(wanted)[some], cv=3 if many else 5, scoring=scoring).mean()
        for model in candidates
    ]
    model = candidates[int(np.argmax(scores))].fit(encoded, wanted)

    graph = export(model, encoded.shape[1], classes)
    onnx.save(graph, out / "model.onnx")
    quantization.quantize_static(
        str(out / "model.onnx"),
        str(out / "model-quantized.onnx"),
        Batches(encoded[spread(encoded, MOST_ROWS)]),
        quant_format=quantization.QuantFormat.QDQ,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
    )

    def judge(session, rows):
        result = session.run(None, {"features": rows})[0]
        return model.classes_[result.argmax(axis=1)] if classes else scaler.inverse_transform(result).ravel()

    score = balanced_accuracy_score if classes else r2_score
    sessions = [onnxruntime.InferenceSession(out / name) for name in ["model.onnx", "model-quantized.onnx"]]
    predicted = [judge(session, test) for session in sessions]
    dummy = (DummyClassifier() if classes else DummyRegressor()).fit(encoded, y_train).predict(test)
    truth = np.asarray(y_test)
    some = spread(test, IMPORTANCE_ROWS)
    importance = permutation_importance(
        Judge(lambda rows: judge(sessions[0], rows.astype(np.float32))),
        test[some],
        truth[some],
        scoring=lambda it, rows, wanted: score(wanted, it.predict(rows)),
        n_repeats=REPEATS,
        random_state=0,
    )
    result = {
        "score": score(truth, predicted[0]),
        "quantized": score(truth, predicted[1]),
        "dummy": score(truth, dummy),
        "interval": interval(score, truth, predicted[0]),
        "importance": list(importance.importances_mean),
    }
    (out / "metrics.json").write_text(json.dumps(result, indent=2))
    print(json.dumps({key: result[key] for key in ["score", "quantized", "dummy"]}))


class Judge:
    """What permutation_importance takes for a fitted model."""

    def __init__(self, predict):
        self.predict = predict

    def fit(self, *_):
        return self


class Batches(quantization.CalibrationDataReader):
    """The rows that the quantizer takes its ranges from."""

    def __init__(self, rows):
        self.batches = iter(np.array_split(rows, max(1, len(rows) // 1000)))

    def get_next(self):
        batch = next(self.batches, None)
        return None if batch is None else {"features": batch}


def export(model, width, classes):
    """A linear model or an MLP of scikit-learn as ONNX, features in, scores out."""
    if hasattr(model, "coefs_"):
        layers = list(zip(model.coefs_, model.intercepts_))
    else:
        layers = [(np.atleast_2d(model.coef_).T, np.atleast_1d(model.intercept_))]
    if classes and layers[-1][0].shape[1] == 1:
        # Of two classes scikit-learn has the second one's score alone.
        weights, bias = layers[-1]
        layers[-1] = (np.hstack([np.zeros_like(weights), weights]), np.hstack([np.zeros_like(bias), bias]))
    nodes, constants, last = [], [], "features"
    for index, (weights, bias) in enumerate(layers):
        constants += [
            numpy_helper.from_array(weights.astype(np.float32), f"weights{index}"),
            numpy_helper.from_array(bias.astype(np.float32), f"bias{index}"),
        ]
        nodes.append(helper.make_node("Gemm", [last, f"weights{index}", f"bias{index}"], [f"layer{index}"]))
        last = f"layer{index}"
        if index + 1 < len(layers):
            nodes.append(helper.make_node("Relu", [last], [f"hidden{index}"]))
            last = f"hidden{index}"
    graph = helper.make_graph(
        nodes,
        "baseline",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", width])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["N", layers[-1][0].shape[1]])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
