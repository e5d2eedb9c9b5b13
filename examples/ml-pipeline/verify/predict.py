"""Loads a model with onnxruntime, as a user who has downloaded it would, and prints how well it predicts the
last column of a CSV file: accuracy or R2.

Usage: predict.py MODEL CSV
"""

import sys

import numpy as np
import onnxruntime
import pandas as pd
from sklearn.metrics import accuracy_score, r2_score


def main(model, data):
    session = onnxruntime.InferenceSession(model)
    rows = pd.read_csv(data, dtype=str, keep_default_na=False)
    inputs = {}
    for column in session.get_inputs():
        values = rows[column.name]
        numbers = column.type == "tensor(float)"
        values = pd.to_numeric(values).to_numpy(dtype=np.float32) if numbers else values.to_numpy(dtype=object)
        inputs[column.name] = values.reshape(-1, 1)
    truth = rows.iloc[:, -1]
    found = session.run(None, inputs)[0].reshape(-1)
    is_number = found.dtype.kind == "f"
    score = r2_score(pd.to_numeric(truth), found) if is_number else accuracy_score(truth, found.astype(str))
    print(f"{score:.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
