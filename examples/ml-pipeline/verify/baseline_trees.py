"""The pipeline's steps with scikit-learn's boosted trees alone: what its trees are measured against. It reads a CSV,
cross-validates HistGradientBoosting, trains it, and evaluates it (bootstrap, permutation importance). It compares no
other candidate, and writes no model.

Usage: baseline_trees.py DATA.csv TARGET DIR
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from common import COMPARED, IMPORTANCE_ROWS, REPEATS, apart, interval, numbered, spread


def main(data, target, out):
    out.mkdir(parents=True, exist_ok=True)
    frame = pd.read_csv(data)
    x, y = frame.drop(columns=target), frame[target]
    classes = not pd.api.types.is_numeric_dtype(y)
    x_train, x_test, y_train, y_test = apart(x, y, classes)
    words = [name for name in x if not pd.api.types.is_numeric_dtype(x[name])]
    trees = HistGradientBoostingClassifier(random_state=0) if classes else HistGradientBoostingRegressor(random_state=0)
    model = make_pipeline(make_column_transformer((numbered(), words), remainder="passthrough"), trees)

    scoring = "balanced_accuracy" if classes else "r2"
    some = spread(x_train, COMPARED)
    folds = 3 if len(x_train) >= 3_000 else 5
    compared = cross_val_score(model, x_train[some], y_train[some], cv=folds, scoring=scoring).mean()
    model.fit(x_train, y_train)

    score = balanced_accuracy_score if classes else r2_score
    predicted, truth = model.predict(x_test), np.asarray(y_test)
    some = spread(x_test, IMPORTANCE_ROWS)
    importance = permutation_importance(
        model, x_test[some], truth[some], scoring=scoring, n_repeats=REPEATS, random_state=0
    )
    result = {
        "score": score(truth, predicted),
        "compared": compared,
        "interval": interval(score, truth, predicted),
        "importance": list(importance.importances_mean),
    }
    (out / "metrics.json").write_text(json.dumps(result, indent=2))
    print(json.dumps({"score": result["score"]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
